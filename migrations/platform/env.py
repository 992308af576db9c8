"""Alembic's entry into the platform line."""

from __future__ import annotations

from migrations.environment import run_line

run_line("platform")
