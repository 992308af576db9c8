"""How a list draws itself: only lines in view, one line per row, only lines whose text changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, Generic

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from db.visible import visible
from screens.list_view.columns import Column, Fitted, content_widths, fit
from screens.list_view.drawing import Run, row_runs, title_text, wrapped
from screens.list_view.source import Row
from screens.list_view.window import View, Window
from screens.tone import Tone

_HEADING = 1
_MARK = "› "
_NO_MARK = "  "


class PaintedList(Widget, Generic[Row], can_focus=True):
    """The drawn half of a list: a window of rows, a view over it, or a sentence instead of rows.

    Args:
        columns: Declared columns.
        id: DOM id.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "list--title",
        "list--cursor",
        "list--cursor-idle",
        *(f"tone--{tone}" for tone in Tone),
    }

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        *,
        id: str | None = None,  # noqa: A002 - the name Textual gives it
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._window: Window[Row] = Window()
        self._view = View()
        self._as_of = datetime.now(UTC)
        self._sentence = ""
        self._sentence_tone = Tone.QUIET
        self._wanted: tuple[int, ...] = ()
        self._fitted: tuple[Fitted[Row], ...] = ()
        self._drawn: dict[int, tuple[Run, ...]] = {}
        self._marked = True

    def mark(self, marked: bool) -> None:
        """Show where the cursor is, or not: of several lists only the one that keys act on marks a row."""
        if marked is not self._marked:
            self._marked = marked
            if self._window.rows:
                self._paint_line(self._view.cursor - self._view.top)

    @property
    def sentence(self) -> str:
        """What the list says instead of rows; empty while it shows rows."""
        return "" if self._window.rows else self._sentence

    @property
    def page_height(self) -> int:
        """Rows that fit on screen."""
        return max(1, self.size.height - _HEADING)

    def row_number_at(self, y: int) -> int | None:
        """Number of the row drawn at a line of the widget."""
        number = self._view.top + y - _HEADING
        return number if y >= _HEADING and number < len(self._window.rows) else None

    def on_resize(self) -> None:
        """Fit columns and view to the new size."""
        self._view = self._view.settled(len(self._window.rows), self.page_height)
        self._fitted = fit(self._columns, self._wanted, self._text_width) if self._wanted else ()
        self.paint_all()

    def paint_all(self) -> None:
        """Draw every line anew."""
        self._drawn.clear()
        self.refresh()

    def paint_sentence(self, sentence: str, tone: Tone = Tone.QUIET) -> None:
        """Say something instead of rows."""
        if (sentence, tone) != (self._sentence, self._sentence_tone):
            self._sentence, self._sentence_tone = sentence, tone
            if not self._window.rows:
                self.paint_all()

    def paint_rows(self, new: Sequence[Row], *, anew: bool = False) -> None:
        """Draw after rows came: all lines when columns got wider, else those with another text.

        Args:
            new: The rows that came; columns widen for them.
            anew: Forget the widths that earlier rows needed.
        """
        self._wanted = content_widths(self._columns, new, self._as_of, () if anew else self._wanted)
        fitted = fit(self._columns, self._wanted, self._text_width)
        if anew or fitted != self._fitted or not self._drawn:
            self._fitted = fitted
            self.paint_all()
            return
        for line in range(self.page_height):
            if self._drawn.get(line) != self._runs(line):
                self._paint_line(line)

    def paint_move(self, old: View) -> None:
        """Draw after the cursor moved: two lines, or all when the view scrolled."""
        if self._view.top != old.top:
            self.refresh()
        elif self._view.cursor != old.cursor:
            self._paint_line(old.cursor - self._view.top)
            self._paint_line(self._view.cursor - self._view.top)

    def render_line(self, y: int) -> Strip:
        """Draw one line; called by the compositor for lines that need it."""
        width = self.size.width
        if y < _HEADING:
            title = Segment(_NO_MARK + title_text(self._fitted), self._style("list--title"))
            return Strip([title]).adjust_cell_length(width, title.style)
        runs = self._drawn[y - _HEADING] = self._runs(y - _HEADING)
        if self._marked and self._window.rows and self._view.top + y - _HEADING == self._view.cursor:
            style = self._style("list--cursor" if self.has_focus else "list--cursor-idle")
            return Strip([Segment("".join(run.text for run in runs), style)]).adjust_cell_length(width, style)
        segments = [Segment(run.text, self._style(f"tone--{run.tone}")) for run in runs]
        return Strip(segments).adjust_cell_length(width, self._style("tone--plain"))

    @property
    def _text_width(self) -> int:
        return max(1, self.size.width - len(_MARK))

    def _paint_line(self, line: int) -> None:
        self.refresh(Region(0, line + _HEADING, self.size.width, 1))

    def _runs(self, line: int) -> tuple[Run, ...]:
        rows = self._window.rows
        number = self._view.top + line
        if not rows:
            return self._sentence_runs(line)
        if number >= len(rows):
            return ()
        mark = Run(_MARK if self._marked and number == self._view.cursor else _NO_MARK, Tone.PLAIN)
        return (mark, *row_runs(self._fitted, rows[number], self._as_of))

    def _sentence_runs(self, line: int) -> tuple[Run, ...]:
        lines = wrapped(visible(self._sentence), self._text_width)
        # A line apart from the heading where there is room for it.
        number = line - (1 if len(lines) < self.page_height else 0)
        if not 0 <= number < len(lines):
            return ()
        return (Run(_NO_MARK + lines[number], self._sentence_tone),)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name)
