"""The lines in which a filter is typed, and which show it while it holds, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from screens.key_bar import KeyHint
from screens.text import plain


class FilterBar(Vertical):
    """Hidden while there is no filter; an input while one is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Leave filter", show=False)]
    KEYS: ClassVar[tuple[KeyHint, ...]] = (KeyHint("Enter", "applies"), KeyHint("Esc", "closes"))

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
        self._of = ""
        self._complaint = ""

    def compose(self) -> ComposeResult:
        """The label; input and complaint come when they are first needed."""
        with Horizontal(id="filter-line"):
            yield Static("filter ", id="filter-label", markup=False)

    @property
    def editing(self) -> bool:
        """Whether the operator is typing."""
        return self.has_class("-editing")

    @property
    def text(self) -> str:
        """The filter that holds."""
        return self._text

    @property
    def complaint(self) -> str:
        """What is wrong with the filter that was typed; empty once it is edited."""
        return self._complaint

    async def edit(self, hint: str, text: str | None = None) -> None:
        """Let the operator type.

        Args:
            hint: Example of the syntax, shown in the empty input.
            text: What stands there; None for the filter that holds.
        """
        if not self.query(Input):
            entry = Input(compact=True, select_on_focus=False, id="filter-input")
            entry.cursor_blink = False
            await self.query_one("#filter-line").mount(entry)
            await self.mount(Static("", id="filter-complaint", markup=False))
        entry = self.query_one(Input)
        text = self._text if text is None else text
        entry.placeholder = hint
        with entry.prevent(Input.Changed):
            entry.value = text
        entry.cursor_position = len(text)
        self.query_one("#filter-label", Static).update(f"{self._label} ", layout=True)
        self.add_class("-editing")
        entry.focus()

    async def complain(self, sentence: str, hint: str, text: str) -> None:
        """Say what is wrong with a filter and let it be mended; the rows and the filter of before stay.

        Args:
            sentence: What is wrong.
            hint: Example of the syntax.
            text: The filter as it was typed.
        """
        await self.edit(hint, text)
        self._complaint = sentence
        self.query_one("#filter-complaint", Static).update(plain(sentence, "$error"))
        self.add_class("-wrong")

    def set_text(self, text: str, of: str = "") -> None:
        """Show the filter that holds now.

        Args:
            text: The filter.
            of: The list it filters, where there are several.
        """
        self._text, self._of = text, of
        self._show(text)

    def wait(self, text: str) -> None:
        """Show a filter whose rows are being read; the former ones are on screen until then."""
        self._show(f"{text} · reading…" if text else "none · reading…")

    @property
    def _label(self) -> str:
        return f"filter of {self._of}:" if self._of else "filter"

    def _show(self, text: str) -> None:
        self._mended()
        self.query_one("#filter-label", Static).update(plain(f"{self._label} {text}", "$primary"))
        self.set_class(bool(text), "-active")
        self.remove_class("-editing")

    def _mended(self) -> None:
        self._complaint = ""
        self.remove_class("-wrong")

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        event.stop()
        self._mended()

    @on(Input.Submitted)
    def _confirm(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(" ".join(event.value.split())))

    def action_cancel(self) -> None:
        """Keep the filter that held before."""
        self.set_text(self._text, self._of)
        self.post_message(self.Left())
