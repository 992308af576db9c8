"""What was done, as the database recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class SkippedUnit:
    """A unit that was left out because a row or fact of it had moved since the preview."""

    unit: str
    why: str


@dataclass(frozen=True)
class Receipt:
    """The answer to an applied ChangeSet; the same again when the same operation is sent twice."""

    operation_id: UUID
    code: str
    action: str
    hash: str
    actor: str
    requested_by: str
    reason: str
    applied_at: datetime
    changed: int
    skipped: tuple[SkippedUnit, ...]
    console_session: UUID
    chain_head: str
    undoes: UUID | None = None
    parent_id: UUID | None = None
    already_done: bool = False


class Outcome(StrEnum):
    """What became of an operation whose answer was lost."""

    DONE = "DONE"
    NOT_DONE = "NOT DONE"
    STILL_RUNNING = "STILL RUNNING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Resolution:
    """The outcome of an operation, with its receipt if it is done."""

    outcome: Outcome
    receipt: Receipt | None = None
    why: str = ""


def read_receipt(answer: Mapping[str, Any]) -> Receipt:
    """Build a Receipt from the JSON that `nightdesk.apply_changes` and `nightdesk.receipt` return."""
    return Receipt(
        operation_id=UUID(answer["operation_id"]),
        code=answer["code"],
        action=answer["action"],
        hash=answer["hash"],
        actor=answer["actor"],
        requested_by=answer["requested_by"],
        reason=answer["reason"],
        applied_at=datetime.fromisoformat(answer["applied_at"]),
        changed=answer["changed"],
        skipped=read_skipped(answer["skipped"]),
        console_session=UUID(answer["console_session"]),
        chain_head=answer["digest"],
        undoes=UUID(answer["undoes"]) if answer["undoes"] else None,
        parent_id=UUID(answer["parent_id"]) if answer["parent_id"] else None,
        already_done=answer.get("already_done", False),
    )


def read_skipped(moved: list[Mapping[str, Any]]) -> tuple[SkippedUnit, ...]:
    """One line a unit out of the rows and facts that the database found moved."""
    lines: dict[str, list[str]] = {}
    for entry in moved:
        lines.setdefault(entry["unit"], []).append(describe_moved(entry))
    return tuple(SkippedUnit(unit, "; ".join(why)) for unit, why in lines.items())


def describe_moved(entry: Mapping[str, Any]) -> str:
    """Say in words what moved: which row, and which column is now what."""
    if "guard" in entry:
        return str(entry["why"])
    record = f"{entry['table']} {', '.join(entry['key'].values())}"
    if entry["why"] == "gone":
        return f"{record} is gone"
    if entry["why"] == "exists":
        return f"{record} exists already"
    columns = ", ".join(
        f"{column['column']} is now {'NULL' if column['now'] is None else column['now']}"
        for column in entry["columns"]
    )
    return f"{record}: {columns}"
