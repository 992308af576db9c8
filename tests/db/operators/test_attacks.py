"""What an operator with psql may try: all of it is refused by PostgreSQL, none of it by the console."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from db.changes import RowChange, database_identity
from db.embedded.server import Server
from db.errors import PermissionDenied
from tests import postgres
from tests.db.changes.ground import Connection, do, one, rows, seen_by, send

DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def database(postgres_server: Server) -> Iterator[str]:
    """One platform with a user, a session and a blacklisted token; no attack may change it."""
    template = postgres.template(postgres_server, "template_platform", postgres.migrate)
    with postgres.database(postgres_server, template=template) as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as owner:
            owner.execute(
                "insert into users (id, email, username, status, reservation_expires_at)"
                " values ('u1', 'ana@example.com', 'ana', 'PENDING', '2026-01-01')"
            )
        yield conninfo


@pytest.fixture
def owner(database: str) -> Iterator[Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def support(database: str) -> Iterator[Connection]:
    with seen_by(database, "support") as connection:
        yield connection


@pytest.fixture
def viewer(database: str) -> Iterator[Connection]:
    with seen_by(database, "viewer") as connection:
        yield connection


EXTEND = RowChange.update(
    "users",
    key={"id": "u1"},
    before={"reservation_expires_at": "2026-01-01 00:00:00"},
    after={"reservation_expires_at": "2026-01-02 00:00:00"},
)


def document(connection: Connection, **unit: Any) -> str:
    return json.dumps(
        {
            "v": 1,
            "action": "test.change",
            "database": database_identity(connection),
            "units": [{"unit": "u"} | unit],
        }
    )


def text_of(change: RowChange, connection: Connection, **unit: Any) -> str:
    entry = {
        "verb": change.verb,
        "table": f"public.{change.table}",
        "key": change.key,
        "before": change.before,
        "after": change.after,
    }
    return document(connection, changes=[entry], **unit)


def test_an_identity_is_the_login_and_nothing_that_a_session_can_set(
    viewer: Connection, owner: Connection
) -> None:
    for setting in ("nightdesk.operator", "application_name", "session.authorization"):
        viewer.execute("select set_config(%s, 'test_support', false)", (setting,))
    for statement in (
        "set role nightdesk_support",
        "set role nightdesk_owner",
        "set role nightdesk_audit_owner",
        "set role test_support",
        "set session authorization test_support",
    ):
        with pytest.raises(DENIED):
            viewer.execute(statement)
    with pytest.raises(PermissionDenied, match="test_viewer may not update"):
        do(viewer, EXTEND)


def test_set_role_by_a_member_changes_no_actor(database: str, owner: Connection) -> None:
    owner.execute(
        "create role breakglass login; grant nightdesk_viewer to breakglass; grant nightdesk_oncall to breakglass"
    )
    try:
        with psycopg.connect(
            psycopg.conninfo.make_conninfo(database, user="breakglass"), autocommit=True
        ) as person:
            person.execute("set role nightdesk_oncall")
            with person.transaction(force_rollback=True):
                answer = send(person, text_of(EXTEND, person))
            assert answer["actor"] == "breakglass"
    finally:
        owner.execute("drop role breakglass")


def shadow_view(attacker: Connection, relation: str) -> None:
    """A view over a function that takes the caller's place: it runs with the rights of who reads the view."""
    attacker.execute(
        "create function pg_temp.take_over() returns text language plpgsql as $$"
        " begin insert into nightdesk.permission values ('nightdesk_viewer', 'public.users', 'update', 'email', null);"
        " return 'u1'; end $$"
    )
    attacker.execute(f"create temp view {relation} as select pg_temp.take_over() as id, ''::text as note")
    attacker.execute(f"grant select, update on {relation} to nightdesk_owner")


def temp_schema(connection: Connection) -> str:
    connection.execute("create temp table making_the_schema ()")
    return str(one(connection, "select nspname from pg_namespace where oid = pg_my_temp_schema()"))


def test_a_fact_about_a_view_of_the_attacker_runs_nothing(viewer: Connection, owner: Connection) -> None:
    before = one(owner, "select count(*) from nightdesk.permission")
    schema = temp_schema(viewer)
    shadow_view(viewer, "trap")
    for verb in ("absent", "looks"):
        check = {"verb": verb, "table": f"{schema}.trap", "key": {"id": "u1"}}
        with pytest.raises(psycopg.Error, match="is none that nightdesk was installed for"):
            send(viewer, document(viewer, checks=[check], changes=[]))
    assert one(owner, "select count(*) from nightdesk.permission") == before


def test_a_reveal_from_a_view_of_the_attacker_runs_nothing(viewer: Connection, owner: Connection) -> None:
    before = one(owner, "select count(*) from nightdesk.permission")
    schema = temp_schema(viewer)
    shadow_view(viewer, "trap")
    with pytest.raises(psycopg.Error, match="is none that nightdesk was installed for"):
        viewer.execute(
            "select nightdesk.reveal_value(%s, %s, 'note', 'curious')", (f"{schema}.trap", '{"id": "u1"}')
        )
    assert one(owner, "select count(*) from nightdesk.permission") == before


def test_a_type_of_the_attacker_is_never_read(viewer: Connection, owner: Connection) -> None:
    before = one(owner, "select count(*) from nightdesk.permission")
    schema = temp_schema(viewer)
    shadow_view(viewer, "unused")
    viewer.execute("create domain pg_temp.trapped as text check (pg_temp.take_over() is not null)")
    viewer.execute("create temp table trap (id pg_temp.trapped primary key)")
    viewer.execute("grant select, update on trap to nightdesk_owner")
    check = {"verb": "looks", "table": f"{schema}.trap", "key": {"id": "u1"}}
    with pytest.raises(psycopg.Error, match="is none that nightdesk was installed for"):
        send(viewer, document(viewer, checks=[check], changes=[]))
    assert one(owner, "select count(*) from nightdesk.permission") == before


def test_a_table_made_later_under_a_known_name_is_another_table(postgres_server: Server) -> None:
    template = postgres.template(postgres_server, "template_platform", postgres.migrate)
    with postgres.database(postgres_server, template=template) as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as owner, seen_by(conninfo, "support") as support:
            owner.execute(
                "alter table users rename to users_before; create table users (like users_before including all)"
            )
            owner.execute("grant select, insert, update on users to nightdesk_owner, test_support")
            owner.execute(
                "insert into users (id, email, reservation_expires_at) values ('u1', 'e', '2026-01-01')"
            )
            with pytest.raises(psycopg.Error, match="is none that nightdesk was installed for"):
                send(support, text_of(EXTEND, support))


def test_temporary_objects_shadow_nothing_inside_the_functions(
    support: Connection, owner: Connection
) -> None:
    for name in (
        "operation",
        "permission",
        "users",
        "pg_roles",
        "pg_constraint",
        "platform_table",
        "secret_column",
    ):
        support.execute(
            f"create temp table {name} (role name, table_name text, verb text, column_name text, id text)"
        )
    support.execute("insert into permission select 'nightdesk_support', 'public.users', 'update', 'email'")
    support.execute(
        "create function pg_temp.pg_has_role(name, oid, text) returns boolean language sql return true"
    )
    support.execute(
        "create function pg_temp.format(text, variadic text[]) returns text language sql return 'select 1'"
    )
    support.execute("set search_path = pg_temp, pg_catalog, public, nightdesk")
    steal = RowChange.update(
        "users", key={"id": "u1"}, before={"email": "ana@example.com"}, after={"email": "evil@example.com"}
    )
    with pytest.raises(psycopg.Error):
        send(support, text_of(steal, support))
    with support.transaction(force_rollback=True):
        assert send(support, text_of(EXTEND, support))["changed"] == 1
        assert one(support, "select count(*) from pg_temp.users") == 0
    assert rows(owner, "select email, reservation_expires_at::text from users") == [
        ("ana@example.com", "2026-01-01 00:00:00")
    ]


@pytest.mark.parametrize(
    "setting",
    [
        "array_nulls = off", "standard_conforming_strings = off", "transform_null_equals = on", "quote_all_identifiers = on",
        "timezone = 'Asia/Tokyo'", "datestyle = 'SQL, DMY'", "row_security = off", "bytea_output = 'escape'",
        "extra_float_digits = -15", "intervalstyle = 'sql_standard'", "client_encoding = 'LATIN1'",
    ],
)  # fmt: skip
def test_settings_of_the_session_change_neither_what_is_written_nor_the_hash(
    setting: str, support: Connection, owner: Connection
) -> None:
    text = text_of(EXTEND, support)
    try:
        support.execute(f"set {setting}")
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this server has no such setting to abuse")
    with support.transaction(force_rollback=True):
        answer = send(support, text)
        assert answer["hash"] == one(owner, "select encode(sha256(convert_to(%s, 'UTF8')), 'hex')", text)
        assert one(support, "select reservation_expires_at = '2026-01-02' from users")
        assert rows(support, "select * from nightdesk.verify_audit()") == []


def test_comparing_is_reading(viewer: Connection, support: Connection) -> None:
    """A wrong guess and a right one must be told alike to who may not see the column."""
    for value in ("ana@example.com", "wrong@example.com"):
        checks = [
            {"verb": "looks", "table": "public.users", "key": {"id": "u1"}, "before": {"email": value}},
            {"verb": "absent", "table": "public.users", "key": {"email": value}},
        ]
        for check in checks:
            with pytest.raises(DENIED, match=r"may not read public\.users\.email"):
                send(viewer, document(viewer, checks=[check], changes=[]))
            with pytest.raises(psycopg.Error) as told:
                send(support, document(support, checks=[check], changes=[]))
            assert told.value.sqlstate in {"ND001", "ND007"}


@pytest.mark.parametrize("role", postgres.ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "update users set email = 'x'", "delete from users", "insert into users (id, email) values ('x', 'x')", "truncate users",
        "select * from users for update", 'delete from sessions', 'select "refreshToken" from sessions',
        'select * from sessions', 'select sessions from sessions', 'select count(*) from sessions where "refreshToken" like \'a%\'',
        'copy sessions to stdout', "select row_to_json(s) from sessions s", "alter table users disable row level security",
        "create trigger t before update on users execute function nightdesk.refuse_rewrite()",
        "insert into nightdesk.operation select * from nightdesk.operation", "update nightdesk.operation set reason = 'x'",
        "delete from nightdesk.operation", "truncate nightdesk.operation", "select * from nightdesk.row_change",
        "update nightdesk.permission set role = 'nightdesk_viewer'", "insert into nightdesk.permission values ('a', 'b.c', 'update', 'd', null)",
        "delete from nightdesk.secret_column", "delete from nightdesk.platform_table", "update nightdesk.chain_head set chain_seq = 0",
        "delete from nightdesk.operation_tombstone", "update nightdesk.approval set approved = true", "select changes from nightdesk.approval",
        "alter table nightdesk.operation disable trigger append_only", "create table nightdesk.mine (a text)",
        "create function nightdesk.guard_mine(jsonb) returns text language sql return null", "drop schema nightdesk cascade",
        "select setval('nightdesk.operation_number', 1)", "select nextval('nightdesk.operation_number')",
        "select nightdesk.ensure_audit_partition(now())", "select nightdesk.write_groups(null, null, null)",
        "select nightdesk.use_approval('x', null)", "select nightdesk.assert_permitted('{}')",
        "select nightdesk.record_operation(null)", "grant nightdesk_support to test_viewer", "create role mine",
        "alter role test_viewer superuser",
    ],
)  # fmt: skip
def test_no_role_writes_or_reads_past_its_grants(
    role: str, statement: str, database: str, owner: Connection
) -> None:
    with seen_by(database, role) as connection:
        with pytest.raises(DENIED), connection.transaction(force_rollback=True):
            connection.execute(statement)


@pytest.mark.parametrize("role", postgres.ROLES)
def test_personal_data_is_hidden_from_viewers_only(role: str, database: str) -> None:
    reads = {
        "users": "select email from users",
        "sessions": 'select "ipAddress" from sessions',
        "events": "select payload from stripe_webhook_events",
    }
    with seen_by(database, role) as connection:
        for query in reads.values():
            if role == "viewer":
                with pytest.raises(DENIED):
                    connection.execute(query)
            else:
                connection.execute(query)
        assert one(connection, "select email from nightdesk.masked_users") == "a•••@e•••.com"


def test_a_reveal_is_on_record_before_the_value_is_shown(
    support: Connection, viewer: Connection, owner: Connection
) -> None:
    reveal = "select nightdesk.reveal_value('public.users', '{\"id\": \"u1\"}', %s, %s)"
    assert one(support, reveal, "email", "customer called") == "ana@example.com"
    assert rows(owner, "select operator, column_name, reason from nightdesk.reveal") == [
        ("test_support", "email", "customer called")
    ]
    with pytest.raises(DENIED, match="may not see"):
        viewer.execute(reveal, ("email", "curious"))
    with pytest.raises(psycopg.Error, match="reason"):
        support.execute(reveal, ("email", " "))


def test_a_header_that_everybody_reads_holds_no_hidden_value(
    database: str, support: Connection, viewer: Connection, owner: Connection
) -> None:
    owner.execute(
        "insert into users (id, email, username, status) values ('u2', 'ben@example.com', 'ben', 'PENDING')"
    )
    change = {
        "verb": "update", "table": "public.users", "key": {"id": "u2"},
        "before": {"payment_retry_count": "0", "email": "guess@example.com"}, "after": {"payment_retry_count": "1"},
    }  # fmt: skip
    fine = change | {"key": {"id": "u1"}, "before": {"payment_retry_count": "0"}}
    whole = json.loads(document(support, changes=[fine]))
    whole["units"].append({"unit": "moved", "changes": [change]})
    answer = send(support, json.dumps(whole), on_conflict="skip")
    assert [entry["unit"] for entry in answer["skipped"]] == ["moved"]
    header = one(
        viewer, "select skipped::text from nightdesk.operation where id = %s", answer["operation_id"]
    )
    assert "email" in header
    assert "example.com" not in header


def test_an_operator_cannot_write_in_the_console_session_of_another(
    database: str, support: Connection
) -> None:
    session = uuid4()
    with seen_by(database, "worker") as worker:
        text = text_of(EXTEND, support)
        with support.transaction(force_rollback=True):
            assert send(support, text, console_session=session)
        send(worker, text, console_session=session)
        again = RowChange.update(
            "users", key={"id": "u1"}, before={"status": "PENDING"}, after={"status": "ACTIVE"}
        )
        with pytest.raises(DENIED, match="belongs to test_worker"):
            send(support, text_of(again, support), console_session=session)


def _functions(owner: Connection, condition: str) -> list[str]:
    query = (
        "select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'nightdesk'::regnamespace"
        f" and {condition} order by 1"
    )
    return [row[0] for row in rows(owner, query)]


def test_every_function_pins_its_search_path_with_temporary_objects_last(owner: Connection) -> None:
    assert _functions(owner, "true")
    assert (
        _functions(owner, "not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false)") == []
    )


def test_no_function_is_anybodys_and_none_runs_as_a_superuser(owner: Connection) -> None:
    assert _functions(owner, "has_function_privilege('public', p.oid, 'execute')") == []
    assert (
        _functions(owner, "(select rolsuper or rolcanlogin from pg_roles r where r.oid = p.proowner)") == []
    )


def test_operators_may_call_exactly_the_functions_made_for_them(owner: Connection) -> None:
    called = {
        name.removeprefix("nightdesk.").split("(")[0]
        for name in _functions(owner, "has_function_privilege('nightdesk_viewer', p.oid, 'execute')")
    }
    assert called == {
        "apply_changes", "approval_changes", "audit_months", "begin_batch", "database_identity", "decide_approval", "mask_address",
        "mask_email", "operation_images", "receipt", "record_history", "request_approval", "resolve_operation", "reveal_value",
        "verify_audit", "verify_frame", "verify_month", "verify_operations",
    }  # fmt: skip
    # A receipt is what everybody reads of operations anyway, with their own rights.
    assert _functions(owner, "has_function_privilege('nightdesk_viewer', p.oid, 'execute') and not p.prosecdef"
                             " and p.proname !~ '^mask_|^receipt$'") == []  # fmt: skip
