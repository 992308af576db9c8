"""What a list of an area is: its columns, how a page and one record in full are read. Declared, not drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias

from db.areas import Area, area_status, empty_sentence
from db.capabilities import Capabilities
from db.page import Listing, Page, Term, fetch_page
from screens.detail import Section
from screens.list_view import Column, ListView, PageRequest, PageSource
from screens.list_view.source import Row


@dataclass(frozen=True)
class Query:
    """What a list is asked for.

    Args:
        terms: Conditions that all hold.
        text: The same as the operator typed them.
    """

    terms: tuple[Term, ...] = ()
    text: str = ""


ReadPage: TypeAlias = Callable[[Any, Capabilities, PageRequest, Query], Page[Row]]
"""Reads one page on a lent connection (whose type belongs to the layer below); runs in a worker."""


@dataclass(frozen=True)
class Sheet(Generic[Row]):
    """One list of an area.

    Args:
        id: DOM id of its widget.
        columns: Declared columns.
        key: Identity of a row.
        read_page: Reads a page; `listed` makes one from a declared listing.
        read_detail: Reads one record in full; runs in a worker.
        empty: What to say when there are no rows.
        filter_hint: Example of its filter, empty when it takes none.
        area: What decides whether rows may be hidden from the operator; None where nothing can be.
    """

    id: str
    columns: tuple[Column[Row], ...]
    key: Callable[[Row], Hashable]
    read_page: ReadPage[Row]
    read_detail: Callable[[Any, Capabilities, Row], tuple[Section, ...]]
    empty: str = "no rows"
    filter_hint: str = ""
    area: Area | None = None


def listed(listing: Callable[[Capabilities], Listing[Row]]) -> ReadPage[Row]:
    """Read the pages of a declared listing."""

    def read(connection: Any, capabilities: Capabilities, request: PageRequest, query: Query) -> Page[Row]:
        return fetch_page(
            connection,
            listing(capabilities),
            where=query.terms,
            after=request.after,
            before=request.before,
            from_end=request.from_end,
            limit=request.limit,
        )

    return read


class SheetView(Generic[Row]):
    """A sheet on screen: its widget and what it is asked for.

    Args:
        sheet: What it shows.
    """

    def __init__(self, sheet: Sheet[Row]) -> None:
        self.sheet = sheet
        self.rows: ListView[Row] = ListView(sheet.columns, sheet.key, id=sheet.id)
        self.query = Query()
        self.asked: Query | None = None

    @property
    def key(self) -> Hashable:
        """Identity of the row under the cursor; None without one."""
        row = self.rows.current
        return None if row is None else (self.sheet.id, self.sheet.key(row))

    def show(self, source: PageSource[Row], empty: Callable[[], str], page: Page[Row] | None = None) -> None:
        """Show the rows that the query lets through, from the beginning."""
        self.asked = None
        self.rows.show(source, empty=empty, page=page)

    def ask(self, query: Query, source: PageSource[Row], empty: Callable[[], str]) -> None:
        """Show the rows of another query once they are there; until then, or if it is wrong, those of the former."""
        self.asked = query
        self.rows.show(source, empty=empty, keep=True)

    def settle(self, *, holds: bool) -> Query | None:
        """Take over the query that was asked for, or forget it; returns it when there was one."""
        asked, self.asked = self.asked, None
        if asked is not None and holds:
            self.query = asked
        return asked

    def nothing(self, query: Query, capabilities: Capabilities | None) -> str:
        """Why there is no row; never that there is none where rows may be hidden."""
        certain = f"no row matches {query.text}" if query.text else self.sheet.empty
        if self.sheet.area is None or capabilities is None:
            return certain
        return empty_sentence(area_status(self.sheet.area, capabilities), certain)
