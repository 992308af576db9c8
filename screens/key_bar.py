"""The keys that work now, on the last line; light: repainted only when another key comes or goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from screens.list_view.drawing import Run
from screens.one_line import OneLine
from screens.tone import Tone


@dataclass(frozen=True)
class KeyHint:
    """A key as the operator sees it.

    Args:
        key: How the key is called, such as e or PgDn.
        title: What it does, in a word or two.
        reason: Why it does not work now; None when it works.
    """

    key: str
    title: str
    reason: str | None = None


class KeyBar(OneLine):
    """Shows key hints; what does not work now stands dim, in parentheses."""

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._hints: tuple[KeyHint, ...] = ()
        self._lent: tuple[KeyHint, ...] = ()

    @property
    def hints(self) -> tuple[KeyHint, ...]:
        """What is shown."""
        return self._lent or self._hints

    def lend(self, hints: Sequence[KeyHint]) -> None:
        """Show the keys of whatever has them now, a dialog or an input; none gives the line back."""
        if tuple(hints) != self._lent:
            self._lent = tuple(hints)
            self._lay_out()

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Show other hints; does nothing when they are the same; unseen while the line is lent."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self._lay_out()

    def on_resize(self) -> None:
        """Show as many as fit."""
        self._lay_out()

    def _lay_out(self) -> None:
        runs: list[Run] = []
        room = self.size.width
        for hint in self.hints:
            pieces = _pieces(hint)
            length = sum(cell_len(piece.text) for piece in pieces)
            if length > room:
                break
            runs += pieces
            room -= length
        self.set_runs(runs)


def _pieces(hint: KeyHint) -> tuple[Run, ...]:
    if hint.reason is not None:
        return (Run(f" ({hint.key} {hint.title}) ", Tone.QUIET),)
    return (Run(f" {hint.key}", Tone.STRONG), Run(f" {hint.title}  ", Tone.PLAIN))
