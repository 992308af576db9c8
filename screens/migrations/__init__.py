"""Migrations: where this database stands among the revisions of this release."""

from __future__ import annotations

from screens.migrations.screen import MigrationsScreen

__all__ = ["MigrationsScreen"]
