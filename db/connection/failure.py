"""What PostgreSQL says when it refuses, as a sentence an operator can act on.

DETAIL and CONTEXT of the server are never shown: inside a definer function they print whole rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from db.connection.login import login_failure
from db.errors import NightdeskError, PermissionDenied, Refused, Unreachable
from db.visible import visible

_LIMIT: Final = 300

# SQLSTATEs: PostgreSQL documentation, appendix A.
_LOST = frozenset({"57P01", "57P02", "57P05", "25P03", "25P04"})
_UNREACHABLE = frozenset({"57P03", "53300", "3D000", "57P04"})
_SENTENCES: Final[dict[str, str]] = {
    "25006": "This connection is read-only (a replica, or an environment marked read_only); nothing was changed.",
    "55P03": "Somebody else holds a lock that this needs; nothing was changed. Try again in a moment.",
    "40P01": "Two operations waited for each other and PostgreSQL ended this one; nothing was changed. Try again.",
    "40001": "Another operation changed the same rows at the same time; nothing was changed. Look again and retry.",
}
_ABSENT: Final[dict[str, str]] = {
    "42P01": "a table",
    "42703": "a column",
    "42883": "a function",
    "3F000": "a schema",
    "42704": "an object",
}


@contextmanager
def translated() -> Iterator[None]:
    """Let errors of psycopg leave the block as errors of db.errors."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error) from error


def translate(error: psycopg.Error) -> NightdeskError:
    """Return the error of db.errors that says the same to an operator.

    Args:
        error: Any error of psycopg.
    """
    state = error.sqlstate
    if state is None:
        return _without_state(error)
    said = _said(error)
    if state in _LOST or state.startswith("08"):
        return Unreachable(f"The connection to PostgreSQL was lost ({said}).")
    if state in _UNREACHABLE:
        return Unreachable(f"PostgreSQL does not take the connection: {said}.")
    if state.startswith("28"):
        return PermissionDenied(f"PostgreSQL refuses the login: {said}.")
    if state == "42501":
        return PermissionDenied(f"This role may not do that: {said}. `nightdesk doctor` shows what it may.")
    if state == "57014":
        return Refused(_stopped(error))
    if state in _ABSENT:
        return Refused(
            f"This database lacks {_ABSENT[state]} ({said}); `nightdesk doctor` says what is missing."
        )
    if state.startswith("23"):
        return Refused(f"The change breaks {_constraint(error)}; nothing was changed.")
    return Refused(_SENTENCES.get(state, f"PostgreSQL refuses ({state}): {said}."))


def _without_state(error: psycopg.Error) -> NightdeskError:
    """Judge an error that libpq or psycopg raised itself: no server gave it a code."""
    failed = login_failure(str(error))
    if failed is not None:
        return failed
    text = _flat(str(error))
    if isinstance(error, psycopg.OperationalError):
        if "closed the connection" in text or "connection is lost" in text or "connection is closed" in text:
            return Unreachable("The connection to PostgreSQL was lost.")
        return Unreachable(f"PostgreSQL cannot be reached: {text}.")
    if isinstance(error, psycopg.InterfaceError):
        return Unreachable(f"The connection to PostgreSQL cannot be used: {text}.")
    return Refused(f"PostgreSQL refuses: {text}.")


def _stopped(error: psycopg.Error) -> str:
    primary = error.diag.message_primary or ""
    if "user request" in primary:
        return "The statement was cancelled; nothing was changed."
    return "The statement took longer than its time limit and was stopped; nothing was changed."


def _constraint(error: psycopg.Error) -> str:
    name, table = error.diag.constraint_name, error.diag.table_name
    if name is not None:
        return f"the rule {visible(name)} of {visible(table or 'a table')}"
    column = error.diag.column_name
    if column is not None:
        return f"a rule of the column {visible(table or '')}.{visible(column)}"
    return f"a rule ({_said(error)})"


def _said(error: psycopg.Error) -> str:
    return _flat(error.diag.message_primary or str(error).split("\n", 1)[0])


def _flat(text: str) -> str:
    """Make one safe line of a message that may come from a server nobody trusts."""
    return visible(" ".join(text.split()), limit=_LIMIT).rstrip(".")
