"""The line that says how fresh the rows are, and what the console has to tell."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len, set_cell_size

from db.visible import visible
from screens.list_view.drawing import Run
from screens.one_line import OneLine
from screens.times import clock
from screens.tone import Tone


class StatusLine(OneLine):
    """Freshness on the right, the last message on the left; a message stays until the next one.

    What is held stands there until it is answered: only warnings and failures come before it, for as long as they last.
    """

    def __init__(self) -> None:
        super().__init__(id="status")
        self._message = Run("", Tone.QUIET)
        self._note = Run("", Tone.QUIET)
        self._stale: tuple[str, ...] = ()
        self._held: tuple[str, ...] = ()
        self._freshness = Run("", Tone.QUIET)
        self._as_of: datetime | None = None

    @property
    def message(self) -> str:
        """What stands on the left: what was said last, else the note."""
        return self._left.text

    @property
    def _left(self) -> Run:
        if self._held and self._message.tone not in (Tone.WARNING, Tone.BAD, Tone.GOOD):
            room = self.size.width - 2
            fitting = (words for words in self._held if cell_len(words) <= room)
            return Run(next(fitting, self._held[-1]), Tone.BAD)
        return self._message if self._message.text else self._note

    @property
    def stale(self) -> bool:
        """Whether the rows on screen could not be refreshed."""
        return bool(self._stale)

    def say(self, message: str, tone: Tone = Tone.PLAIN) -> None:
        """Tell the operator something; empty takes the last message away."""
        self._message = Run(visible(message, limit=500), tone)
        self._show()

    def hold(self, *words: str) -> None:
        """Keep something on the line until it is answered.

        Args:
            words: The same at several lengths, longest first; none to let go.
        """
        self._held = words
        self._show()

    def note(self, note: str) -> None:
        """What an operator must know about the rows on screen; stands wherever nothing else is said."""
        self._note = Run(visible(note, limit=500), Tone.QUIET)
        self._show()

    def fresh(self, as_of: datetime, elapsed_ms: float, rows: str) -> None:
        """The rows on screen are from this moment of the server's clock."""
        self._as_of, self._stale = as_of, ()
        self._freshness = Run(f"{rows} · as of {clock(as_of)} · {elapsed_ms:.1f} ms", Tone.QUIET)
        self._show()

    def stale_since(self) -> None:
        """The rows on screen could not be refreshed."""
        since = f" since {clock(self._as_of)}" if self._as_of else ""
        self._stale = (f"STALE{since} · r tries again", "STALE · r tries again", "STALE")
        self._show()

    def on_resize(self) -> None:
        """Keep the freshness at the right edge."""
        self._show()

    def _right(self, left: Run, width: int) -> Run | None:
        """The freshness in the longest form there is room for; only what is held comes before STALE."""
        spare = width - cell_len(left.text) - 2
        if self._stale:
            room = spare if self._held else max(spare, width * 2 // 3)
            fitting = (words for words in self._stale if cell_len(words) <= room)
            words = next(fitting, None)
            return None if words is None else Run(words, Tone.WARNING)
        # What was said to the operator comes whole before the time does; a note may be cut.
        fits = cell_len(self._freshness.text) <= spare
        gives_way = left is self._note and cell_len(self._freshness.text) < width // 2
        return self._freshness if fits or gives_way else None

    def _show(self) -> None:
        width = max(0, self.size.width - 2)
        left = self._left
        right = self._right(left, width)
        room = width - (cell_len(right.text) + 2 if right else 0)
        text = left.text
        if cell_len(text) > room:
            text = set_cell_size(text, max(0, room - 1)).rstrip() + "…"
        runs = [Run(" ", Tone.QUIET), Run(text, left.tone)]
        if right:
            blank = width - cell_len(text) - cell_len(right.text)
            runs += [Run(" " * max(blank, 0), Tone.QUIET), right]
        self.set_runs(runs)
