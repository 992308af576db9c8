"""Asks for one short value before a plan is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from screens.dialog import Dialog
from screens.key_bar import KeyHint
from screens.text import plain
from screens.tone import Tone


class Ask(Dialog[str | None]):
    """A question with one line to answer; dismissed with the answer, or None.

    Args:
        title: What is about to be planned.
        question: What is asked.
        value: Answer that stands there already.
        complaint: Says what is wrong with an answer, or None when it will do.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Cancel")]
    KEYS: ClassVar[tuple[KeyHint, ...]] = (KeyHint("Enter", "preview"), KeyHint("Esc", "cancels"))
    LINE = "#complaint"
    HELP = "Type the answer, Enter goes on to the preview, Esc leaves; nothing is changed here."

    def __init__(self, title: str, question: str, value: str, complaint: Callable[[str], str | None]) -> None:
        super().__init__()
        self._title = title
        self._question = question
        self._value = value
        self._complaint = complaint

    def compose(self) -> ComposeResult:
        """Title, question, answer, complaint."""
        with Vertical(classes="dialog"):
            yield Static(plain(self._title), classes="dialog--title", markup=False)
            yield Static(plain(self._question), markup=False)
            entry = Input(self._value, compact=True, id="answer")
            entry.cursor_blink = False
            yield entry
            yield Static("", id="complaint", markup=False)
            yield Static("Enter preview   Esc cancel", classes="dialog--keys", markup=False)

    @on(Input.Submitted, "#answer")
    def _answer(self, event: Input.Submitted) -> None:
        answer = event.value.strip()
        complaint = self._complaint(answer)
        if complaint is None:
            self.dismiss(answer)
        else:
            self.tell(complaint, Tone.BAD)

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)
