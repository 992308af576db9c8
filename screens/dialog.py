"""What dialogs have in common: a line of their own on which the console tells something."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.screen import ModalScreen
from textual.widgets import Static

from screens.key_bar import KeyHint
from screens.text import plain
from screens.tone import Tone

Result = TypeVar("Result")

_STYLES = {Tone.GOOD: "$success", Tone.BAD: "$error", Tone.WARNING: "$warning"}


class Dialog(ModalScreen[Result]):
    """A modal screen that hides the status line, and so says for itself what has to be said."""

    KEYS: ClassVar[tuple[KeyHint, ...]] = ()
    """The keys it takes, for the last line."""
    LINE: ClassVar[str] = ""
    """Selector of the Static on which it tells something."""

    def tell(self, sentence: str, tone: Tone = Tone.PLAIN) -> None:
        """Say something to the operator in place of what stood on the dialog's line."""
        self.query_one(self.LINE, Static).update(plain(sentence, _STYLES.get(tone, "$quiet")))
