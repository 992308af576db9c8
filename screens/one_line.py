"""A widget of one line that is repainted only when its text changes; never a layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from screens.list_view.drawing import Run
from screens.tone import Tone


class OneLine(Widget):
    """Shows runs of text on one line, cut at the right edge.

    Args:
        id: DOM id.
    """

    DEFAULT_CSS = "OneLine { height: 1; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tone--{tone}" for tone in Tone}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name Textual gives it
        super().__init__(id=id)
        self._runs: tuple[Run, ...] = ()

    @property
    def plain(self) -> str:
        """The text without tones."""
        return "".join(run.text for run in self._runs)

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Show other text; runs must be visible() already."""
        if tuple(runs) != self._runs:
            self._runs = tuple(runs)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line; called by the compositor."""
        if y:
            return Strip.blank(self.size.width, self.rich_style)
        segments = [
            Segment(run.text, self.get_component_rich_style(f"tone--{run.tone}")) for run in self._runs
        ]
        return Strip(segments).adjust_cell_length(
            self.size.width, self.get_component_rich_style("tone--plain")
        )
