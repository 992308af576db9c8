"""A dialog that hears nothing for a moment, so that keys typed for the screen below decide nothing."""

from __future__ import annotations

from time import monotonic
from typing import Final, TypeVar

from textual import events
from textual.screen import ModalScreen

Result = TypeVar("Result")

DEAF_SECONDS: Final = 0.3


class DeafDialog(ModalScreen[Result]):
    """A modal screen deaf to keys, pastes and clicks until DEAF_SECONDS after it opened or deafened itself."""

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

    def _forward_event(self, event: events.Event) -> None:
        # The one place through which input reaches a screen and its widgets.
        pressed = isinstance(
            event, events.Key | events.Paste | events.MouseDown | events.MouseUp | events.Click
        )
        if pressed and self.deaf:
            event.stop()
            return
        super()._forward_event(event)
