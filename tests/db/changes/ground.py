"""Tables with every kind of column, registered as `install` would, and plans over them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from db.changes import ChangeSet, OnConflict, Receipt, RowChange, RowCheck, Unit, apply, database_identity
from tests import postgres

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

TABLES = """
create type mood as enum ('LOW', 'HIGH');
create domain short_text as text check (length(value) < 20);
create table thing (
  id text primary key,
  note text, short varchar(3), padded char(4), small smallint, whole integer, big bigint, exact numeric, money numeric(12, 2),
  approx double precision, single real, truth boolean, mood mood, at timestamp, at_ms timestamp(3), at_zone timestamptz, on_day date, at_time time,
  span interval, document jsonb, plain json, tags text[], numbers integer[], moods mood[], raw bytea, token uuid, short_dom short_text,
  address inet, span_range int4range, spot point,
  doubled integer generated always as (whole * 2) stored,
  updated_at timestamp(3) default '2001-01-01'
);
create table pair (one text, two integer, three timestamp(3), value text, primary key (one, two, three));
create table parent (id text primary key, code text unique, name text);
create table child (id text primary key, parent_id text references parent (id) on delete cascade, name text);
create table guest (id text primary key, parent_id text references parent (id) on delete set null, name text);
create table strict_child (id text primary key, parent_id text references parent (id) on delete restrict);
create table coded (id text primary key, parent_code text references parent (code) on update cascade);
create table vault (id text primary key, name text, secret text, "updatedAt" timestamptz default '2001-01-01');
create table counted (id integer generated always as identity primary key, name text);
create table loose (a text, b text);
"""
NAMES = ("thing", "pair", "parent", "child", "guest", "strict_child", "coded", "vault", "counted", "loose")
AUDIT = ("operation", "row_change", "reveal")
ROLES = ("viewer", "support", "oncall", "dba", "worker")


def lay(conninfo: str) -> None:
    """Create the tables; support may write all of them, approval from 50 rows on `thing`, 1 on `vault`."""
    with psycopg.connect(conninfo, autocommit=True) as owner:
        owner.execute(TABLES)
        owner.execute("insert into nightdesk.secret_column values ('public.vault', 'secret')")
        register(owner, "thing", approval_from=50)
        register(owner, "vault", secret=("secret",), approval_from=None)
        for table in ("pair", "parent", "child", "guest", "strict_child", "coded", "counted", "loose"):
            register(owner, table)


def clear(conninfo: str) -> None:
    """Empty the tables and, as only its owner can, the audit: a fresh start without a fresh database."""
    ours = ("chain_head", "operation_tombstone", "batch", "approval")
    with psycopg.connect(conninfo) as owner:
        with unguarded(owner):
            for table in (*AUDIT, *ours):
                owner.execute(f"delete from nightdesk.{table}")
        owner.execute(f"truncate {', '.join(NAMES)} restart identity")


@contextmanager
def unguarded(owner: Connection) -> Iterator[None]:
    """The audit without its triggers, as only its owner can have it; afterwards they are as they were."""
    modes = {
        table: one(
            owner,
            "select tgenabled::text from pg_trigger where tgrelid = %s::regclass and tgname = 'append_only'",
            f"nightdesk.{table}",
        )
        for table in AUDIT
    }
    for table in AUDIT:
        owner.execute(f"alter table nightdesk.{table} disable trigger append_only")
    yield
    for table, mode in modes.items():
        enable = {"A": "enable always", "O": "enable"}[mode]
        owner.execute(f"alter table nightdesk.{table} {enable} trigger append_only")


def register(
    owner: Connection, table: str, *, secret: tuple[str, ...] = (), approval_from: int | None = None
) -> None:
    """Give a table the rights that `db.operators` gives a platform table, all verbs to support."""
    names = [
        row[0]
        for row in owner.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            (table,),
        )
        if row[0] not in secret
    ]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    readers = sql.SQL(", ").join(sql.Identifier(f"nightdesk_{role}") for role in (*ROLES, "owner"))
    name = sql.Identifier(table)
    for privilege in ("insert", "update"):
        owner.execute(
            sql.SQL("grant {} ({}) on {} to nightdesk_owner").format(sql.SQL(privilege), columns, name)
        )
    owner.execute(sql.SQL("grant delete on {} to nightdesk_owner").format(name))
    owner.execute(sql.SQL("grant select ({}) on {} to {}").format(columns, name, readers))
    owner.execute("insert into nightdesk.platform_table values (%s, %s)", (f"public.{table}", table))
    owner.execute(
        "insert into nightdesk.permission (role, table_name, verb, column_name, approval_from_rows)"
        " select 'nightdesk_support', %s, v, c, %s::integer from unnest(array['insert', 'update']) v, unnest(%s::text[]) c"
        " union all select 'nightdesk_support', %s, 'delete', '*', %s::integer",
        (f"public.{table}", approval_from, names, f"public.{table}", approval_from),
    )


@contextmanager
def seen_by(conninfo: str, role: str) -> Iterator[Connection]:
    """An autocommit connection of the operator of a role."""
    with psycopg.connect(postgres.as_role(conninfo, role), autocommit=True) as connection:
        yield connection


def thing(owner: Connection, **columns: Any) -> None:
    """A row of `thing` with these columns; its id is `key`, or t1."""
    values = {"id": columns.pop("key", "t1"), **columns}
    marks = ", ".join(["%s"] * len(values))
    owner.execute(f"insert into thing ({', '.join(values)}) values ({marks})", tuple(values.values()))


@contextmanager
def another_supporter(conninfo: str, owner: Connection) -> Iterator[Connection]:
    """A second person in support; roles belong to the whole cluster, so nobody else's are touched."""
    name = f"second_{uuid4().hex[:12]}"
    role = sql.Identifier(name)
    owner.execute(sql.SQL("create role {} login in role nightdesk_support").format(role))
    try:
        with psycopg.connect(make_conninfo(conninfo, user=name), autocommit=True) as connection:
            yield connection
    finally:
        owner.execute(sql.SQL("drop role {}").format(role))


def plan_of(
    connection: Connection, *changes: RowChange, checks: tuple[RowCheck, ...] = (), **more: Any
) -> ChangeSet:
    """One unit with these changes."""
    return plan_of_units(connection, Unit(id="u1", changes=changes, checks=checks), **more)


def plan_of_units(
    connection: Connection, *units: Unit, action: str = "test.change", **more: Any
) -> ChangeSet:
    """A change set for this database."""
    return ChangeSet(action=action, database=database_identity(connection), units=units, **more)


def do(
    connection: Connection,
    *changes: RowChange,
    checks: tuple[RowCheck, ...] = (),
    operation_id: UUID | None = None,
    on_conflict: OnConflict = OnConflict.ABORT,
) -> Receipt:
    """Plan and apply in one step."""
    return apply(
        connection,
        plan_of(connection, *changes, checks=checks),
        operation_id=operation_id or uuid4(),
        reason="a test",
        on_conflict=on_conflict,
    )


def send(connection: Connection, text: str, *, action: str = "test.change", **named: Any) -> dict[str, Any]:
    """Call apply_changes by hand, as anybody with psql can."""
    arguments = {"operation_id": uuid4(), "action": action, "reason": "by hand", "changes": text} | named
    names = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(key), sql.Placeholder(key)) for key in arguments
    )
    row = connection.execute(
        sql.SQL("select nightdesk.apply_changes({})").format(names), arguments
    ).fetchone()
    assert row is not None
    answer: dict[str, Any] = row[0]
    return answer


def rows(connection: Connection, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    return connection.execute(query, arguments or None).fetchall()


def one(connection: Connection, query: str, *arguments: object) -> Any:
    """The only value of a query."""
    [(value,)] = rows(connection, query, *arguments)
    return value


def assert_audit_whole(connection: Connection) -> None:
    """No problem in the chain, and no image or operation without the other."""
    assert rows(connection, "select * from nightdesk.verify_audit()") == []
