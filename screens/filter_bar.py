"""The line in which a filter is typed, and which shows it while it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from screens.text import plain


class FilterBar(Horizontal):
    """Hidden while there is no filter; an input while one is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Leave filter", show=False)]

    @dataclass
    class Submitted(Message):
        """The operator asks for another filter, empty for none; set_text ends the typing when it will do."""

        text: str

    @dataclass
    class Left(Message):
        """The operator stopped typing without another filter."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def compose(self) -> ComposeResult:
        """The label; the input comes when it is first needed."""
        yield Static("filter ", id="filter-label", markup=False)

    @property
    def editing(self) -> bool:
        """Whether the operator is typing."""
        return self.has_class("-editing")

    @property
    def text(self) -> str:
        """The filter that holds."""
        return self._text

    async def edit(self, hint: str) -> None:
        """Let the operator type, beginning with the filter that holds.

        Args:
            hint: Example of the syntax, shown in the empty input.
        """
        if not self.query(Input):
            entry = Input(compact=True, select_on_focus=False, id="filter-input")
            entry.cursor_blink = False
            await self.mount(entry)
        entry = self.query_one(Input)
        entry.placeholder = hint
        entry.value = self._text
        entry.cursor_position = len(self._text)
        self.query_one("#filter-label", Static).update("filter ", layout=True)
        self.add_class("-editing")
        entry.focus()

    def set_text(self, text: str) -> None:
        """Show the filter that holds now."""
        self._text = text
        self.query_one("#filter-label", Static).update(plain(f"filter {text}", "$primary"))
        self.set_class(bool(text), "-active")
        self.remove_class("-editing")

    @on(Input.Submitted)
    def _confirm(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(" ".join(event.value.split())))

    def action_cancel(self) -> None:
        """Keep the filter that held before."""
        self.set_text(self._text)
        self.post_message(self.Left())
