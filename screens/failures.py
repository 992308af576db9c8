"""The fact that something failed which nobody expected; the app writes the report and says its number."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message


@dataclass
class UnexpectedFailure(Message):
    """A worker ended with an error that is none of db.errors."""

    error: BaseException
