"""Installing, extending and leaving as the owner of the platform's tables, who is no superuser, as on hosted servers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db import operators
from db.changes import RowChange
from db.connection.server import Manners, introduce
from db.embedded.server import Server
from db.errors import PermissionDenied
from tests import postgres
from tests.db.changes.ground import Connection, do, one, rows

# Roles belong to the whole cluster, so these have one of their own, and it is made once.
pytestmark = pytest.mark.xdist_group("a cluster of their own")

TABLES = """
create table users (id text primary key, email text, status text, reservation_expires_at timestamp);
create table sessions (id text primary key, "refreshToken" text, "ipAddress" text);
alter table sessions enable row level security;
insert into users values ('u1', 'ana@example.com', 'PENDING', '2026-01-01');
"""
EXTEND = RowChange.update(
    "users",
    key={"id": "u1"},
    before={"reservation_expires_at": "2026-01-01 00:00:00"},
    after={"reservation_expires_at": "2026-01-03 00:00:00"},
)
OURS = "select rolname::text from pg_roles where rolname like 'nightdesk%%' order by 1"
MANNERS = Manners(read_only=False, search_path="public", statement_timeout=5000, application="test/")


@pytest.fixture(scope="module")
def cluster(postgres_server: Server) -> Iterator[Server]:
    home = postgres_server.home.with_name(f"{postgres_server.home.name}-owners")
    alone = Server(
        home, postgres_server.major, settings=postgres._SETTINGS, programs=postgres_server._programs
    )
    alone.start()
    yield alone
    alone.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def superuser(cluster: Server) -> Iterator[Connection]:
    """A cluster without any role of ours, before and after."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        assert rows(connection, OURS) == []
        yield connection
        for (name,) in rows(connection, "select datname from pg_database where datname in ('app', 'other')"):
            connection.execute(f"drop database {name} with (force)")
        for (name,) in rows(connection, OURS):
            connection.execute(f"drop owned by {name}; drop role {name}")
        connection.execute("drop role if exists ana, owner_of_app, owner_of_other")


def owned_database(superuser: Connection, cluster: Server, name: str, *, options: str) -> str:
    """A database whose tables belong to `owner_of_<name>`; returns that owner's conninfo."""
    superuser.execute(f"create role owner_of_{name} login {options}")
    superuser.execute(f"create database {name} owner owner_of_{name} template template0")
    conninfo = cluster.conninfo(user=f"owner_of_{name}", dbname=name)
    with psycopg.connect(cluster.conninfo(dbname=name), autocommit=True) as connection:
        connection.execute(f"grant create on schema public to owner_of_{name}")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(TABLES)
    return conninfo


def test_an_owner_who_may_create_roles_installs_extends_and_leaves(
    superuser: Connection, cluster: Server
) -> None:
    conninfo = owned_database(superuser, cluster, "app", options="createrole")
    operators.install(conninfo)
    operators.install(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as owner:
        operators.add(owner, "ana", "support")
        with psycopg.connect(make_conninfo(conninfo, user="ana"), autocommit=True) as ana:
            assert do(ana, EXTEND).changed == 1
            assert rows(ana, "select id from sessions") == []
            assert rows(ana, "select email from nightdesk.masked_users") == [("a•••@e•••.com",)]
        assert one(owner, "select count(*) from nightdesk.operation") == 1
        assert operators.uninstall(owner) == ()
        assert one(owner, "select count(*) from pg_namespace where nspname = 'nightdesk'") == 0
        assert one(owner, "select count(*) from pg_policy") == 0
    assert rows(superuser, OURS) == []


def test_who_made_the_roles_is_no_operator_by_that(superuser: Connection, cluster: Server) -> None:
    conninfo = owned_database(superuser, cluster, "app", options="createrole")
    operators.install(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as owner:
        assert introduce(owner, MANNERS).roles == frozenset()
        assert operators.listing(owner) == ()
        operators.add(owner, "owner_of_app", "oncall")
        assert introduce(owner, MANNERS).roles == {"oncall", "viewer"}
        [listed] = operators.listing(owner)
        assert (listed.name, listed.roles) == ("owner_of_app", (operators.Role.ONCALL,))


def test_a_superuser_removes_whom_the_owner_added(superuser: Connection, cluster: Server) -> None:
    conninfo = owned_database(superuser, cluster, "app", options="createrole")
    operators.install(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as owner:
        operators.add(owner, "ana", "support")
        with psycopg.connect(make_conninfo(conninfo, user="postgres"), autocommit=True) as root:
            assert operators.remove(root, "ana") == (operators.Role.SUPPORT,)
        assert not one(owner, "select pg_has_role('ana', 'nightdesk_support', 'member')")


def test_an_owner_who_may_not_create_roles_is_told_what_is_missing(
    superuser: Connection, cluster: Server
) -> None:
    conninfo = owned_database(superuser, cluster, "app", options="")
    with pytest.raises(PermissionDenied, match="a superuser must run `") as refused:
        operators.install(conninfo)
    superuser.execute(told(refused))
    operators.install(conninfo)


def test_roles_that_another_owner_made_are_granted_by_a_superuser(
    superuser: Connection, cluster: Server
) -> None:
    first = owned_database(superuser, cluster, "app", options="createrole")
    # Before PostgreSQL 16 whoever may create roles may grant any of them.
    options = "createrole" if cluster.major >= 16 else ""
    second = owned_database(superuser, cluster, "other", options=options)
    operators.install(first)
    with pytest.raises(PermissionDenied, match="a superuser must run `") as refused:
        operators.install(second)
    superuser.execute(told(refused))
    operators.install(second)
    with psycopg.connect(second, autocommit=True) as owner:
        stayed = operators.uninstall(owner)
        assert len(stayed) == 7
        assert all(sentence.endswith("stays: still used in database app") for sentence in stayed)
        assert one(owner, "select count(*) from pg_namespace where nspname = 'nightdesk'") == 0
    with psycopg.connect(first, autocommit=True) as owner:
        operators.add(owner, "ana", "viewer")
        with psycopg.connect(make_conninfo(first, user="ana"), autocommit=True) as ana:
            assert rows(ana, "select id from users") == [("u1",)]


def told(refused: pytest.ExceptionInfo[PermissionDenied]) -> str:
    """The statements that the sentence names."""
    found = re.search("`(.*)`", str(refused.value))
    assert found is not None
    return found[1]
