"""What every area's screen has in common: lists by pages, a filter, details beside or below, freshness in words."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker, WorkerState, get_current_worker

from db.errors import NightdeskError, PermissionDenied, Unreachable, UsageError
from db.page import Page, parse_terms
from screens.desk import Desk
from screens.detail import DetailPane, Field, Group, Section
from screens.failures import UnexpectedFailure, in_short
from screens.filter_bar import FilterBar
from screens.list_view import Highlighted, ListMessage, Opened, PageRequest, PageShown, PageSource, ReadFailed
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
        self._retry: Timer | None = None

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
            view.rows.mark(view is self.active)
            view.show(self._source(view), self._empty(view), page if view is self.active else None)

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
                self._show_filter_bar()
                self._detail_if_moved()
        for view in self.sheets:
            view.rows.set_class(view is self.active, "-active")
            view.rows.mark(view is self.active)
        self.key_bar.lend(self.filter_bar.KEYS if self.filter_bar.editing else ())
        self.situation_changed()

    # Listing

    async def show_filter(self, text: str) -> None:
        """Show the rows that a filter lets through; if it is wrong, the former rows stay and it can be mended."""
        view = self.active
        try:
            query = Query(parse_terms(text), text)
        except NightdeskError as error:
            await self.filter_bar.complain(str(error), view.sheet.filter_hint, text)
            return
        self.status.say("")
        view.ask(query, self._source(view, query), self._empty(view, query))
        self.filter_bar.wait(text)
        view.rows.focus()

    def _show_filter_bar(self) -> None:
        several = self.active.sheet.id if len(self.sheets) > 1 else ""
        self.filter_bar.set_text(self.active.query.text, several)

    def refresh_rows(self) -> None:
        """Read what is on screen again."""
        self.desk.forget()
        self.status.say("")
        for view in self.sheets:
            if view.rows.rows:
                view.rows.reload()
            else:
                view.show(self._source(view), self._empty(view))
        if self.detail_open:
            self._read_detail()

    async def edit_filter(self) -> None:
        """Let the operator type a filter for the list that has the focus."""
        self._show_filter_bar()
        await self.filter_bar.edit(self.active.sheet.filter_hint)

    def _empty(self, view: SheetView[Any], query: Query | None = None) -> Callable[[], str]:
        asked = query or view.query

        def empty() -> str:
            known = self.desk.known
            return view.nothing(asked, known.capabilities if known is not None else None)

        return empty

    def _source(self, view: SheetView[Any], query: Query | None = None) -> PageSource[Any]:
        asked, read_page = query or view.query, view.sheet.read_page

        def read(request: PageRequest) -> Page[Any]:
            capabilities = self.desk.learn().capabilities
            with self.desk.database.reading() as connection:
                return read_page(connection, capabilities, request, asked)

        return read

    @on(FilterBar.Submitted)
    async def _filter_submitted(self, event: FilterBar.Submitted) -> None:
        event.stop()
        await self.show_filter(event.text)

    @on(FilterBar.Left)
    def _filter_left(self, event: FilterBar.Left) -> None:
        event.stop()
        self.active.rows.focus()

    @on(PageShown)
    def _page_shown(self, event: PageShown) -> None:
        event.stop()
        view = self._view_of(event)
        if not view.rows.switching and view.settle(holds=True) is not None and view is self.active:
            self._show_filter_bar()
        if view is self.active:
            rows = f"{event.count:,}{'+' if event.more else ''} row{'' if event.count == 1 else 's'}"
            self.status.fresh(event.as_of, event.elapsed_ms, rows)
            self.status.note(event.note or "")
        self._answered(True)
        if self.desk.unresolved:
            self._ask_again()

    @on(ReadFailed)
    async def _read_failed(self, event: ReadFailed) -> None:
        event.stop()
        view = self._view_of(event)
        asked = view.settle(holds=False)
        if isinstance(event.error, UsageError) and asked is not None:
            await self.filter_bar.complain(str(event.error), view.sheet.filter_hint, asked.text)
            return
        if asked is not None and view is self.active:
            self._show_filter_bar()
        if not isinstance(event.error, NightdeskError):
            self.app.post_message(UnexpectedFailure(event.error))
        elif view.rows.rows:
            self.status.say(f"{in_short(event.error)}: {event.error}", Tone.BAD)
        else:
            # The list says the whole sentence, over as many lines as it takes.
            self.status.say(in_short(event.error), Tone.BAD)
        if view.rows.rows:
            self.status.stale_since()
            self._retry_on_the_minute()
        self._answered(not isinstance(event.error, Unreachable | PermissionDenied))

    def _view_of(self, event: ListMessage) -> SheetView[Any]:
        return next(view for view in self.sheets if view.rows is event.rows)

    def _answered(self, answered: bool) -> None:
        if self.desk.known is None:
            self.masthead.connected(answered)
        self.learned()

    def _retry_on_the_minute(self) -> None:
        """Try again by itself while the rows are stale, once a minute at most; fresh rows ask for nothing."""
        if self._retry is None:
            self._retry = self.set_timer(60 - datetime.now(UTC).timestamp() % 60, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        if self.status.stale:
            for view in self.sheets:
                view.rows.reload()

    def _ask_again(self) -> None:
        from screens.unresolved import ask_again

        self.run_worker(
            ask_again(self), exclusive=True, exit_on_error=False, group="resolve", description="resolve"
        )

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
            self.run_worker(self.show_filter(""), group="filter", description="no filter")
            return True
        return False
