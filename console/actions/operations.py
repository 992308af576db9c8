"""Actions on operations: what was just done can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions.action import Action, Right, Scope, Situation
from db.verb import Verb

if TYPE_CHECKING:
    from db.changes import RowChange


def _undo(situation: Situation) -> None:
    if situation.receipt is not None:
        situation.receipt.undo()


def _why_not_undo(situation: Situation) -> str | None:
    receipt = situation.receipt.receipt if situation.receipt is not None else None
    if receipt is None:
        return "no change was just made here; `nightdesk undo` takes an older one back"
    if receipt.undoes is not None:
        return "this was an undo; plan the change itself again"
    return None if receipt.changed else "nothing was changed"


def _rights_to_undo(situation: Situation) -> tuple[Right, ...]:
    if situation.receipt is None:
        return ()
    return tuple(_right_to_undo(change) for unit in situation.receipt.plan.units for change in unit.changes)


def _right_to_undo(change: RowChange) -> Right:
    table = change.table.rpartition(".")[2]
    if change.verb is Verb.INSERT:
        return Right(table, Verb.DELETE)
    if change.verb is Verb.DELETE:
        return Right(table, Verb.INSERT, tuple(change.before or ()))
    return Right(table, Verb.UPDATE, tuple(change.after or ()))


UNDO = Action(
    id="operation.undo",
    title="undo",
    description="In the receipt of a change: plan to take it back; shows the change before it is made.",
    keys=("u",),
    run=_undo,
    needs_here=_rights_to_undo,
    writes=True,
    why_not=_why_not_undo,
    shown=False,
    scope=Scope.RECEIPT,
)
