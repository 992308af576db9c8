"""Applying a ChangeSet: one statement, once per operation id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus

from db.changes.changeset import ChangeSet
from db.changes.receipt import Receipt, describe_moved, read_receipt
from db.connection.failure import translate
from db.errors import (
    ApprovalNeeded,
    NightdeskError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
    RowsMoved,
    UsageError,
)

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]


class OnConflict(StrEnum):
    """What to do with units whose rows moved since the preview."""

    ABORT = "abort"
    SKIP = "skip"


def apply(
    connection: Connection,
    plan: ChangeSet,
    *,
    operation_id: UUID,
    reason: str,
    on_conflict: OnConflict = OnConflict.ABORT,
    console_session: UUID | None = None,
    requested_by: str | None = None,
    parent: UUID | None = None,
) -> Receipt:
    """Apply exactly these changes and their audit record, or nothing.

    Args:
        connection: An autocommit connection that may write.
        plan: What was previewed; its hash is what gets applied.
        operation_id: Made once per confirmed intention; the same id again answers "already done".
        reason: Why, in the operator's words.
        on_conflict: ABORT refuses everything when one unit moved; SKIP leaves moved units out and reports them.
        console_session: Chain of audit records this one is appended to, bound to the operator; without one it is
            the chain of everything that this operator does outside a console.
        requested_by: For workers: the person on whose behalf they act.
        parent: The batch that this is a part of.

    Raises:
        RowsMoved: Rows or facts moved since the preview (nothing was written).
        PermissionDenied: The operator lacks a right.
        ApprovalNeeded: A second operator must approve these changes first.
        Refused: The operation id was used for other changes, or declared not done.
        OutcomeUnknown: The connection broke while the statement ran; ask `resolve`.
    """
    with _translating(connection, operation_id):
        row = connection.execute(
            "select nightdesk.apply_changes(%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                operation_id,
                plan.action,
                reason,
                plan.text,
                on_conflict.value,
                console_session,
                requested_by,
                parent,
            ),
        ).fetchone()
    if row is None:
        raise OutcomeUnknown(f"the database gave no answer about operation {operation_id}", operation_id)
    return read_receipt(row[0])


def begin_batch(
    connection: Connection,
    parts: tuple[ChangeSet, ...],
    *,
    operation_id: UUID,
    reason: str,
    console_session: UUID | None = None,
) -> Receipt:
    """Open an operation larger than one statement may hold; apply each part with `parent=operation_id`.

    Raises:
        PermissionDenied, Refused, OutcomeUnknown: As for `apply`.
    """
    with _translating(connection, operation_id):
        row = connection.execute(
            "select nightdesk.begin_batch(%s, %s, %s, %s, %s, %s)",
            (
                operation_id,
                parts[0].action,
                reason,
                [part.hash for part in parts],
                sum(part.rows for part in parts),
                console_session,
            ),
        ).fetchone()
    if row is None:
        raise OutcomeUnknown(f"the database gave no answer about operation {operation_id}", operation_id)
    return read_receipt(row[0])


@contextmanager
def _translating(connection: Connection, operation_id: UUID) -> Iterator[None]:
    status = connection.info.transaction_status
    if not connection.autocommit or status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        raise UsageError("changes are applied outside a transaction: a receipt must not be rolled back")
    try:
        yield
    except psycopg.Error as error:
        if _ended_the_session(error):
            raise OutcomeUnknown(
                f"the connection was lost while operation {operation_id} ran; "
                f"`nightdesk resolve {operation_id}` says whether it was done",
                operation_id,
            ) from error
        raise refusal(error) from error


def _ended_the_session(error: psycopg.Error) -> bool:
    """Tell whether the connection went with the error: then it may have come after the commit."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    severity = error.diag.severity_nonlocalized
    return severity in {"FATAL", "PANIC"} or error.sqlstate.startswith(("57P", "08"))


def refusal(error: psycopg.Error) -> NightdeskError:
    """Translate what `nightdesk.apply_changes` and its companions raise (SQLSTATE class ND)."""
    sentence = error.diag.message_primary or str(error)
    match error.sqlstate:
        case "ND001":
            moved: list[dict[str, Any]] = json.loads(error.diag.message_detail or "[]")
            told = "; ".join(describe_moved(entry) for entry in moved[:5])
            return RowsMoved(
                f"nothing was written, because it changed since the preview: {told}", tuple(moved)
            )
        case "ND003":
            return ApprovalNeeded(sentence)
        case "ND002" | "ND004" | "ND006" | "ND007":
            return Refused(sentence)
        case "ND005":
            return UsageError(sentence)
        case "42501":
            return PermissionDenied(sentence)
        case str(state) if state.startswith("22"):
            return UsageError(f"nothing was written, because a value does not fit: {sentence}")
        case None if isinstance(error, psycopg.DataError | psycopg.ProgrammingError):
            return UsageError(f"nothing was sent: {sentence}")
        case "23505" | "23503" | "23514" | "23502" | "23P01":
            constraint = error.diag.constraint_name or error.diag.column_name or "a constraint"
            return Refused(f"nothing was written: {constraint} of {error.diag.table_name} does not allow it")
        case _:
            return translate(error)
