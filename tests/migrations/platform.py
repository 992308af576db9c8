"""A platform at a given revision, with believable rows, for tests of the revisions after it."""

from __future__ import annotations

from typing import Any

import psycopg

from db import migration
from db.migration import checks
from db.migration.fingerprint import Fingerprint, take

Row = tuple[Any, ...]


def upgrade(conninfo: str, target: str) -> None:
    migration.upgrade(conninfo, "platform", target)


def downgrade(conninfo: str, target: str) -> None:
    migration.downgrade(conninfo, "platform", target)


def forget(conninfo: str, revision: str) -> None:
    """Set the version row back to before a revision, as if its last transaction had not been written."""
    before = f"{int(revision) - 1:04d}"
    execute(conninfo, f"update alembic_version set version_num = '{before}'")


def rows(conninfo: str, sql: str) -> list[Row]:
    with psycopg.connect(conninfo, autocommit=True, options="-c timezone=UTC") as connection:
        return connection.execute(sql.encode()).fetchall()


def execute(conninfo: str, *statements: str) -> None:
    with psycopg.connect(conninfo, autocommit=True, options="-c timezone=UTC") as connection:
        for statement in statements:
            connection.execute(statement.encode())


def catalog(conninfo: str) -> Fingerprint:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return take(connection)


def versions_of(conninfo: str, table: str) -> list[Row]:
    """Where each row lies and which transaction wrote it: equal before and after means nobody touched it."""
    return rows(conninfo, f"select id::text, ctid::text, xmin::text from {table} order by id::text")


def verdicts(conninfo: str, revision: str, phase: str) -> dict[str, str]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        results = checks.run_checks(connection, revision, phase)
        return {result.check.name: str(result.verdict) for result in results}


def add_users(conninfo: str, *ids: str) -> None:
    for each in ids:
        execute(
            conninfo,
            f"insert into users (id, email, username) values ('{each}', '{each}@example.com', '{each}')",
        )
