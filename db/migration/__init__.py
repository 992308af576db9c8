"""Migrating a database and telling where it stands.

The functions here import Alembic only when they run: reading the history costs nothing of it. Checks are a module of
their own, `db.migration.checks`.
"""

from __future__ import annotations

from collections.abc import Callable

from db.migration.history import Revision, RevisionState, State, history, revisions

__all__ = [
    "Revision",
    "RevisionState",
    "State",
    "downgrade",
    "history",
    "revisions",
    "upgrade",
]


def upgrade(
    conninfo: str,
    line: str = "platform",
    target: str = "head",
    progress: Callable[[str], None] | None = None,
    *,
    schema: str = "public",
) -> None:
    """Bring a database forward along a line; see `db.migration.run.upgrade`."""
    from db.migration import run

    run.upgrade(conninfo, line, target, progress, schema=schema)


def downgrade(
    conninfo: str,
    line: str = "platform",
    target: str = "base",
    progress: Callable[[str], None] | None = None,
    *,
    schema: str = "public",
) -> None:
    """Take a database back along a line; see `db.migration.run.downgrade`."""
    from db.migration import run

    run.downgrade(conninfo, line, target, progress, schema=schema)


def upgrade_sql(line: str = "platform", target: str = "head", *, schema: str = "public") -> str:
    """Return the SQL of an upgrade from nothing; see `db.migration.run.upgrade_sql`."""
    from db.migration import run

    return run.upgrade_sql(line, target, schema=schema)
