"""A small table with a nullable sort column, and lists over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from db.page import Cursor, KeyType, Listing, Page, Sort, SortColumn, Term, fetch_page, filters

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Thing:
    id: str
    rank: int | None
    kind: str


ID = SortColumn("t.id", KeyType.TEXT)
RANK = SortColumn("t.rank", KeyType.INTEGER, nullable=True)
KIND = SortColumn("t.kind", KeyType.TEXT)


def things(*, window: int = 20_000) -> Listing[Thing]:
    return Listing(
        name="things",
        table="things",
        alias="t",
        reads=("id", "rank", "kind"),
        columns={"id": "t.id", "rank": "t.rank", "kind": "t.kind"},
        make=Thing,
        sorts=(
            Sort("rank", (RANK, ID)),
            Sort("rank-nulls-first", (RANK, ID), nulls_last=False),
            Sort("rank-down", (RANK, ID), descending=True),
            Sort("rank-down-nulls-first", (RANK, ID), descending=True, nulls_last=False),
            Sort("kind", (KIND, SortColumn("t.size", KeyType.INTEGER), ID)),
            Sort("id", (ID,), indexed=False),
        ),
        filters=(
            filters.choice("kind", "t.kind", ("a", "b"), carried=filters.always),
            filters.choice("unindexed", "t.kind", ("a", "b")),
            filters.prefix("id", "t.id", carried=filters.always),
            filters.contains("text", "t.id", "t.kind"),
        ),
        window=window,
    )


@contextmanager
def table(conninfo: str) -> Iterator[Connection]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "create table things (id text primary key, rank int, kind text not null, size int not null default 0)"
        )
        connection.execute("create index things_rank on things (rank, id)")
        connection.execute("create index things_kind on things (kind, size, id)")
        yield connection


def fill(connection: Connection, rows: Sequence[Thing]) -> None:
    connection.execute("truncate things")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into things (id, rank, kind) values (%s, %s, %s)", [(r.id, r.rank, r.kind) for r in rows]
        )


def forward(connection: Connection, listing: Listing[Thing], limit: int, **ask: Any) -> list[Thing]:
    """Every row from the first page on, following `after`."""
    page = fetch_page(connection, listing, limit=limit, **ask)
    assert page.before is None
    rows = list(page.rows)
    while page.after is not None:
        page = fetch_page(connection, listing, limit=limit, after=_carried(page.after), **ask)
        rows += page.rows
    return rows


def backward(connection: Connection, listing: Listing[Thing], limit: int, **ask: Any) -> list[Thing]:
    """Every row from the last page back, following `before`."""
    page = fetch_page(connection, listing, limit=limit, from_end=True, **ask)
    assert page.after is None
    rows = list(page.rows)
    while page.before is not None:
        page = fetch_page(connection, listing, limit=limit, before=_carried(page.before), **ask)
        rows = [*page.rows, *rows]
    return rows


def there_and_back(
    connection: Connection, listing: Listing[Thing], page: Page[Thing], **ask: Any
) -> Page[Thing]:
    """The page behind this one, and from there the page in front: this one again."""
    assert page.after is not None
    behind = fetch_page(connection, listing, after=page.after, limit=max(1, len(page.rows)), **ask)
    assert behind.before is not None
    return fetch_page(connection, listing, before=behind.before, limit=max(1, len(page.rows)), **ask)


def terms(**values: str) -> tuple[Term, ...]:
    return tuple(Term(name, value) for name, value in values.items())


def _carried(cursor: Cursor) -> Cursor:
    return Cursor.decode(cursor.encode())
