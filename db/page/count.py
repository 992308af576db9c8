"""Totals beside a list, that never cost more than a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from db.page.fetch import conditions
from db.page.filters import Term
from db.page.listing import Listing, Order
from db.page.statement import Walk, count_statement

CAP = 1000


@dataclass(frozen=True)
class Count:
    """How many rows match, up to a cap.

    Args:
        value: Rows counted.
        more: Whether there are, or may be, more than that.
        window: Rows looked through when no index carries the filter, else None.
    """

    value: int
    more: bool
    window: int | None = None

    def __str__(self) -> str:
        text = f"{self.value:,}+" if self.more else f"{self.value:,}"
        return f"{text} in the first {self.window:,} rows" if self.window and self.more else text


@dataclass(frozen=True)
class Tally:
    """One thing to count: the rows of a list that match."""

    listing: Listing[Any]
    where: Sequence[Term] = ()


def count_rows(
    conn: psycopg.Connection[Any], listing: Listing[Any], *, where: Sequence[Term] = (), cap: int = CAP
) -> Count:
    """Count the rows of a list, at most up to `cap`.

    Raises:
        UsageError: Unknown filter or value.
    """
    (count,), _ = count_all(conn, (Tally(listing, where),), cap=cap)
    return count


def count_all(
    conn: psycopg.Connection[Any], tallies: Sequence[Tally], *, cap: int = CAP
) -> tuple[tuple[Count, ...], datetime]:
    """Count several lists in one statement and one round trip, each at most up to `cap`.

    Returns:
        The counts in the order asked, and the server's time at which they hold.

    Raises:
        UsageError: Unknown filter or value.
    """
    asked = [_asked(tally) for tally in tallies]
    statements = [count_statement(walk, cap + 1) for walk in asked]
    # Each count keeps its own limit; the clock comes even when nothing is counted.
    branches = ["select -1, statement_timestamp(), 0::bigint, false"]
    branches += [
        f"select {number}, null, counted.found, counted.cut from ({statement.sql}) as counted (found, cut)"
        for number, statement in enumerate(statements)
    ]
    params = [value for statement in statements for value in statement.params]
    sql = "\nunion all\n".join(branches)
    clock, *records = sorted(conn.execute(sql.encode(), params, prepare=False).fetchall())
    counts = tuple(
        _count(walk, found, cut, cap) for walk, (_, _, found, cut) in zip(asked, records, strict=True)
    )
    return counts, clock[1].astimezone(UTC)


def _asked(tally: Tally) -> Walk:
    order = Order(tally.listing.sorts[0])
    return Walk(tally.listing, order, None, False, conditions(tally.listing, order, tally.where), 1)


def _count(walk: Walk, found: int, cut: bool, cap: int) -> Count:
    if walk.conditions.looked_at:
        return Count(found, cut, walk.listing.window)
    return Count(min(found, cap), found > cap)
