"""Installing the schema nightdesk beside a platform, and taking it out again without a trace."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import sql

from db.connection.failure import translate, translated
from db.operators.grants import OWNER, Connection, grant_statements
from db.operators.rights import PEOPLE_AND_MACHINES

AUDIT_OWNER = "nightdesk_audit_owner"
Report = Callable[[str], None]


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

    upgrade(conninfo, line="console", schema=schema, progress=report or _say_nothing)
    with translated(), psycopg.connect(conninfo, autocommit=True) as connection:
        sync_rights(connection, schema, report)


def installation_sql(connection: Connection, schema: str = "public") -> str:
    """Return what `install` would run here, as a script to read or to hand to a DBA.

    Args:
        connection: Any session that may read the catalog.
        schema: Where the platform's tables live.
    """
    from db.migration import upgrade_sql

    rights = ";\n".join(grant_statements(connection, schema))
    return f"{upgrade_sql('console', schema=schema)}\n-- Rights on the tables that exist now.\n{rights};\n"


def sync_rights(connection: Connection, schema: str = "public", report: Report | None = None) -> int:
    """Bring grants, policies, permissions and masked views in line with the tables that exist now.

    Args:
        connection: A session of the platform's owner.
        schema: Where the platform's tables live.
        report: Receives each statement that was run.

    Returns:
        How many statements were run.
    """
    statements = grant_statements(connection, schema)
    with connection.transaction():
        for statement in statements:
            connection.execute(statement)
            if report is not None:
                report(statement)
    return len(statements)


def uninstall(
    connection: Connection, schema: str = "public", report: Report | None = None
) -> tuple[str, ...]:
    """Remove the schema nightdesk, its policies and grants, and its roles where nothing else needs them.

    Returns:
        One sentence for each role that had to stay.
    """
    say = report or _say_nothing
    with connection.transaction():
        for statement in _removal(connection, schema):
            text = statement.as_string(connection)
            connection.execute(text)
            say(text)
    return tuple(filter(None, (_drop_role(connection, role, say) for role in _roles())))


def _roles() -> tuple[str, ...]:
    # Members before the groups they are in.
    return (*(role.group for role in reversed(PEOPLE_AND_MACHINES)), OWNER, AUDIT_OWNER)


def _removal(connection: Connection, schema: str) -> list[sql.Composed]:
    policies = connection.execute(
        "select polname, c.relname from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid"
        " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = %s and polname in ('nightdesk_read', 'nightdesk_write')",
        (schema,),
    ).fetchall()
    removal = [
        sql.SQL("drop policy {} on {}").format(sql.Identifier(name), sql.Identifier(schema, table))
        for name, table in policies
    ]
    removal.append(sql.SQL("drop schema if exists nightdesk cascade").format())
    existing = {row[0] for row in connection.execute("select rolname from pg_catalog.pg_roles").fetchall()}
    removal += [
        sql.SQL("drop owned by {}").format(sql.Identifier(role)) for role in _roles() if role in existing
    ]
    return removal


def _drop_role(connection: Connection, role: str, report: Report) -> str | None:
    statement = sql.SQL("drop role if exists {}").format(sql.Identifier(role))
    try:
        with connection.transaction():
            connection.execute(statement)
    except psycopg.errors.DependentObjectsStillExist:
        return f"{role} stays: another database of this cluster still uses it"
    except psycopg.Error as error:
        return f"{role} stays: {translate(error)}"
    report(statement.as_string(connection))
    return None


def _say_nothing(_: str) -> None:
    """Drop a progress line."""
