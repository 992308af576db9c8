"""A ChangeSet in words and lines: what changes, how much of it, and what came of it. Pure."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from db.changes import ChangeSet, DiffLine, Now, Receipt, Verb, diff
from screens.confirm.room import shortened
from screens.detail import NOTHING, Field, Group
from screens.times import stamp
from screens.tone import Tone

SIDE_BY_SIDE = 36
"""Characters of both values together that still fit on one line of a narrow dialog."""

OUR_SCHEMA = "nightdesk"

HASH_SHOWN = 44
"""Cells of a hash beside the labels of a receipt, so that it never breaks over two lines."""

_VERBS = {Verb.INSERT: "added", Verb.UPDATE: "changed", Verb.DELETE: "removed"}


def totals(plan: ChangeSet) -> str:
    """How many rows of which tables are written."""
    counted = Counter((_name(change.table), change.verb) for unit in plan.units for change in unit.changes)
    parts = [
        f"{number:,} row{'s' if number != 1 else ''} of {table} {_VERBS[verb]}"
        for (table, verb), number in counted.items()
    ]
    records = f"{len(plan.units):,} record{'s' if len(plan.units) != 1 else ''}"
    return f"{records}: {', '.join(parts) or 'nothing is written'}"


def records(plan: ChangeSet) -> tuple[Group, ...]:
    """The diff, one group a row of a record."""
    groups = []
    for (label, table, key, verb), found in groupby(
        diff(plan), key=lambda line: (line.label, line.table, line.key, line.verb)
    ):
        name = label if label == key else f"{label} ({key})"
        fields = tuple(field for line in found for field in _change(line))
        groups.append(Group(f"{name} · {_name(table)} · {_VERBS[verb]}", fields))
    return tuple(groups)


def receipt_fields(receipt: Receipt) -> tuple[Group, ...]:
    """What was done, and what was left out and why."""
    done = Group(
        "Receipt",
        (
            Field("code", receipt.code, Tone.STRONG),
            Field("operation", receipt.operation_id),
            Field("changed", f"{receipt.changed:,} row{'s' if receipt.changed != 1 else ''}", Tone.GOOD),
            Field("at", stamp(receipt.applied_at)),
            Field("by", receipt.actor),
            Field("reason", receipt.reason),
            Field("hash", shortened(receipt.hash, HASH_SHOWN)),
        ),
    )
    if not receipt.skipped:
        return (done,)
    left_out = tuple(Field(unit.unit, unit.why, Tone.WARNING) for unit in receipt.skipped)
    return (done, Group("Left out", left_out))


def _name(table: str) -> str:
    """The table as previews and undos both call it: the platform's schema goes without saying, ours does not."""
    schema, _, name = table.rpartition(".")
    return table if schema == OUR_SCHEMA else name


def _change(line: DiffLine) -> tuple[Field, ...]:
    """The two values side by side where they are short, else one below the other; signs carry the meaning."""
    before, after = _value(line.before), _value(line.after)
    if line.verb is Verb.INSERT:
        return (Field(line.column, f"+ {after}"),)
    if line.verb is Verb.DELETE:
        return (Field(line.column, f"- {before}"),)
    if len(before) + len(after) <= SIDE_BY_SIDE:
        return (Field(line.column, f"{before}  →  {after}"),)
    return (Field(line.column, f"- {before}"), Field("", f"+ {after}"))


def _value(value: str | Now | None) -> str:
    if isinstance(value, Now):
        return "the time when it is applied"
    return NOTHING if value is None else value or "''"
