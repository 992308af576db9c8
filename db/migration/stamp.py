"""Verify-and-stamp: recognising where a database without a version row stands, and writing the row.

A database that was restored, built by hand or left between the last object and the version row holds everything
but the row. It is recognised by proof: the line is rehearsed in a scratch schema inside one transaction that is
rolled back, and after each revision the server's definitions are compared with what the database has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from db.migration.catalog import Kind
from db.migration.fingerprint import Difference, Fingerprint, Move, difference, take
from db.migration.lines import Line, line_of
from db.migration.run import configuration
from migrations.environment import connect, exclusively

# Rights and extensions belong to the installation, not to a revision.
_PROOF = frozenset(Kind) - {Kind.GRANT, Kind.EXTENSION}


@dataclass(frozen=True)
class Recognition:
    """Where a database stands by the look of its catalog.

    Args:
        revision: The newest revision whose every object is there with its definition; None if there is none.
        missing: What the database lacks of head, or has otherwise; empty if it stands at head.
    """

    revision: str | None
    missing: tuple[Difference, ...]


def recognise(connection: Connection, line: Line) -> Recognition:
    """Compare a database with every revision of a line; everything done for it is rolled back.

    Args:
        connection: A migration connection of the line, not in a transaction.
        line: The line; its revisions must name their objects unqualified.

    Returns:
        The newest revision that is wholly there, and what head has beyond it.
    """
    driver: Any = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    actual = take(driver, line.schema, _PROOF)
    found: str | None = None
    missing: tuple[Difference, ...] = ()
    with connection.begin() as transaction:
        for revision, expected in _rehearse(connection, driver, line):
            missing = tuple(each for each in difference(actual, expected) if each.move is not Move.REMOVED)
            if not missing:
                found = revision
        transaction.rollback()
    return Recognition(found, missing)


def _rehearse(
    connection: Connection, driver: psycopg.Connection[Any], line: Line
) -> Iterator[tuple[str, Fingerprint]]:
    """Apply revision after revision in a scratch schema and yield the fingerprint after each."""
    scratch = f"{line.schema}_nightdesk_rehearsal"
    quoted = '"' + scratch.replace('"', '""') + '"'
    driver.execute(f"create schema {quoted}".encode())
    driver.execute("select set_config('search_path', %s, true)", (quoted,))
    # Bodies may name tables that stand in the home schema only; they are compared as text.
    driver.execute("set local check_function_bodies = off")
    script = ScriptDirectory.from_config(configuration(line))
    context = MigrationContext.configure(connection, opts={"rehearsal_of": line.schema})
    with Operations.context(context):
        for revision in reversed(list(script.walk_revisions())):
            revision.module.upgrade()
            yield revision.revision, take(driver, scratch, _PROOF)


def stamp_if_present(
    conninfo: str, *, schema: str, progress: Callable[[str], None] | None, wait_seconds: float
) -> str | None:
    """Write the version row of a database that has the platform's objects but no row.

    Args:
        conninfo: The database.
        schema: Where the platform's tables live.
        progress: Receives a line when something is stamped.
        wait_seconds: How long to wait for another migration.

    Returns:
        The stamped revision, or None if the row is there, the schema is empty or nothing was recognised.
    """
    line = line_of("platform", schema)
    report = progress or (lambda _: None)
    if not _is_worth_a_look(conninfo, schema):
        return None
    with (
        exclusively(conninfo, wait_seconds=wait_seconds, report=report),
        connect(conninfo, line) as connection,
    ):
        if not _is_worth_a_look(conninfo, schema):
            return None
        report("no version row, but tables: comparing the catalog with every revision")
        found = recognise(connection, line).revision
        connection.rollback()
        if found is not None:
            command.stamp(configuration(line, connection=connection, schema=schema), found)
            connection.commit()
            report(f"everything of {found} is there with its definition: stamped {found}")
        return found


def _is_worth_a_look(conninfo: str, schema: str) -> bool:
    """Tell whether the schema has tables and no version row."""
    quoted = '"' + schema.replace('"', '""') + '"'
    with psycopg.connect(conninfo, autocommit=True) as session:
        rows = session.execute(
            "select relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = %s and c.relkind in ('r', 'p') limit 2",
            (schema,),
        ).fetchall()
        names = {str(name) for (name,) in rows}
        if not names - {"alembic_version"}:
            return False
        tracked = session.execute("select to_regclass(%s)", (f"{quoted}.alembic_version",)).fetchone()
        if tracked is None or tracked[0] is None:
            return True
        return session.execute(f"select from {quoted}.alembic_version".encode()).fetchone() is None
