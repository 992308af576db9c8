"""The frame of every place: identity above, status and keys below, and what the rest of the console asks of it."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen

from screens.desk import Desk
from screens.key_bar import KeyBar
from screens.masthead import Masthead
from screens.places import Place
from screens.status_line import StatusLine


class PlaceScreen(Screen[None]):
    """The root screen of a mode.

    Args:
        desk: The database and what is known about it.
        place: Which place this is.
    """

    @dataclass
    class SituationChanged(Message):
        """Other actions may be possible now."""

    HELP = ""

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__()
        self.desk = desk
        self.place = place
        self.masthead = Masthead(desk, place)
        self.status = StatusLine()
        self.key_bar = KeyBar()
        self._seen: object = None
        self._repairing = False

    def compose(self) -> ComposeResult:
        """Masthead, the place's own body, status, keys."""
        yield self.masthead
        yield from self.compose_body()
        yield self.status
        yield self.key_bar

    def compose_body(self) -> ComposeResult:
        """What the place shows between the frame's lines."""
        yield from ()

    def refresh_rows(self) -> None:
        """Read what is on screen again."""

    def step_back(self) -> bool:
        """Take one step back; False when there is none left here."""
        return False

    @property
    def at_root(self) -> bool:
        """Whether nothing is open that Esc would close first."""
        return True

    def start_repair(self, flow: Coroutine[Any, Any, None]) -> None:
        """Run the dialogs of one repair; a second one waits until the first has ended."""
        if self._repairing:
            flow.close()
            return
        self._repairing = True

        async def run() -> None:
            try:
                await flow
            finally:
                self._repairing = False

        self.run_worker(run(), exit_on_error=False, group="repair", description="repair")

    def situation_changed(self) -> None:
        """Tell the app that other actions may be possible now."""
        self.post_message(self.SituationChanged())

    def learned(self) -> None:
        """Draw the masthead again if the server said something new about itself."""
        if self.desk.known != self._seen:
            self._seen = self.desk.known
            self.masthead.refresh()
            self.situation_changed()

    def hold_unresolved(self) -> None:
        """Keep the first operation whose outcome is unknown on the status line, with the way to its answer."""
        if not self.desk.unresolved:
            self.status.hold()
            return
        command = f"nightdesk resolve {self.desk.unresolved[0]}"
        self.status.hold(
            f"operation unknown: {command} · r asks again", f"operation unknown: {command}", command
        )

    def on_screen_suspend(self) -> None:
        """While a dialog stands here, the last line says what its keys are."""
        dialog = self.app.screen_stack[-1]
        if dialog is not self and self.app.screen_stack[0] is self:
            self.key_bar.lend(getattr(dialog, "KEYS", ()))

    def on_screen_resume(self) -> None:
        """Another place may have learned something meanwhile."""
        self.key_bar.lend(())
        self.hold_unresolved()
        self.learned()
        self.situation_changed()
