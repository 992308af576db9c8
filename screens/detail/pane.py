"""The detail pane: one record, grouped, wrapped, scrolled by lines; draws only what is in view."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.detail.fields import Section
from screens.detail.layout import lines
from screens.list_view.drawing import Run
from screens.tone import Tone


class DetailPane(ScrollView, can_focus=True):
    """Shows sections of one record.

    Args:
        id: DOM id.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Scroll down", id="detail.down"),
        Binding("up,k", "scroll_up", "Scroll up", id="detail.up"),
        Binding("pagedown,ctrl+f,space", "page_down", "Page down", id="detail.page-down"),
        Binding("pageup,ctrl+b", "page_up", "Page up", id="detail.page-up"),
        Binding("home,g", "scroll_home", "Beginning", id="detail.first"),
        Binding("end,G", "scroll_end", "End", id="detail.last"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tone--{tone}" for tone in Tone}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name Textual gives it
        super().__init__(id=id)
        self._sections: tuple[Section, ...] = ()
        self._lines: tuple[tuple[Run, ...], ...] = ()
        self._record: Hashable = None

    @property
    def sections(self) -> tuple[Section, ...]:
        """What is shown."""
        return self._sections

    @property
    def plain(self) -> str:
        """The laid-out text, without tones."""
        return "\n".join("".join(run.text for run in line) for line in self._lines)

    def show(self, sections: Sequence[Section], *, record: Hashable = None) -> None:
        """Show a record; the scroll position stays when it is the same one again."""
        same, self._record = record == self._record, record
        if tuple(sections) != self._sections:
            self._sections = tuple(sections)
            self._lay_out()
        if not same:
            self.scroll_home(animate=False)

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = max(1, self.scrollable_content_region.width - 1)
        self._lines = lines(self._sections, width)
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line; called by the compositor for lines that need it."""
        number = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        runs = self._lines[number] if number < len(self._lines) else ()
        segments = [Segment(run.text, self.get_component_rich_style(f"tone--{run.tone}")) for run in runs]
        return Strip(segments).adjust_cell_length(width, self.get_component_rich_style("tone--plain"))
