"""A ChangeSet as lines to look at: table, key, column, before and after."""

from __future__ import annotations

from dataclasses import dataclass

from db.changes.changeset import ChangeSet
from db.changes.values import Encoded
from db.verb import Verb


@dataclass(frozen=True)
class DiffLine:
    """One column of one row; before is None for an insert, after is None for a delete."""

    unit: str
    label: str
    verb: Verb
    table: str
    key: str
    column: str
    before: Encoded
    after: Encoded


def diff(plan: ChangeSet) -> tuple[DiffLine, ...]:
    """Every value that the plan changes, in the order of its units."""
    return tuple(
        DiffLine(
            unit=unit.id,
            label=unit.label or unit.id,
            verb=change.verb,
            table=change.table,
            key=", ".join(str(value) for value in change.key.values()),
            column=column,
            before=before,
            after=after,
        )
        for unit in plan.units
        for change in unit.changes
        for column, before, after in change.columns()
    )
