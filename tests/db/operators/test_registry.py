"""What a DBA registered survives `install`; what `install` registered follows the tables."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from db import operators
from tests.db.changes.ground import Connection, one, rows, seen_by

# Others' tests make the same logins.
pytestmark = pytest.mark.xdist_group("cluster-wide names")

REGISTERED = (
    "select 'table' as what, table_name, null as detail, source from nightdesk.platform_table"
    " union all select 'secret', table_name, column_name, source from nightdesk.secret_column"
    " union all select 'permission', table_name, concat_ws(' ', role, verb, column_name, approval_from_rows), source"
    " from nightdesk.permission order by 1, 2, 3"
)


@pytest.fixture
def owner(platform_database: str) -> Iterator[Connection]:
    with psycopg.connect(platform_database, autocommit=True) as connection:
        yield connection


def test_registering_again_gives_the_same_rows(owner: Connection) -> None:
    before = rows(owner, REGISTERED)
    operators.sync_rights(owner)
    assert rows(owner, REGISTERED) == before
    assert {source for *_, source in before} == {"nightdesk"}


def test_what_a_dba_registered_stays(owner: Connection, platform_database: str) -> None:
    owner.execute("create table ledger (id text primary key, note text)")
    owner.execute("insert into nightdesk.platform_table values ('public.ledger', 'public.ledger')")
    owner.execute("insert into nightdesk.secret_column values ('public.ledger', 'note')")
    owner.execute(
        "insert into nightdesk.permission values ('nightdesk_dba', 'public.ledger', 'delete', '*', 1)"
    )
    mine = [row for row in rows(owner, REGISTERED) if row[1] == "public.ledger"]
    operators.install(platform_database)
    assert [row for row in rows(owner, REGISTERED) if row[1] == "public.ledger"] == mine
    assert len(mine) == 3


def test_a_stricter_threshold_stays(owner: Connection) -> None:
    threshold = (
        "select distinct approval_from_rows from nightdesk.permission"
        " where table_name = 'public.users' and role = 'nightdesk_support' and column_name = 'status'"
    )
    others = "select count(*) from nightdesk.permission where source = 'nightdesk'"
    before = one(owner, others)
    owner.execute(
        "update nightdesk.permission set approval_from_rows = 3"
        " where table_name = 'public.users' and role = 'nightdesk_support' and column_name = 'status'"
    )
    operators.sync_rights(owner)
    assert rows(owner, threshold) == [(3,)]
    assert one(owner, others) == before - 1


def test_a_column_that_a_dba_declared_secret_is_read_by_nobody(
    owner: Connection, platform_database: str
) -> None:
    owner.execute("insert into nightdesk.secret_column values ('public.users', 'display_name')")
    operators.sync_rights(owner)
    for role in ("viewer", "oncall", "worker"):
        with seen_by(platform_database, role) as somebody:
            somebody.execute("select id from users")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                somebody.execute("select display_name from users")
    assert one(owner, "select count(*) from nightdesk.permission where column_name = 'display_name'") == 0


def test_another_schema_of_the_same_database_keeps_its_rows_and_views(owner: Connection) -> None:
    before = rows(owner, REGISTERED)
    owner.execute(
        'create schema tenant; create table tenant.clients (id text primary key, "createdAt" timestamp)'
    )
    operators.sync_rights(owner, "tenant")
    both = rows(owner, REGISTERED)
    assert set(before) < set(both)
    assert ("table", "tenant.clients", None, "nightdesk") in both
    assert one(owner, "select to_regclass('nightdesk.masked_users') is not null")
    owner.execute("drop table tenant.clients")
    operators.sync_rights(owner, "tenant")
    assert rows(owner, REGISTERED) == before


def test_a_table_that_went_is_forgotten(owner: Connection) -> None:
    owner.execute("drop table token_blacklist cascade")
    operators.sync_rights(owner)
    assert "public.token_blacklist" not in {row[1] for row in rows(owner, REGISTERED)}
