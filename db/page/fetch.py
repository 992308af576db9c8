"""One page of a declared list, read in one round trip."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

import psycopg

from db.errors import UsageError
from db.page.cursor import Cursor
from db.page.filters import Predicate, Term
from db.page.listing import Listing, Order, Row
from db.page.statement import Conditions, Statement, Walk, page_statement
from db.times import tolerant_cursor

LARGEST = 1000
_KEY = 4  # time, group, matches, cut stand in front of the key


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A page in the order of the list, whichever way it was reached.

    Args:
        rows: The rows.
        before: Position for the page in front of this one, None at the beginning of the list.
        after: Position for the page behind this one, None at its end.
        as_of: The server's clock when the statement began.
        elapsed_ms: Time from sending the statement to having its rows.
        note: What an operator must know to read the page rightly.
        veil: What an empty page means here, where it need not mean that there is nothing.
    """

    rows: tuple[Row, ...]
    before: Cursor | None
    after: Cursor | None
    as_of: datetime
    elapsed_ms: float
    note: str | None
    veil: str | None = None


@dataclass(frozen=True)
class _Found(Generic[Row]):
    """What a walk brought home, in its own direction; `end` is None when nothing lies beyond.

    Args:
        cut: The walk ended with its window, not with its rows.
    """

    rows: list[Row]
    first: Cursor | None
    end: Cursor | None
    as_of: datetime
    cut: bool


def fetch_page(
    conn: psycopg.Connection[Any],
    listing: Listing[Row],
    *,
    where: Sequence[Term] = (),
    sort: str | None = None,
    after: Cursor | None = None,
    before: Cursor | None = None,
    from_end: bool = False,
    limit: int = 100,
) -> Page[Row]:
    """Read a page of a list: its first, the one after or before a position, or its last.

    Args:
        conn: An autocommit connection whose search_path is the platform's schema.
        listing: The list.
        where: Filters, all of which must hold.
        sort: A declared sort, `-name` for the other direction; None for the list's own.
        after: Read the rows behind this position.
        before: Read the rows in front of this position.
        from_end: Read the last rows of the list.
        limit: Most rows to return.

    Raises:
        UsageError: Unknown sort or filter, a position of another list, or more than one starting point.
    """
    if sum((after is not None, before is not None, from_end)) > 1:
        raise UsageError("Give one starting point: after, before or from the end.")
    if not 1 <= limit <= LARGEST:
        raise UsageError(f"A page has 1 to {LARGEST:,} rows.")
    order = listing.order(sort)
    start = after or before
    if start is not None:
        listing.check(start, order)
    backwards = before is not None or from_end
    walk = Walk(listing, order, start, backwards, conditions(listing, order, where), limit + 1)
    began = time.perf_counter()
    found = _read(conn, walk, page_statement(walk))
    elapsed = (time.perf_counter() - began) * 1000
    # Something lies on the near side exactly when the walk started at a row.
    near = found.first if start is not None else None
    rows = tuple(reversed(found.rows)) if backwards else tuple(found.rows)
    ahead, behind = (found.end, near) if backwards else (near, found.end)
    return Page(rows, ahead, behind, found.as_of, elapsed, _note(walk, found.cut), listing.veil)


def conditions(listing: Listing[Any], order: Order, where: Sequence[Term]) -> Conditions:
    """Part the operator's terms into those an index carries under this order and those it does not.

    Raises:
        UsageError: A term names no filter of the list, or a value the filter does not know.
    """
    carried: list[Predicate] = []
    looked_at: list[Predicate] = []
    for term in where:
        declared = listing.filter(term)
        predicate = declared.predicate(term.value)
        if term.negate:
            looked_at.append(Predicate(f"({predicate.sql}) is not true", predicate.params))
        elif declared.carried(order.sort.name, term.value):
            carried.append(predicate)
        else:
            looked_at.append(predicate)
            if term.value in declared.implied:
                carried.append(Predicate(declared.implied[term.value]))
    return Conditions(tuple(carried), tuple(looked_at))


def _read(conn: psycopg.Connection[Any], walk: Walk, statement: Statement) -> _Found[Any]:
    with tolerant_cursor(conn) as cursor:
        # Planned for its values each time: a plan kept for any value walks past everything to find a rare one.
        records = cursor.execute(statement.sql, statement.params, prepare=False).fetchall()
    as_of = records[0][0]
    present = [record for record in records if record[1] is not None]
    more = len(present) == walk.limit
    shown = present[:-1] if more else present
    # A full window ends in its last row, matching or not: the walk can go on from there.
    cut = bool(shown) and shown[-1][3]
    width = len(walk.columns)
    names = tuple(walk.listing.columns)
    rows = [
        walk.listing.make(**dict(zip(names, record[_KEY + width :], strict=True)))
        for record in shown
        if record[2]
    ]
    first = _position(walk, shown[0]) if shown else None
    return _Found(rows, first, _position(walk, shown[-1]) if more or cut else None, as_of, cut)


def _position(walk: Walk, record: tuple[Any, ...]) -> Cursor:
    return Cursor(walk.listing.name, walk.order.sort.name, tuple(record[_KEY : _KEY + len(walk.columns)]))


def _note(walk: Walk, cut: bool) -> str | None:
    notes = [walk.listing.note]
    if cut:
        notes.append(
            f"no index carries this filter: looked through {walk.listing.window:,} rows of this sort; go on for more"
        )
    if not walk.order.sort.indexed:
        notes.append(f"no index for the sort {walk.order.sort.name} here: slow on a large table")
    return "; ".join(note for note in notes if note) or None
