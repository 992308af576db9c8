"""The inverse of an operation: planned, previewed and applied like any other ChangeSet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.changes.apply import Connection
from db.changes.changeset import ChangeSet, RowChange, Unit
from db.changes.identity import database_identity
from db.changes.operation import Operation, RowImage, find_operation
from db.changes.values import encode_row
from db.errors import PermissionDenied, Refused
from db.verb import Verb
from db.wording import counted

ACTION_SUFFIX = ".undo"
_SET_BY_SERVER = ("updated_at", "updatedAt")


def undo_plan(connection: Connection, reference: str) -> ChangeSet:
    """Plan the undo of an operation: every row back to what it was, if nothing touched it since.

    Rows that an earlier undo put back are left alone; what it had to skip is planned again.

    Raises:
        NotFound: No such operation.
        Refused: It cannot be undone, with the reason.
        PermissionDenied: This operator may not read what would have to be put back.
    """
    operation = find_operation(connection, reference)
    _assert_undoable(operation)
    units: dict[str, list[RowChange]] = {}
    for image in reversed(operation.remaining):
        units.setdefault(image.unit, []).append(inverse(image))
    receipt = operation.receipt
    return ChangeSet(
        action=receipt.action + ACTION_SUFFIX,
        database=database_identity(connection),
        units=tuple(Unit(id=unit, changes=tuple(changes)) for unit, changes in units.items()),
        summary=f"Undo {receipt.code} ({receipt.action} by {receipt.actor}): "
        f"{counted(len(operation.remaining), 'row')} back to what stood before",
        undoes=receipt.operation_id,
    )


def inverse(image: RowImage) -> RowChange:
    """The change that puts one row back.

    Raises:
        PermissionDenied: The image holds a column that this operator may not read.
    """
    _known(image, image.key)
    before, after = _known(image, image.before), _known(image, image.after)
    if image.verb is Verb.INSERT:
        compared = {c: v for c, v in after.items() if c not in _SET_BY_SERVER and c not in image.key}
        return RowChange(Verb.DELETE, image.table, image.key, encode_row(compared), None)
    if image.verb is Verb.DELETE:
        restored = {c: v for c, v in before.items() if c not in _SET_BY_SERVER and c not in image.key}
        return RowChange(Verb.INSERT, image.table, image.key, None, encode_row(restored))
    return RowChange(
        Verb.UPDATE,
        image.table,
        image.key,
        encode_row(after),
        encode_row({column: before[column] for column in after}),
    )


def _assert_undoable(operation: Operation) -> None:
    code = operation.receipt.code
    if not operation.images:
        raise Refused(f"{code} wrote no row of its own: undo its parts, or its images passed their retention")
    if not operation.remaining:
        raise Refused(f"{code} was already undone by {operation.undone_by}")
    final = next((image for image in operation.remaining if not image.undoable), None)
    if final is not None:
        raise Refused(
            f"{code} deleted a row of {final.table} whose content was not kept; it cannot be undone"
        )


def _known(image: RowImage, values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    hidden = [column for column, value in (values or {}).items() if value == {"$hidden": 1}]
    if hidden:
        raise PermissionDenied(
            f"undoing needs to read {image.table}.{hidden[0]}, which is hidden from your role"
        )
    return values or {}
