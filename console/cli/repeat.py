"""Whether a command sent again under an operation's id is the one that was recorded under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from db.errors import NightdeskError, Refused
from db.wording import counted

if TYPE_CHECKING:
    from db.changes import ChangeSet, Operation, Verb

    Rows: TypeAlias = frozenset[tuple[str, Verb, frozenset[tuple[str, Any]]]]


def assert_same_change(
    operation: Operation, plan: Callable[[], ChangeSet], undoing: Operation | None, expect: str | None
) -> None:
    """Refuse to answer for an operation that did something else than this command would.

    Args:
        operation: What is recorded under the id.
        plan: Plans the command again. Values may differ, since the first run moved them; action and rows may not.
        undoing: The operation that the command takes back, if it is an undo: that is all it does, and planning it
            again is refused once it is done.
        expect: The hash that the command names, if it names one.

    Raises:
        Refused: It was another change, or nobody can tell any more.
    """
    receipt = operation.receipt
    rows = counted(receipt.changed, "row")
    recorded = f"{receipt.code} ({receipt.action}, {rows}) is recorded under this id"
    if expect is not None and expect != receipt.hash:
        raise Refused(f"{recorded} with other changes: its hash is {receipt.hash}. Nothing was changed now.")
    if undoing is not None:
        same = receipt.undoes == undoing.receipt.operation_id
    else:
        same = _does_the_same(operation, plan, expect, recorded)
    if not same:
        raise Refused(f"{recorded}, and it was another change than this one. Nothing was changed now.")


def _does_the_same(
    operation: Operation, plan: Callable[[], ChangeSet], expect: str | None, recorded: str
) -> bool:
    try:
        again = plan()
    except NightdeskError as error:
        if expect is not None:
            return True
        raise Refused(
            f"{recorded}; whether it was this change cannot be told, since that cannot be planned again: {error}"
        ) from error
    return again.action == operation.receipt.action and _planned(again, operation) == _written(operation)


def _planned(plan: ChangeSet, operation: Operation) -> Rows:
    skipped = {unit.unit for unit in operation.receipt.skipped}
    return frozenset(
        (_qualified(change.table, plan.schema), change.verb, frozenset(change.key.items()))
        for unit in plan.units
        if unit.id not in skipped
        for change in unit.changes
    )


def _written(operation: Operation) -> Rows:
    return frozenset((image.table, image.verb, frozenset(image.key.items())) for image in operation.images)


def _qualified(table: str, schema: str) -> str:
    return table if "." in table else f"{schema}.{table}"
