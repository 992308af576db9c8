"""What both lines share when Alembic runs: one upgrade at a time, a transaction a revision, short locks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic import context
from alembic.config import Config
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from db.errors import ConfigurationError, Refused
from db.migration.lines import Line, line_of
from migrations.steps.ground import ident, say_nothing

# One key for both lines: they read each other's tables, and an operator thinks of one database.
ADVISORY_KEY = 0x6E6967687464  # "nightd"
_POLL_SECONDS = 0.2
_SETTINGS = {
    "timezone": "UTC",
    # A revision's own statements are short; builds and back-fills outside the transaction set their own limits.
    "statement_timeout": "15min",
    "idle_in_transaction_session_timeout": "15min",
    "client_min_messages": "warning",
    "application_name": "nightdesk/migrations",
}

Report = Callable[[str], None]


def run_line(name: str) -> None:
    """Run what Alembic was asked for on one line; the whole of each line's env.py.

    Args:
        name: `platform` or `console`.

    Raises:
        ConfigurationError: No database was given.
        Refused: Another upgrade holds the database for too long.
    """
    config = context.config
    line = line_of(name, str(config.attributes.get("schema", "public")))
    if context.is_offline_mode():
        _write_sql(config, line)
        return
    given = config.attributes.get("connection")
    if given is not None:
        _migrate(config, line, given)
        return
    conninfo = config.attributes.get("conninfo") or config.get_main_option("conninfo")
    if not conninfo:
        raise ConfigurationError(
            "No database was given to migrate: call db.migration.upgrade with its conninfo."
        )
    report: Report = config.attributes.get("report") or say_nothing
    with (
        exclusively(conninfo, wait_seconds=float(config.attributes.get("wait_seconds", 60)), report=report),
        connect(conninfo, line, lock_timeout=str(config.attributes.get("lock_timeout", "4s"))) as connection,
    ):
        _migrate(config, line, connection)


@contextmanager
def exclusively(conninfo: str, *, wait_seconds: float, report: Report) -> Iterator[None]:
    """Hold the migration lock of a database: two upgrades never run at once.

    The lock is of a session of its own and is polled for, never waited in: a session that waits inside
    pg_advisory_lock would deadlock with the CREATE INDEX CONCURRENTLY of the one that holds it.

    Args:
        conninfo: The database.
        wait_seconds: How long to wait for the one that holds it.
        report: Receives a line when there is somebody to wait for.

    Raises:
        Refused: It was held for too long; names the process.
    """
    with psycopg.connect(conninfo, autocommit=True, application_name="nightdesk/migrations lock") as session:
        deadline = time.monotonic() + wait_seconds
        told = False
        while not _try_lock(session):
            holder = _holder(session)
            if not told:
                report(f"waiting: {holder} is migrating this database")
                told = True
            if time.monotonic() > deadline:
                raise Refused(
                    f"Another migration is running on this database ({holder}). Nothing was changed. "
                    "Wait for it to end and try again."
                )
            time.sleep(_POLL_SECONDS)
        yield


def _try_lock(session: psycopg.Connection[tuple[Any, ...]]) -> bool:
    row = session.execute("select pg_try_advisory_lock(%s)", (ADVISORY_KEY,)).fetchone()
    return bool(row and row[0])


def _holder(session: psycopg.Connection[tuple[Any, ...]]) -> str:
    row = session.execute(
        "select l.pid, a.usename from pg_locks l left join pg_stat_activity a using (pid) "
        "where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.database = "
        "(select oid from pg_database where datname = current_database()) "
        "and (l.classid::bigint << 32) + l.objid::bigint = %s",
        (ADVISORY_KEY,),
    ).fetchone()
    return f"process {row[0]} of {row[1]}" if row else "another session"


@contextmanager
def connect(conninfo: str, line: Line, *, lock_timeout: str = "4s") -> Iterator[Connection]:
    """Open the migration connection: our session settings, the line's search_path.

    Args:
        conninfo: The database.
        line: Whose home schema comes first.
        lock_timeout: How long a statement may wait for a table.

    Yields:
        A SQLAlchemy connection for Alembic.
    """

    def open_session() -> psycopg.Connection[tuple[Any, ...]]:
        session = psycopg.connect(conninfo, autocommit=True)
        for name, value in {**_SETTINGS, "lock_timeout": lock_timeout}.items():
            session.execute("select set_config(%s, %s, false)", (name, value))
        path = ", ".join(f'"{schema}"' for schema in (line.schema, *line.path))
        session.execute("select set_config('search_path', %s, false)", (path,))
        session.autocommit = False
        return session

    engine = create_engine("postgresql+psycopg://", creator=open_session, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _migrate(config: Config, line: Line, connection: Connection) -> None:
    if line.name == "console":
        # The version table lives in the console's own schema, so the schema comes before the first revision.
        connection.exec_driver_sql("create schema if not exists nightdesk")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=config.attributes.get("metadata"),
        version_table="alembic_version",
        version_table_schema=line.schema,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
        include_object=include_only(config.attributes.get("metadata")),
        on_version_apply=config.attributes.get("on_version_apply"),
        report=config.attributes.get("report") or say_nothing,
    )
    with context.begin_transaction():
        context.run_migrations()


def _write_sql(config: Config, line: Line) -> None:
    context.configure(
        dialect_name="postgresql",
        literal_binds=True,
        version_table="alembic_version",
        version_table_schema=line.schema,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        # The version table is made before the first revision, so its schema has to stand by then.
        context.get_context().impl.static_output(f"CREATE SCHEMA IF NOT EXISTS {ident(line.schema)};")
        context.run_migrations()


def include_only(metadata: Any) -> Callable[..., bool]:
    """Let `alembic check` see only what the line's own metadata declares.

    Tables of other tools and of the other line are none of its business: without this filter it proposes to
    drop them.

    Args:
        metadata: The line's MetaData, or None.

    Returns:
        The filter for Alembic's include_object.
    """

    def include(_: Any, name: str | None, kind: str, reflected: bool, __: Any) -> bool:
        if kind != "table" or not reflected or metadata is None:
            return True
        return name in {table.name for table in metadata.tables.values()}

    return include
