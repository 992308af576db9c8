"""Alembic's entry into the console line."""

from __future__ import annotations

from migrations.environment import run_line

run_line("console")
