"""The list that every area uses: keyset pages both ways, the cursor stays on its row, states in words."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.worker import Worker, WorkerState

from db.errors import UsageError
from db.page import Page
from screens.list_view.columns import Column
from screens.list_view.messages import Highlighted, Opened, PageShown, ReadFailed
from screens.list_view.painting import PaintedList
from screens.list_view.reading import PageReader, Reading
from screens.list_view.source import PageRequest, PageSource, Row, Step
from screens.list_view.window import Loaded, View, Window, found_again, reread
from screens.tone import Tone

LOADING_AFTER = 0.15
"""Seconds before a list says that it is loading: a flash of a word helps nobody."""


def _no_rows() -> str:
    return "no rows"


class ListView(PaintedList[Row]):
    """A list of rows of any length.

    Args:
        columns: Declared columns.
        key: Identity of a row; the cursor stays on it through refreshes.
        id: DOM id.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Next row", id="list.down"),
        Binding("up,k", "move(-1)", "Previous row", id="list.up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", id="list.page-down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", id="list.page-up"),
        Binding("home,g", "first", "First row", id="list.first"),
        Binding("end,G", "last", "Last row", id="list.last"),
    ]

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        id: str | None = None,  # noqa: A002 - the name Textual gives it
    ) -> None:
        super().__init__(columns, id=id)
        self._key = key
        self._empty: Callable[[], str] = _no_rows
        self._former: tuple[PageSource[Row] | None, Callable[[], str]] | None = None
        self._steps_left = 0
        self._reader: PageReader[Row] = PageReader(self)
        self._source: PageSource[Row] | None = None

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._window.rows[self._view.cursor] if self._window.rows else None

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows in memory, in list order."""
        return self._window.rows

    @property
    def switching(self) -> bool:
        """Whether the rows are still those of the list that was shown before."""
        return self._former is not None

    @property
    def busy(self) -> bool:
        """Whether a read is under way."""
        return self._reader.busy

    def show(
        self,
        source: PageSource[Row],
        *,
        empty: Callable[[], str] = _no_rows,
        page: Page[Row] | None = None,
        keep: bool = False,
    ) -> None:
        """Show another list from its beginning.

        Args:
            source: Where its pages come from.
            empty: Says why there may be no rows, once that is known.
            page: Its first page, when that was read already.
            keep: Keep the rows on screen until the others are there; for good when they cannot be read.
        """
        if keep:
            self._former = self._former or (self._source, self._empty)
            self._source, self._empty = source, empty
            self._read(PageRequest(Step.FIRST))
            return
        self._source, self._empty = source, empty
        self._forget("")
        request = PageRequest(Step.FIRST)
        if page is None:
            self._read(request)
        else:
            self._take(request, Window((Loaded(request, page),)))

    def block(self, sentence: str, tone: Tone = Tone.WARNING) -> None:
        """Show a sentence instead of rows: no table, no permission, no connection."""
        self._source = None
        self._forget(sentence, tone)
        self.post_message(Highlighted(self))

    def reload(self) -> None:
        """Read the visible pages again; the cursor stays on its row."""
        if self._source is None:
            return
        if self.switching:
            self._read(PageRequest(Step.FIRST))
            return
        source = self._source
        pages = self._window.pages_over(self._view.top, self._view.top + self.page_height - 1)
        self._reader.start(PageRequest(Step.AGAIN), lambda: reread(pages, source), fresh=True)
        self._announce_loading()

    def _forget(self, sentence: str, tone: Tone = Tone.QUIET) -> None:
        self._reader.drop()
        self._former = None
        self._window, self._view, self._steps_left = Window(), View(), 0
        self._wanted = ()
        self.paint_sentence(sentence, tone)
        self.paint_all()

    # Reading

    def _read(self, request: PageRequest) -> None:
        source = self._source
        if source is None:
            return
        fresh = request.step in (Step.FIRST, Step.LAST)
        self._reader.start(request, lambda: Window((Loaded(request, source(request)),)), fresh=fresh)
        self._announce_loading()

    def _announce_loading(self) -> None:
        if not self._window.rows:
            self.set_timer(LOADING_AFTER, self._say_loading)

    def _say_loading(self) -> None:
        if self._reader.busy and not self._window.rows:
            self.paint_sentence("loading…")

    def on_reading_done(self, message: Reading.Done) -> None:
        """Take in what a worker read, unless something newer was asked since."""
        message.stop()
        outcome = self._reader.accept(message)
        if outcome is None:
            return
        if isinstance(outcome.result, Exception):
            self._fail(outcome.result, str(outcome.result))
        else:
            self._take(outcome.request, outcome.result)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Hand on what no one expected of a read; whoever hears it writes the report."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            self._reader.drop()
            self._fail(error, "something unexpected happened while reading; r tries again")

    def _fail(self, error: BaseException, sentence: str) -> None:
        self._steps_left = 0
        if self._former is not None:
            (self._source, self._empty), self._former = self._former, None
            if isinstance(error, UsageError):
                # Whoever asked for it says what is wrong with it; this list is as it was.
                self.paint_sentence(self._nothing())
                self.post_message(ReadFailed(self, error))
                return
        self.paint_sentence(sentence, Tone.BAD)
        self.post_message(ReadFailed(self, error))

    def _take(self, request: PageRequest, read: Window[Row]) -> None:
        before, first_rows = self.current, not self._wanted or self.switching
        self._former = None
        self._place(request.step, read)
        steps, self._steps_left = self._steps_left, 0
        self._view = self._view.moved(steps, len(self._window.rows), self.page_height)
        page = read.pages[-1].page
        self._as_of = page.as_of
        self.paint_sentence("" if self._window.rows else self._nothing())
        self.paint_rows(read.rows, anew=first_rows)
        if self.current is None or self.current != before:
            self.post_message(Highlighted(self))
        more = self._window.above is not None or self._window.below is not None
        shown = PageShown(self, page.as_of, page.elapsed_ms, len(self._window.rows), more, page.note)
        self.post_message(shown)

    def _place(self, step: Step, read: Window[Row]) -> None:
        if step is Step.AFTER:
            self._window, shift = self._window.with_below(read.pages[0])
            self._view = self._view.shifted(shift)
        elif step is Step.BEFORE:
            self._window, shift = self._window.with_above(read.pages[0])
            self._view = self._view.shifted(shift)
        elif step is Step.AGAIN:
            self._view = found_again(self._window, self._view, read, self._key)
            self._window = read
        else:
            self._window, self._view = read, View(0, len(read.rows) - 1 if step is Step.LAST else 0)

    def _nothing(self) -> str:
        if self._window.below is not None:
            return "no match among the rows looked through so far; PgDn looks further"
        return self._empty()

    # Moving

    def action_move(self, delta: int) -> None:
        """Move the cursor by rows, reading more where the window ends."""
        rows, height, old = len(self._window.rows), self.page_height, self._view
        wanted = old.cursor + delta
        self._view = old.moved(delta, rows, height)
        if wanted >= rows and self._window.below is not None:
            self._steps_left = min(wanted - self._view.cursor, height)
            self._more(Step.AFTER)
        elif wanted < 0 and self._window.above is not None:
            self._steps_left = max(wanted - self._view.cursor, -height)
            self._more(Step.BEFORE)
        elif rows and self._view.cursor + height >= rows and self._window.pages[-1].page.rows:
            self._more(Step.AFTER)
        elif self._view.cursor < height:
            self._more(Step.BEFORE)
        if self._view != old:
            self.paint_move(old)
            self.post_message(Highlighted(self))

    def action_page(self, direction: int) -> None:
        """Move by a screen less one line, so that one line stays to hold on to."""
        self.action_move(direction * max(1, self.page_height - 1))

    def action_first(self) -> None:
        """Go to the beginning of the list."""
        if self._window.above is None:
            self.action_move(-self._view.cursor)
        else:
            self._read(PageRequest(Step.FIRST))

    def action_last(self) -> None:
        """Go to the end of the list, however long it is."""
        if self._window.below is None:
            self.action_move(len(self._window.rows) - 1 - self._view.cursor)
        else:
            self._read(PageRequest(Step.LAST))

    def open_current(self) -> None:
        """Ask for the details of the row under the cursor."""
        if self.current is not None:
            self.post_message(Opened(self))

    def _more(self, step: Step) -> None:
        cursor = self._window.below if step is Step.AFTER else self._window.above
        if cursor is not None and not self._reader.busy:
            self._read(PageRequest(step, cursor))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the clicked row; a double click opens it."""
        number = self.row_number_at(event.y)
        if number is not None:
            self.action_move(number - self._view.cursor)
            if event.chain > 1:
                self.open_current()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move on by three rows."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move back by three rows."""
        event.stop()
        self.action_move(-3)
