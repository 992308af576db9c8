"""What every area's screen has in common: a list by pages, a filter, details beside or below, freshness in words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeAlias

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.worker import Worker, WorkerState, get_current_worker

from db.capabilities import Capabilities
from db.errors import NightdeskError
from db.page import Page, Term, parse_terms
from screens.desk import Desk
from screens.detail import DetailPane, Field, Group, Section
from screens.failures import UnexpectedFailure
from screens.filter_bar import FilterBar
from screens.list_view import (
    Column,
    Highlighted,
    ListView,
    Opened,
    PageRequest,
    PageShown,
    PageSource,
    ReadFailed,
)
from screens.list_view.source import Row
from screens.place_screen import PlaceScreen
from screens.places import Place
from screens.tone import Tone

Lend: TypeAlias = Callable[[], AbstractContextManager[Any]]
"""Lends a reading connection; its type belongs to the layer below and is only handed through."""

DETAIL_AFTER = 0.15
"""Seconds the cursor rests before the details follow it: a held key reads nothing."""


@dataclass(frozen=True)
class Query:
    """What a list was asked for.

    Args:
        terms: Conditions that all hold.
        text: The same as the operator typed them.
    """

    terms: tuple[Term, ...] = ()
    text: str = ""


class AreaScreen(PlaceScreen, Generic[Row]):
    """The screen of one area.

    Subclasses declare columns and the two reads; everything else is here.

    Args:
        desk: The database and what is known about it.
        first_page: The first page, when it was read before the screen existed.
    """

    COLUMNS: ClassVar[tuple[Column[Any], ...]] = ()
    FILTER_HINT: ClassVar[str] = "name:value, ! before it inverts"
    EMPTY: ClassVar[str] = "no rows"

    @dataclass
    class DetailRead(Message):
        """A worker read the details of a record."""

        number: int
        key: Hashable
        sections: tuple[Section, ...]
        failed: bool = False

    def __init__(self, desk: Desk, place: Place, first_page: Page[Row] | None = None) -> None:
        super().__init__(desk, place)
        self.rows: ListView[Row] = ListView(self.COLUMNS, self.key_of, id="rows")
        self.detail = DetailPane(id="detail")
        self.filter_bar = FilterBar(self.FILTER_HINT)
        self.query_now = Query()
        self._first_page = first_page
        self._detail_number = 0
        self._detail_key: Hashable = None
        self._shown_key: Hashable = None

    # What an area declares

    @abstractmethod
    def key_of(self, row: Row) -> Hashable:
        """Identity of a row."""

    @abstractmethod
    def read_page(
        self, connection: Any, capabilities: Capabilities, request: PageRequest, query: Query
    ) -> Page[Row]:
        """Read one page; runs in a worker."""

    @abstractmethod
    def read_detail(self, connection: Any, capabilities: Capabilities, row: Row) -> tuple[Section, ...]:
        """Read one record in full; runs in a worker."""

    # Building

    def compose_body(self) -> ComposeResult:
        """Filter, list, details."""
        yield self.filter_bar
        with Container(id="panes"):
            yield self.rows
            yield self.detail

    def on_mount(self) -> None:
        """Show the first page: at once when it is there already."""
        page, self._first_page = self._first_page, None
        self.rows.focus()
        self._show_list(page)

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.rows.current

    @property
    def detail_open(self) -> bool:
        """Whether the details are on screen."""
        return self.has_class("-detail")

    @property
    def at_root(self) -> bool:
        """Whether nothing is open that Esc would close first."""
        return not self.detail_open

    # Listing

    def show_filter(self, text: str) -> None:
        """Show the rows that a filter lets through; says what is wrong with it."""
        try:
            terms = parse_terms(text)
        except NightdeskError as error:
            self.status.say(str(error), Tone.BAD)
            return
        self.query_now = Query(terms, text)
        self.filter_bar.set_text(text)
        self._show_list()

    def refresh_rows(self) -> None:
        """Read what is on screen again."""
        self.desk.forget()
        self.status.say("")
        if self.rows.rows:
            self.rows.reload()
        else:
            self._show_list()
        if self.detail_open:
            self._read_detail()

    async def edit_filter(self) -> None:
        """Let the operator type a filter."""
        await self.filter_bar.edit()

    def _show_list(self, page: Page[Row] | None = None) -> None:
        empty = f"no row matches {self.query_now.text}" if self.query_now.text else self.EMPTY
        self.rows.show(self._source(self.query_now), empty=empty, page=page)

    def _source(self, query: Query) -> PageSource[Row]:
        def read(request: PageRequest) -> Page[Row]:
            capabilities = self.desk.learn().capabilities
            with self.desk.database.reading() as connection:
                return self.read_page(connection, capabilities, request, query)

        return read

    @on(FilterBar.Changed)
    def _filter_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self.rows.focus()
        self.show_filter(event.text)

    @on(FilterBar.Left)
    def _filter_left(self, event: FilterBar.Left) -> None:
        event.stop()
        self.rows.focus()

    @on(PageShown)
    def _page_shown(self, event: PageShown) -> None:
        more = "+" if event.more_below or event.more_above else ""
        self.status.fresh(event.as_of, event.elapsed_ms, f"{event.rows:,}{more} rows")
        if event.note:
            self.status.say(event.note, Tone.QUIET)
        self.learned()

    @on(ReadFailed)
    def _read_failed(self, event: ReadFailed) -> None:
        if self.rows.rows:
            self.status.stale_since()
        if isinstance(event.error, NightdeskError):
            self.status.say(str(event.error), Tone.BAD)
        else:
            self.app.post_message(UnexpectedFailure(event.error))
        self.learned()

    @on(Highlighted)
    def _highlighted(self, event: Highlighted) -> None:
        event.stop()
        self.situation_changed()
        if self.detail_open:
            self.set_timer(DETAIL_AFTER, self._read_detail_if_moved)

    # Details

    def open_current(self) -> None:
        """Open the details of the row under the cursor."""
        self.rows.open_current()

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        event.stop()
        if self.detail_open and self._detail_key == self._current_key:
            self.detail.focus()
            return
        self.add_class("-detail")
        self._read_detail()

    def _read_detail_if_moved(self) -> None:
        if self.detail_open and self._current_key != self._detail_key:
            self._read_detail()

    @property
    def _current_key(self) -> Hashable:
        return None if self.current is None else self.key_of(self.current)

    def _read_detail(self) -> None:
        row = self.current
        if row is None:
            return
        self._detail_number += 1
        number, key = self._detail_number, self.key_of(row)
        self._detail_key = key

        def work() -> None:
            failed = False
            try:
                capabilities = self.desk.learn().capabilities
                with self.desk.database.reading() as connection:
                    sections = self.read_detail(connection, capabilities, row)
            except NightdeskError as error:
                failed = True
                sections = (Group("Details", (Field("", str(error), Tone.BAD),)),)
            if not get_current_worker().is_cancelled:
                self.post_message(self.DetailRead(number, key, sections, failed))

        self.run_worker(
            work, thread=True, exclusive=True, exit_on_error=False, group="detail", description="read detail"
        )

    def on_area_screen_detail_read(self, event: DetailRead) -> None:
        """Show what a worker read, unless another record was asked for since."""
        if event.number == self._detail_number:
            self.detail.show(event.sections, same_record=event.key == self._shown_key)
            self._shown_key = event.key

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Hand on what nobody expected of a read."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.app.post_message(UnexpectedFailure(event.worker.error))

    # Leaving

    def step_back(self) -> bool:
        """Take one step back; False when there is none left here."""
        if self.detail_open:
            self.remove_class("-detail")
            self._detail_key = None
            self.rows.focus()
            return True
        if self.query_now.text:
            self.show_filter("")
            return True
        return False


def sections_of(*groups: Section | None) -> tuple[Section, ...]:
    """The sections that are there, in order."""
    return tuple(group for group in groups if group is not None)


def without_hidden(fields: Sequence[Field]) -> tuple[Field, ...]:
    """Fields whose value this role may see."""
    return tuple(field for field in fields if field.value is not None)
