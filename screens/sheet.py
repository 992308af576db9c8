"""What a list of an area is: its columns, how a page and one record in full are read. Declared, not drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias

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
    """

    id: str
    columns: tuple[Column[Row], ...]
    key: Callable[[Row], Hashable]
    read_page: ReadPage[Row]
    read_detail: Callable[[Any, Capabilities, Row], tuple[Section, ...]]
    empty: str = "no rows"
    filter_hint: str = ""


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

    @property
    def key(self) -> Hashable:
        """Identity of the row under the cursor; None without one."""
        row = self.rows.current
        return None if row is None else (self.sheet.id, self.sheet.key(row))

    def show(self, source: PageSource[Row], page: Page[Row] | None = None) -> None:
        """Show the rows that the query lets through, from the beginning."""
        empty = f"no row matches {self.query.text}" if self.query.text else self.sheet.empty
        self.rows.show(source, empty=empty, page=page)
