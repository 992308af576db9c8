"""Every role × verb × table × column: what `db.operators.rights` says is what PostgreSQL does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from db.changes import Verb, database_identity
from db.embedded.server import Server
from db.operators import Role
from db.operators.rights import EVERY_COLUMN, RIGHTS, SEES_PERSONAL_DATA
from tests import postgres
from tests.db.changes.ground import Connection, rows, seen_by

# Refusals by the policy name the right that is missing; whatever comes later passed the policy.
DENIED = "42501"
NOBODY = "may not"


@pytest.fixture(scope="module")
def database(postgres_server: Server) -> Iterator[str]:
    template = postgres.template(postgres_server, "template_platform", postgres.migrate)
    with postgres.database(postgres_server, template=template) as conninfo:
        yield conninfo


@pytest.fixture(scope="module")
def columns(database: str) -> dict[str, list[str]]:
    """Columns of every table of the platform that can be set, in order."""
    with psycopg.connect(database) as owner:
        found: dict[str, list[str]] = {}
        for table, column in rows(
            owner,
            "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
            " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not a.attisdropped"
            " and c.relname <> 'alembic_version' order by c.relname, a.attnum",
        ):
            found.setdefault(table, []).append(column)
    return found


def may(role: Role, verb: Verb, table: str, column: str) -> bool:
    return (
        any(
            role in write.roles
            and write.verb is verb
            and (verb is Verb.DELETE or write.columns == EVERY_COLUMN or column in write.columns)
            for write in RIGHTS[table].writes
        )
        and column not in RIGHTS[table].secret
    )


def asked(connection: Connection, identity: str, verb: Verb, table: str, column: str) -> str:
    """What apply_changes says to a change of this column: the name of the refusal."""
    change: dict[str, object] = {"verb": verb, "table": f"public.{table}", "key": {"id": "none"}}
    if verb is Verb.UPDATE:
        change |= {"before": {column: None}, "after": {column: None}}
    elif verb is Verb.INSERT:
        change |= {"key": {column: "none"}}
    document = {"v": 1, "action": "a", "database": identity, "units": [{"unit": "u", "changes": [change]}]}
    try:
        connection.execute(
            "select nightdesk.apply_changes(%s, 'a', 'a test', %s)", (uuid4(), json.dumps(document))
        )
    except psycopg.Error as error:
        message = error.diag.message_primary or ""
        return (
            "denied" if error.sqlstate == DENIED and f"may not {verb} public.{table}" in message else message
        )
    return "done"


@pytest.mark.parametrize("role", Role)
def test_apply_asks_the_rights_for_every_table_verb_and_column(
    role: Role, database: str, columns: dict[str, list[str]]
) -> None:
    wrong = []
    with seen_by(database, role.value) as connection:
        identity = database_identity(connection)
        for table, names in columns.items():
            if table not in RIGHTS:
                continue
            for verb in Verb:
                for column in ["*"] if verb is Verb.DELETE else names:
                    told = asked(connection, identity, verb, table, column)
                    if (told == "denied") == may(role, verb, table, column):
                        wrong.append((verb.value, table, column, told))
    assert wrong == []


def test_every_table_of_the_platform_has_rights_and_is_registered(
    database: str, columns: dict[str, list[str]]
) -> None:
    assert sorted(columns) == sorted(RIGHTS)
    with psycopg.connect(database) as owner:
        assert [
            row[0] for row in rows(owner, "select table_name from nightdesk.platform_table order by 1")
        ] == [f"public.{table}" for table in sorted(columns)]


def test_every_column_that_the_rights_name_exists(columns: dict[str, list[str]]) -> None:
    missing = [
        (table, column)
        for table, rights in RIGHTS.items()
        for column in (
            *rights.secret,
            *rights.personal,
            *(name for write in rights.writes for name in write.columns if name != "*"),
        )
        if table in columns and column not in columns[table] and column != "accessToken"
    ]
    assert missing == []


@pytest.mark.parametrize("role", Role)
def test_reading_is_by_column_and_writing_is_by_nobody(
    role: Role, database: str, columns: dict[str, list[str]]
) -> None:
    with psycopg.connect(database) as owner:
        held = {
            (table, column, privilege)
            for table, column, privilege in rows(
                owner,
                "select c.relname, a.attname, p from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0,"
                " unnest(array['select', 'insert', 'update', 'references']) p"
                " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not a.attisdropped"
                " and c.relname <> 'alembic_version' and has_column_privilege(%s, c.oid, a.attname, p)",
                f"test_{role}",
            )
        }
        tables = rows(
            owner,
            "select c.relname, p from pg_class c, unnest(array['select', 'delete', 'truncate', 'trigger', 'references']) p"
            " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege(%s, c.oid, p)"
            " and (c.relname, p) <> ('alembic_version', 'select')",
            f"test_{role}",
        )
    expected = {
        (table, column, "select")
        for table, names in columns.items()
        for column in names
        if column not in RIGHTS[table].secret
        and (role in SEES_PERSONAL_DATA or column not in RIGHTS[table].personal)
    }
    assert held == expected
    assert tables == []


@pytest.mark.parametrize("role", Role)
def test_row_security_hides_nothing_from_operators(role: Role, database: str) -> None:
    """The tables of 0005 have row security for the application's users; operators see every row of them."""
    with psycopg.connect(database, autocommit=True) as owner, seen_by(database, role.value) as connection:
        guarded = [
            row[0]
            for row in rows(
                owner,
                "select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace",
            )
        ]
        assert guarded
        with owner.transaction(force_rollback=True):
            policies = rows(
                owner,
                "select c.relname from pg_policy p join pg_class c on c.oid = p.polrelid where p.polname = 'nightdesk_read'",
            )
            assert {row[0] for row in policies} == set(guarded)
        owner.execute(
            "insert into stripe_webhook_events (stripe_event_id, event_type, payload) values (%s, 'a', '{}')"
            " on conflict do nothing",
            (f"evt_{role}",),
        )
        [(seen,)] = rows(
            connection, "select count(*) from stripe_webhook_events where stripe_event_id = %s", f"evt_{role}"
        )
        assert seen == 1
