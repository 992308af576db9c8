"""Reads of a list in thread workers: one at a time, late answers dropped, failures handed over as facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from db.errors import NightdeskError
from screens.list_view.source import PageRequest, Row
from screens.list_view.window import Window


@dataclass(frozen=True)
class Outcome(Generic[Row]):
    """What came of a request."""

    request: PageRequest
    result: Window[Row] | Exception


class Reading:
    """Namespace of the message that a worker posts, so that its handler reads on_reading_done."""

    @dataclass
    class Done(Message, namespace="reading"):
        """A worker finished a read."""

        number: int
        request: PageRequest
        result: Any


class PageReader(Generic[Row]):
    """Runs reads for one widget; a newer read makes the answers of older ones void.

    Args:
        widget: Who asks; gets the message Reading.Done.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._asked = 0
        self._answered = 0

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._answered != self._asked

    def start(self, request: PageRequest, read: Callable[[], Window[Row]], *, fresh: bool) -> None:
        """Read in a thread worker.

        Args:
            request: What is asked for.
            read: Does it; blocks.
            fresh: The answer replaces the window, so that reads under way no longer matter; otherwise the read
                is left out while another is under way.
        """
        if self.busy and not fresh:
            return
        self._asked += 1
        number = self._asked

        def work() -> None:
            result: Window[Row] | Exception
            try:
                result = read()
            except NightdeskError as error:
                result = error
            if not get_current_worker().is_cancelled:
                self._widget.post_message(Reading.Done(number, request, result))

        self._widget.run_worker(
            work,
            thread=True,
            exclusive=True,
            exit_on_error=False,
            group="list",
            description=f"read {request.step}",
        )

    def accept(self, message: Reading.Done) -> Outcome[Row] | None:
        """The outcome, or None when something newer was asked since."""
        if message.number != self._asked:
            return None
        self._answered = message.number
        return Outcome(message.request, message.result)

    def drop(self) -> None:
        """Forget reads under way: their answers belong to another list."""
        self._asked += 1
        self._answered = self._asked
