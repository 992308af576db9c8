"""What a list tells those around it, as facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from textual.message import Message
from textual.widget import Widget


@dataclass
class ListMessage(Message, namespace="list_view"):
    """Something about one list.

    Args:
        rows: The list.
    """

    rows: Widget

    @property
    def control(self) -> Widget:
        """The list, for selectors of handlers."""
        return self.rows


@dataclass
class Highlighted(ListMessage, namespace="list_view"):
    """The cursor came to another row, or its row changed, or there is none any more."""


@dataclass
class Opened(ListMessage, namespace="list_view"):
    """The operator asked for the details of the row under the cursor."""


@dataclass
class PageShown(ListMessage, namespace="list_view"):
    """Fresh rows are on screen."""

    as_of: datetime
    elapsed_ms: float
    count: int
    more: bool
    note: str | None


@dataclass
class ReadFailed(ListMessage, namespace="list_view"):
    """A page could not be read; rows that were there stay."""

    error: BaseException
