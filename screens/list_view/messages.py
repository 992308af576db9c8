"""What a list tells those around it, as facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from textual.message import Message


@dataclass
class Highlighted(Message, namespace="list_view"):
    """The cursor came to another row, or its row changed; None when there is no row."""

    row: object | None


@dataclass
class Opened(Message, namespace="list_view"):
    """The operator asked for the details of a row."""

    row: object


@dataclass
class PageShown(Message, namespace="list_view"):
    """Fresh rows are on screen."""

    as_of: datetime
    elapsed_ms: float
    rows: int
    more_above: bool
    more_below: bool
    note: str | None


@dataclass
class ReadFailed(Message, namespace="list_view"):
    """A page could not be read; rows that were there stay."""

    error: BaseException
