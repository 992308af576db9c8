"""Installing beside a platform, covering tables that come later, and leaving without a trace."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import psycopg
import pytest

from db import operators
from db.changes import RowChange, RowCheck
from db.embedded.server import Server
from db.errors import NotFound, Refused, RowsMoved, UsageError
from db.migration import fingerprint
from tests import postgres
from tests.db.changes.ground import Connection, do, one, rows, seen_by

# Logins belong to the whole cluster: tests that make the same name run one after the other.
pytestmark = pytest.mark.xdist_group("cluster-wide names")

SOME_TABLES = """
create table users (id text primary key, email text, status text, reservation_expires_at timestamp);
create table foreign_table (id integer primary key, secret text);
insert into users values ('u1', 'ana@example.com', 'PENDING', '2026-01-01');
"""
LATER = 'create table sessions (id text primary key, "refreshToken" text, "ipAddress" text); alter table sessions enable row level security'
EXTEND = RowChange.update(
    "users",
    key={"id": "u1"},
    before={"reservation_expires_at": "2026-01-01 00:00:00"},
    after={"reservation_expires_at": "2026-01-03 00:00:00"},
)


@pytest.fixture
def partial(empty_database: str) -> Iterator[Connection]:
    with psycopg.connect(empty_database, autocommit=True) as owner:
        owner.execute(SOME_TABLES)
        yield owner


def test_install_into_a_database_with_only_some_tables_works_for_those(
    partial: Connection, empty_database: str
) -> None:
    said: list[str] = []
    operators.install(empty_database, report=said.append)
    postgres.add_operators(empty_database)
    with seen_by(empty_database, "support") as support:
        assert do(support, EXTEND).changed == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            support.execute("select * from foreign_table")
    granted = [line for line in said if line.startswith("grant select")]
    assert any(
        '"public"."users"' in line and "nightdesk_viewer" in line and '"email"' not in line
        for line in granted
    )
    assert any(
        '"public"."users"' in line and "nightdesk_support" in line and '"email"' in line for line in granted
    )
    assert not any("foreign_table" in line for line in said)


def test_running_again_covers_tables_that_came_later(partial: Connection, empty_database: str) -> None:
    operators.install(empty_database)
    postgres.add_operators(empty_database)
    partial.execute(LATER)
    partial.execute("insert into sessions values ('s1', 'hush', '10.1.2.3')")
    with seen_by(empty_database, "viewer") as viewer:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            viewer.execute("select id from sessions")
        operators.install(empty_database)
        assert rows(viewer, "select id from sessions") == [("s1",)]
        assert rows(viewer, 'select "ipAddress" from nightdesk.masked_sessions') == [("10.1.•.•",)]
        for hidden in ("refreshToken", "ipAddress"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                viewer.execute(f'select "{hidden}" from sessions')
    with seen_by(empty_database, "oncall") as oncall:
        done = do(oncall, RowChange.delete("sessions", key={"id": "s1"}, before={"ipAddress": "10.1.2.3"}))
    assert one(partial, "select count(*) from sessions") == 0
    assert one(
        partial, "select before::text from nightdesk.row_change where operation_id = %s", done.operation_id
    ) == ('{"ipAddress": "10.1.2.3"}')


def test_a_fact_about_a_table_that_nobody_may_write_is_checked_under_lock(
    partial: Connection, empty_database: str
) -> None:
    partial.execute(
        "create table subscription_plans (id text primary key, name text); insert into subscription_plans values ('p', 'free')"
    )
    operators.install(empty_database)
    postgres.add_operators(empty_database)
    with seen_by(empty_database, "support") as support:
        for name, holds in (("paid", False), ("free", True)):
            fact = RowCheck.looks("subscription_plans", key={"id": "p"}, columns={"name": name})
            if holds:
                assert do(support, EXTEND, checks=(fact,)).changed == 1
            else:
                with pytest.raises(RowsMoved, match="name is now free"):
                    do(support, EXTEND, checks=(fact,))


def test_uninstall_leaves_the_platform_as_it_was(
    platform_database: str, partial: Connection, empty_database: str
) -> None:
    # The other database keeps the roles in use, so that nobody's installation loses them midway.
    partial.execute(LATER)
    partial.execute("create policy mine on sessions using (true)")
    before = fingerprint.take(partial)
    operators.install(empty_database)
    postgres.add_operators(empty_database)
    with seen_by(empty_database, "support") as support:
        do(support, EXTEND)
    assert fingerprint.difference(before, fingerprint.take(partial)) != ()
    operators.uninstall(partial)
    assert fingerprint.difference(before, fingerprint.take(partial)) == ()
    assert one(partial, "select count(*) from pg_namespace where nspname = 'nightdesk'") == 0
    privileges = (
        "select count(*) from (select relacl as acl from pg_class union all select attacl from pg_attribute"
        " union all select nspacl from pg_namespace union all select proacl from pg_proc) o, aclexplode(o.acl) a"
        " left join pg_roles r on r.oid = a.grantee where r.rolname like 'nightdesk%' or r.rolname like 'test%'"
        " or (r.oid is null and a.grantee <> 0)"
    )
    assert one(partial, privileges) == 0
    operators.install(empty_database)


def test_roles_stay_while_another_database_of_the_cluster_needs_them(
    platform_database: str, partial: Connection, empty_database: str
) -> None:
    operators.install(empty_database)
    stayed = operators.uninstall(partial)
    assert any("nightdesk_viewer stays" in sentence for sentence in stayed)
    with seen_by(platform_database, "viewer") as viewer:
        viewer.execute("select id from users")


def test_roles_go_with_the_last_database(
    postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A cluster of its own: others use the roles of the shared one."""
    home = postgres_server.home.with_name(f"{postgres_server.home.name}-alone")
    alone = Server(
        home, postgres_server.major, settings=postgres._SETTINGS, programs=postgres_server._programs
    )
    alone.start()
    try:
        operators.install(alone.conninfo())
        with psycopg.connect(alone.conninfo(), autocommit=True) as owner:
            operators.add(owner, "ana", "support")
            assert operators.uninstall(owner) == ()
            assert rows(owner, "select rolname from pg_roles where rolname like 'nightdesk%%'") == []
            assert one(owner, "select count(*) from pg_roles where rolname = 'ana'") == 1
    finally:
        alone.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def installed(platform_database: str) -> Iterator[Connection]:
    with psycopg.connect(platform_database, autocommit=True) as owner:
        yield owner
        owner.execute("drop role if exists ana")


def test_an_operator_is_added_listed_and_removed_but_never_forgotten(installed: Connection) -> None:
    assert operators.add(installed, "ana", "support")
    assert not operators.add(installed, "ana", "oncall")
    [ana] = [operator for operator in operators.listing(installed) if operator.name == "ana"]
    assert ana.roles == (operators.Role.ONCALL, operators.Role.SUPPORT)
    assert (ana.login, ana.known, ana.superuser) == (True, True, False)
    assert operators.remove(installed, "ana") == ana.roles
    assert "ana" not in {operator.name for operator in operators.listing(installed)}
    assert one(installed, "select removed_at is not null from nightdesk.operator where name = 'ana'")
    with pytest.raises(NotFound):
        operators.remove(installed, "ana")


def test_the_name_of_somebody_whose_login_is_gone_is_not_given_to_another(installed: Connection) -> None:
    operators.add(installed, "ana", "support")
    operators.remove(installed, "ana")
    installed.execute("drop role ana")
    with pytest.raises(Refused, match="was an operator until"):
        operators.add(installed, "ana", "viewer")


def test_the_same_person_may_come_back(installed: Connection) -> None:
    operators.add(installed, "ana", "support")
    operators.remove(installed, "ana")
    assert not operators.add(installed, "ana", "viewer")
    assert "ana" in {operator.name for operator in operators.listing(installed)}


@pytest.mark.parametrize("name", ["", "pg_ana", "nightdesk_ana", "x" * 64])
def test_a_name_that_cannot_be_an_identity_is_refused(name: str, installed: Connection) -> None:
    with pytest.raises(UsageError):
        operators.add(installed, name, "viewer")


@pytest.mark.parametrize("name", ['a"; drop schema nightdesk cascade; --', "ünï code", "UPPER"])
def test_any_other_name_is_only_a_name(name: str, installed: Connection) -> None:
    operators.add(installed, name, "viewer")
    assert name in {operator.name for operator in operators.listing(installed)}
    operators.remove(installed, name)
    installed.execute(psycopg.sql.SQL("drop role {}").format(psycopg.sql.Identifier(name)))


def test_an_unknown_role_is_refused(installed: Connection) -> None:
    with pytest.raises(UsageError, match="no console role"):
        operators.add(installed, "ana", "root")
