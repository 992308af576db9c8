"""Totals beside a list, that never cost more than a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


def count_rows(
    conn: psycopg.Connection[Any], listing: Listing[Any], *, where: Sequence[Term] = (), cap: int = CAP
) -> Count:
    """Count the rows of a list, at most up to `cap`.

    Raises:
        UsageError: Unknown filter or value.
    """
    order = Order(listing.sorts[0])
    asked = conditions(listing, order, where)
    statement = count_statement(Walk(listing, order, None, False, asked, 1), cap + 1)
    record = conn.execute(statement.sql, statement.params, prepare=False).fetchone()
    found, cut = record if record is not None else (0, False)
    if asked.looked_at:
        return Count(found, cut, listing.window)
    return Count(min(found, cap), found > cap)
