"""The part of a list that is in memory: neighbouring pages, bounded, and the place of the cursor in it.

Pure: nothing here draws or reads. Pages are added at either end and dropped whole at the other, so that every
edge of the window has the position that a page fetched there needs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

from db.page import Cursor, Page
from screens.list_view.source import PageRequest, PageSource, Row, Step

WINDOW_ROWS = 500
"""Rows kept; memory and time stay the same at ten million rows."""


@dataclass(frozen=True)
class Loaded(Generic[Row]):
    """A page and the request that brought it, which brings it again on refresh."""

    request: PageRequest
    page: Page[Row]


@dataclass(frozen=True)
class Window(Generic[Row]):
    """Neighbouring pages in list order."""

    pages: tuple[Loaded[Row], ...] = ()

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All rows in list order."""
        return tuple(row for loaded in self.pages for row in loaded.page.rows)

    @property
    def above(self) -> Cursor | None:
        """Position for the page in front of the window; None at the beginning of the list."""
        return self.pages[0].page.before if self.pages else None

    @property
    def below(self) -> Cursor | None:
        """Position for the page behind the window; None at the end of the list."""
        return self.pages[-1].page.after if self.pages else None

    def with_below(self, loaded: Loaded[Row]) -> tuple[Window[Row], int]:
        """Add a page at the end; returns the new window and by how much row numbers shift (≤ 0)."""
        pages = [*self.pages, loaded]
        dropped = 0
        while len(pages) > 1 and _count(pages) > WINDOW_ROWS:
            dropped += len(pages.pop(0).page.rows)
        return Window(tuple(pages)), -dropped

    def with_above(self, loaded: Loaded[Row]) -> tuple[Window[Row], int]:
        """Add a page at the beginning; returns the new window and by how much row numbers shift (≥ 0)."""
        pages = [loaded, *self.pages]
        while len(pages) > 1 and _count(pages) > WINDOW_ROWS:
            pages.pop()
        return Window(tuple(pages)), len(loaded.page.rows)

    def pages_over(self, first: int, last: int) -> tuple[Loaded[Row], ...]:
        """The pages that hold the rows numbered first to last, at least one if there is any."""
        start = 0
        found = []
        for loaded in self.pages:
            end = start + len(loaded.page.rows)
            if start <= last and end > first:
                found.append(loaded)
            start = end
        return tuple(found) or self.pages[:1]


def _count(pages: list[Loaded[Row]]) -> int:
    return sum(len(loaded.page.rows) for loaded in pages)


def reread(pages: tuple[Loaded[Row], ...], source: PageSource[Row]) -> Window[Row]:
    """Read pages again, each behind the one before, so that no row is missed or shown twice.

    Args:
        pages: Neighbouring pages; the first is asked for as it was, the others follow it.
        source: Where pages come from; blocks.
    """
    request = pages[0].request if pages else PageRequest(Step.FIRST)
    loaded = [Loaded(request, source(request))]
    while len(loaded) < len(pages) and loaded[-1].page.after is not None:
        request = PageRequest(Step.AFTER, loaded[-1].page.after)
        loaded.append(Loaded(request, source(request)))
    return Window(tuple(loaded))


@dataclass(frozen=True)
class View:
    """What of a window is on screen.

    Args:
        top: Number of the first visible row.
        cursor: Number of the row under the cursor.
    """

    top: int = 0
    cursor: int = 0

    def moved(self, delta: int, rows: int, height: int) -> View:
        """The view after the cursor moved, scrolled as little as shows it."""
        return View(self.top, self.cursor + delta).settled(rows, height)

    def shifted(self, by: int) -> View:
        """The same rows under new numbers, after pages came or went in front of them."""
        return View(self.top + by, self.cursor + by)

    def settled(self, rows: int, height: int) -> View:
        """The nearest view that exists: cursor on a row, no blank lines below while rows are above."""
        height = max(height, 1)
        cursor = max(0, min(self.cursor, rows - 1))
        top = max(0, min(self.top, rows - height))
        top = min(top, cursor)
        if cursor >= top + height:
            top = cursor - height + 1
        return View(top, cursor)


def found_again(old: Window[Row], view: View, new: Window[Row], key: Callable[[Row], Hashable]) -> View:
    """The view over re-read rows that keeps the cursor on its row and the row on its screen line.

    Args:
        old: The rows as they were.
        view: The view over them.
        new: The rows as they are.
        key: Identity of a row.

    Returns:
        A view to be settled; where the row is gone, the cursor stays at its line.
    """
    if not old.rows:
        return View()
    keys = {key(row): number for number, row in enumerate(new.rows)}
    line = view.cursor - view.top
    # The row may have left the list: then its nearest neighbour keeps the place.
    for candidate in (*old.rows[view.cursor :], *reversed(old.rows[: view.cursor])):
        number = keys.get(key(candidate))
        if number is not None:
            return View(number - line, number)
    return View(0, line)
