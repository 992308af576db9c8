"""Where a list gets its rows: a callable that answers a request for one keyset page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

from db.page import Cursor, Page

PAGE_ROWS = 100
"""Rows asked for at a time: several screens full, one short round trip."""

Row = TypeVar("Row")


class Step(StrEnum):
    """Where a page lies."""

    FIRST = "first"
    LAST = "last"
    AFTER = "after"
    BEFORE = "before"
    AGAIN = "again"
    """The pages on screen once more; a list answers it with requests of the other kinds."""


@dataclass(frozen=True)
class PageRequest:
    """A request for one page.

    Args:
        step: Which page.
        cursor: The position it borders on, for AFTER and BEFORE.
        limit: Most rows wanted.
    """

    step: Step
    cursor: Cursor | None = None
    limit: int = PAGE_ROWS

    @property
    def after(self) -> Cursor | None:
        """The position the page follows, for db.page.fetch_page."""
        return self.cursor if self.step is Step.AFTER else None

    @property
    def before(self) -> Cursor | None:
        """The position the page precedes, for db.page.fetch_page."""
        return self.cursor if self.step is Step.BEFORE else None

    @property
    def from_end(self) -> bool:
        """Whether the last page is wanted, for db.page.fetch_page."""
        return self.step is Step.LAST


PageSource: TypeAlias = Callable[[PageRequest], Page[Row]]
"""Blocking; called in a thread worker, never in the event loop."""
