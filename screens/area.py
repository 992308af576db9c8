"""What every area's screen has in common: lists by pages, a filter, details beside or below, freshness in words."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.worker import Worker, WorkerState, get_current_worker

from db.errors import NightdeskError
from db.page import Page, parse_terms
from screens.desk import Desk
from screens.detail import DetailPane, Field, Group, Section
from screens.failures import UnexpectedFailure
from screens.filter_bar import FilterBar
from screens.list_view import Highlighted, Opened, PageRequest, PageShown, PageSource, ReadFailed
from screens.place_screen import PlaceScreen
from screens.places import Place
from screens.sheet import Query, Sheet, SheetView
from screens.tone import Tone

DETAIL_AFTER = 0.15
"""Seconds the cursor rests before the details follow it: a held key reads nothing."""


class AreaScreen(PlaceScreen):
    """The screen of one area; subclasses declare its sheets, everything else is here.

    Args:
        desk: The database and what is known about it.
        place: Which place this is.
        first_page: The first page of the first sheet, when it was read before the screen existed.
    """

    SHEETS: ClassVar[tuple[Sheet[Any], ...]] = ()

    @dataclass
    class DetailRead(Message):
        """A worker read the details of a record."""

        number: int
        key: Hashable
        sections: tuple[Section, ...]

    def __init__(self, desk: Desk, place: Place, first_page: Page[Any] | None = None) -> None:
        super().__init__(desk, place)
        self.sheets = tuple(SheetView(sheet) for sheet in self.SHEETS)
        self.active = self.sheets[0]
        self.detail = DetailPane(id="detail")
        self.filter_bar = FilterBar()
        self._first_page = first_page
        self._detail_number = 0
        self._detail_key: Hashable = None

    def compose_body(self) -> ComposeResult:
        """Filter, lists, details."""
        yield self.filter_bar
        with Container(id="panes"):
            for view in self.sheets:
                yield view.rows
            yield self.detail

    def on_mount(self) -> None:
        """Show the first pages: at once where they are there already."""
        self.active.rows.focus()
        page, self._first_page = self._first_page, None
        for view in self.sheets:
            view.show(self._source(view), page if view is self.active else None)

    @property
    def current(self) -> Any | None:
        """The row under the cursor of the list that has the focus."""
        return self.active.rows.current

    @property
    def detail_open(self) -> bool:
        """Whether the details are on screen."""
        return self.has_class("-detail")

    @property
    def at_root(self) -> bool:
        """Whether nothing is open that Esc would close first."""
        return not self.detail_open

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The list with the focus is the one that keys act on."""
        for view in self.sheets:
            if view.rows is event.widget and view is not self.active:
                self.active = view
                self.filter_bar.set_text(view.query.text)
                self._detail_if_moved()
        for view in self.sheets:
            view.rows.set_class(view is self.active, "-active")
        self.situation_changed()

    # Listing

    def show_filter(self, text: str) -> None:
        """Show the rows that a filter lets through, or say what is wrong with it and let it be mended."""
        try:
            query = Query(parse_terms(text), text)
        except NightdeskError as error:
            self.status.say(str(error), Tone.BAD)
            return
        self.active.query = query
        self.filter_bar.set_text(text)
        self.active.rows.focus()
        self.status.say("")
        self.active.show(self._source(self.active))

    def refresh_rows(self) -> None:
        """Read what is on screen again."""
        self.desk.forget()
        self.status.say("")
        for view in self.sheets:
            if view.rows.rows:
                view.rows.reload()
            else:
                view.show(self._source(view))
        if self.detail_open:
            self._read_detail()

    async def edit_filter(self) -> None:
        """Let the operator type a filter for the list that has the focus."""
        await self.filter_bar.edit(self.active.sheet.filter_hint)

    def _source(self, view: SheetView[Any]) -> PageSource[Any]:
        query, read_page = view.query, view.sheet.read_page

        def read(request: PageRequest) -> Page[Any]:
            capabilities = self.desk.learn().capabilities
            with self.desk.database.reading() as connection:
                return read_page(connection, capabilities, request, query)

        return read

    @on(FilterBar.Submitted)
    def _filter_submitted(self, event: FilterBar.Submitted) -> None:
        event.stop()
        self.show_filter(event.text)

    @on(FilterBar.Left)
    def _filter_left(self, event: FilterBar.Left) -> None:
        event.stop()
        self.active.rows.focus()

    @on(PageShown)
    def _page_shown(self, event: PageShown) -> None:
        event.stop()
        if event.rows is self.active.rows:
            rows = f"{event.count:,}{'+' if event.more else ''} row{'' if event.count == 1 else 's'}"
            self.status.fresh(event.as_of, event.elapsed_ms, rows)
            self.status.note(event.note or "")
        self.learned()

    @on(ReadFailed)
    def _read_failed(self, event: ReadFailed) -> None:
        event.stop()
        if any(view.rows is event.rows and view.rows.rows for view in self.sheets):
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
            self.set_timer(DETAIL_AFTER, self._detail_if_moved)

    # Details

    def open_current(self) -> None:
        """Show the row under the cursor in full; asked again, go into the details."""
        if self.detail_open and self._detail_key == self.active.key:
            self.detail.focus()
        elif self.current is not None:
            self.add_class("-detail")
            self._read_detail()
            self.situation_changed()

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        event.stop()
        self.open_current()

    def _detail_if_moved(self) -> None:
        if self.detail_open and self.active.key not in (None, self._detail_key):
            self._read_detail()

    def _read_detail(self) -> None:
        row, key, read_detail = self.current, self.active.key, self.active.sheet.read_detail
        if row is None:
            return
        self._detail_number += 1
        number = self._detail_number
        self._detail_key = key

        def work() -> None:
            try:
                capabilities = self.desk.learn().capabilities
                with self.desk.database.reading() as connection:
                    sections = read_detail(connection, capabilities, row)
            except NightdeskError as error:
                sections = (Group("Details", (Field("", str(error), Tone.BAD),)),)
            if not get_current_worker().is_cancelled:
                self.post_message(self.DetailRead(number, key, sections))

        self.run_worker(
            work, thread=True, exclusive=True, exit_on_error=False, group="detail", description="read detail"
        )

    def on_area_screen_detail_read(self, event: DetailRead) -> None:
        """Show what a worker read, unless another record was asked for since."""
        event.stop()
        if event.number == self._detail_number:
            self.detail.show(event.sections, record=event.key)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Hand on what nobody expected of a worker of this screen."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.app.post_message(UnexpectedFailure(event.worker.error))

    # Leaving

    def step_back(self) -> bool:
        """Take one step back; False when there is none left here."""
        if self.detail_open:
            self.remove_class("-detail")
            self._detail_key = None
            self.active.rows.focus()
            self.situation_changed()
            return True
        if self.active.query.text:
            self.show_filter("")
            return True
        return False
