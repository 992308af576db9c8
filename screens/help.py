"""The keys that work here, by scope, made from the registry and the widgets' own bindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from screens.detail import DetailPane, Section
from screens.dialog import Dialog
from screens.key_bar import KeyHint
from screens.place_screen import PlaceScreen
from screens.text import plain


class Help(Dialog[None]):
    """What this place is for and which keys work in it.

    Args:
        screen: The place on screen.
        sections: Keys by scope.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "leave", "Close", show=False)
    ]
    KEYS: ClassVar[tuple[KeyHint, ...]] = (KeyHint("PgDn", "scrolls"), KeyHint("Esc", "closes"))
    LINE = ".dialog--keys"
    HELP = "Esc closes the help."

    def __init__(self, screen: PlaceScreen, sections: Sequence[Section]) -> None:
        super().__init__()
        self._place = screen
        self._sections = sections

    def compose(self) -> ComposeResult:
        """What the place is, and its keys."""
        about = " ".join((self._place.HELP or "").split())
        with Vertical(classes="dialog wide"):
            yield Static(plain(self._place.place.heading), classes="dialog--title", markup=False)
            yield Static(plain(about), markup=False)
            yield DetailPane(id="changes")
            yield Static("Esc closes", classes="dialog--keys", markup=False)

    def on_mount(self) -> None:
        """Show the keys."""
        pane = self.query_one(DetailPane)
        pane.show(self._sections)
        pane.focus()

    def action_leave(self) -> None:
        """Close the help."""
        self.dismiss(None)
