"""Installing the schema nightdesk beside a platform, and taking it out again without a trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
from psycopg import sql

from db.connection.failure import translate, translated
from db.migration.locks import LockRefused, patiently
from db.operators.grants import grant_statements
from db.operators.relations import Connection
from db.operators.row_security import removals
from db.operators.standing import GROUPS, OWNERS, acting_as, assert_may_install
from db.visible import visible

Report = Callable[[str], None]
_LOCK_TIMEOUT = "2s"


def install(conninfo: str, schema: str = "public", report: Report | None = None) -> None:
    """Bring the schema nightdesk to its newest revision and give every role its rights.

    Args:
        conninfo: A login that owns the platform's tables and may create roles.
        schema: Where the platform's tables live; some or all of them may be missing.
        report: Receives each revision and each statement that was run.

    Raises:
        NightdeskError: Whatever PostgreSQL refuses, as a sentence.
    """
    from db.migration import upgrade

    with translated(), psycopg.connect(conninfo, autocommit=True) as connection:
        assert_may_install(connection)
        upgrade(conninfo, line="console", schema=schema, progress=report or _say_nothing)
        sync_rights(connection, schema, report)


def installation_sql(connection: Connection, schema: str = "public") -> str:
    """Return what `install` would run here, as a script to read or to hand to a DBA.

    Args:
        connection: Any session that may read the catalog.
        schema: Where the platform's tables live.
    """
    from db.migration import upgrade_sql

    rights = ";\n".join(grant_statements(connection, schema).all)
    return (
        f"{upgrade_sql('console', schema=schema)}\n-- Rights on the tables that exist now.\n"
        f"set lock_timeout = '{_LOCK_TIMEOUT}';\n{rights};\n"
    )


def sync_rights(
    connection: Connection,
    schema: str = "public",
    report: Report | None = None,
    *,
    lock_timeout: str = _LOCK_TIMEOUT,
) -> int:
    """Bring grants, policies, permissions and masked views in line with the tables that exist now.

    Args:
        connection: A session of the platform's owner.
        schema: Where the platform's tables live.
        report: Receives each statement that was run.
        lock_timeout: How long a statement may wait for a table, and others behind it.

    Returns:
        How many statements were run.

    Raises:
        LockRefused: Another session held a table through every attempt.
    """
    say = report or _say_nothing
    statements = grant_statements(connection, schema)
    # Policies before grants: a role that may read a table sees its rows from the start.
    for together in (*statements.locking, statements.rest):
        _run(connection, together, say, lock_timeout)
    return len(statements.all)


def uninstall(
    connection: Connection,
    report: Report | None = None,
    *,
    lock_timeout: str = _LOCK_TIMEOUT,
) -> tuple[str, ...]:
    """Remove the schema nightdesk, its policies and grants, and its roles where nothing else needs them.

    Args:
        connection: A session of the platform's owner.
        report: Receives each statement that was run.
        lock_timeout: How long a statement may wait for a table, and others behind it.

    Returns:
        One sentence for each role that had to stay.

    Raises:
        LockRefused: Another session held a table through every attempt.
        PermissionDenied: The login may not act for the console's roles; names what a superuser must run.
    """
    say = report or _say_nothing
    removal = _removal(connection)
    for together in (*removals(connection), removal):
        _run(connection, [statement.as_string(connection) for statement in together], say, lock_timeout)
    return tuple(filter(None, (_drop_role(connection, role, say) for role in _roles(connection))))


def _run(connection: Connection, statements: Sequence[str], report: Report, lock_timeout: str) -> None:
    def attempt() -> None:
        try:
            with connection.transaction():
                connection.execute("select set_config('lock_timeout', %s, true)", (lock_timeout,))
                for statement in statements:
                    connection.execute(statement)
        except psycopg.errors.LockNotAvailable as error:
            raise LockRefused(
                "Another session holds a table that this needs. What was done before stays and is found done by the "
                "next run; nothing is half done in one table. Try again when it is quiet."
            ) from error

    patiently(attempt, report)
    for statement in statements:
        report(statement)


def _roles(connection: Connection) -> tuple[str, ...]:
    """The console's roles that exist, members before the groups they are in."""
    existing = {row[0] for row in connection.execute("select rolname from pg_catalog.pg_roles").fetchall()}
    return tuple(role for role in (*reversed(GROUPS), *OWNERS) if role in existing)


def _removal(connection: Connection) -> list[sql.Composed]:
    removal = [sql.SQL("drop schema if exists nightdesk cascade").format()]
    for role in _roles(connection):
        removal += acting_as(connection, role, sql.SQL("drop owned by {}").format(sql.Identifier(role)))
    return removal


def _drop_role(connection: Connection, role: str, report: Report) -> str | None:
    keepers = _keepers(connection, role)
    if keepers:
        noun = "database" if len(keepers) == 1 else "databases"
        return f"{role} stays: still used in {noun} {', '.join(keepers)}"
    statement = sql.SQL("drop role if exists {}").format(sql.Identifier(role))
    try:
        with connection.transaction():
            connection.execute(statement)
    except psycopg.errors.DependentObjectsStillExist:
        return f"{role} stays: something else of this cluster still uses it"
    except psycopg.Error as error:
        return f"{role} stays: {translate(error)}"
    report(statement.as_string(connection))
    return None


def _keepers(connection: Connection, role: str) -> tuple[str, ...]:
    """The databases where something belongs to a role or names it."""
    rows = connection.execute(
        "select distinct d.datname from pg_catalog.pg_shdepend s"
        " join pg_catalog.pg_roles r on r.oid = s.refobjid and r.rolname = %s"
        " join pg_catalog.pg_database d on d.oid = s.dbid"
        "   or (s.dbid = 0 and s.classid = 'pg_catalog.pg_database'::regclass and d.oid = s.objid)"
        " where s.refclassid = 'pg_catalog.pg_authid'::regclass order by 1",
        (role,),
    ).fetchall()
    return tuple(visible(name) for (name,) in rows)


def _say_nothing(_: str) -> None:
    """Drop a progress line."""
