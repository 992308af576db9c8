"""Failures as screens tell of them: expected ones in short, others as a fact of which the app writes the report."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from db.errors import NightdeskError, PermissionDenied, Unreachable


@dataclass
class UnexpectedFailure(Message):
    """A worker ended with an error that is none of db.errors."""

    error: BaseException


def in_short(error: NightdeskError) -> str:
    """What failed in two words, for a line beside which the whole sentence stands."""
    if isinstance(error, Unreachable):
        return "not connected"
    return "not allowed" if isinstance(error, PermissionDenied) else "not available here"
