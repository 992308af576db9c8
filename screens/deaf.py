"""A dialog that hears nothing for a moment, so that keys typed for the screen below decide nothing."""

from __future__ import annotations

from time import monotonic
from typing import TypeVar

from textual import events

from screens.dialog import Dialog

Result = TypeVar("Result")

DEAF_SECONDS = 0.3

_PRESSED = (events.Key, events.Paste, events.MouseDown, events.MouseUp, events.Click)


class DeafDialog(Dialog[Result]):
    """A modal screen deaf to keys, pastes and clicks until DEAF_SECONDS after it opened or deafened itself.

    The app asks `drops` before it hands on any input: keys go straight to the focused widget and pass no screen.
    """

    _hears_from: float = float("inf")

    def on_mount(self) -> None:
        """Begin to be deaf when there is something to see."""
        self.deafen()

    def deafen(self) -> None:
        """Hear nothing for a moment from now on."""
        self._hears_from = monotonic() + DEAF_SECONDS

    @property
    def deaf(self) -> bool:
        """Whether input is being dropped."""
        return monotonic() < self._hears_from

    def drops(self, event: events.Event) -> bool:
        """Whether this event must not reach the dialog or anything below it."""
        return self.deaf and isinstance(event, _PRESSED)

    def _forward_event(self, event: events.Event) -> None:
        # Mouse events may come here without the app's on_event, from a click that began elsewhere.
        if not self.drops(event):
            super()._forward_event(event)
