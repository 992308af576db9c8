"""What became of an operation whose answer was lost; it never guesses."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import psycopg

from db.changes.apply import Connection, OnConflict, apply, refusal
from db.changes.changeset import ChangeSet
from db.changes.receipt import Outcome, Receipt, Resolution, read_receipt
from db.errors import NightdeskError, OutcomeUnknown, Refused

Writing = Callable[[], AbstractContextManager[Connection]]


def resolve(connection: Connection, operation_id: UUID) -> Resolution:
    """Ask the database what became of an operation.

    NOT DONE is final: the id is buried, so that a statement still on its way is refused when it arrives.
    """
    try:
        row = connection.execute("select nightdesk.resolve_operation(%s)", (operation_id,)).fetchone()
    except psycopg.errors.ReadOnlySqlTransaction:
        # Not recorded so far; without its tombstone a late arrival could still be done.
        why = "it is not recorded yet, and this connection may not bury its id: ask where writing is allowed"
        return Resolution(Outcome.UNKNOWN, why=why)
    except psycopg.Error as error:
        raise refusal(error) from error
    answer: dict[str, Any] = row[0] if row else {"state": "UNKNOWN"}
    outcome = Outcome(answer["state"].replace("_", " "))
    receipt = read_receipt(answer["receipt"]) if outcome is Outcome.DONE else None
    return Resolution(outcome, receipt, answer.get("why", ""))


def deliver(
    writing: Writing,
    plan: ChangeSet,
    *,
    operation_id: UUID,
    reason: str,
    on_conflict: OnConflict = OnConflict.ABORT,
    console_session: UUID | None = None,
    patience: float = 10.0,
) -> Receipt:
    """Apply a plan and, when the connection breaks meanwhile, find out what became of it on a fresh one.

    Args:
        writing: Opens a connection that may write (`Database.writing`).
        plan: What was previewed.
        operation_id: Made once for this intention; survives the lost connection.
        reason: Why, in the operator's words.
        on_conflict: What to do with units that moved.
        console_session: Chain of audit records, bound to the operator.
        patience: Seconds to wait for an operation that is still running in the server.

    Raises:
        OutcomeUnknown: The database cannot be asked now; the operation id answers later.
        Refused: The connection broke and the operation was not done.
        NightdeskError: As for `apply`.
    """
    try:
        with writing() as connection:
            return apply(
                connection,
                plan,
                operation_id=operation_id,
                reason=reason,
                on_conflict=on_conflict,
                console_session=console_session,
            )
    except OutcomeUnknown:
        resolution = _resolve_on_fresh_connection(writing, operation_id, patience)
    if resolution.receipt is not None:
        return resolution.receipt
    if resolution.outcome is Outcome.NOT_DONE:
        raise Refused("the connection was lost before the change; it was NOT DONE, nothing was written")
    raise OutcomeUnknown(
        f"operation {operation_id} is {resolution.outcome.value}; ask again with `nightdesk resolve {operation_id}`",
        operation_id,
    )


def _resolve_on_fresh_connection(writing: Writing, operation_id: UUID, patience: float) -> Resolution:
    deadline = time.monotonic() + patience
    while True:
        try:
            with writing() as connection:
                resolution = resolve(connection, operation_id)
        except NightdeskError:
            resolution = Resolution(Outcome.UNKNOWN)
        if resolution.outcome in (Outcome.DONE, Outcome.NOT_DONE) or time.monotonic() > deadline:
            return resolution
        time.sleep(0.2)
