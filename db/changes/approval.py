"""Four eyes: asking a second operator for exactly these changes, looking at them, and deciding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg

from db.changes.apply import Connection, refusal
from db.changes.changeset import ChangeSet
from db.errors import NotFound, Refused

LIFETIME = timedelta(minutes=15)
"""How long a request waits for its decision, and an approval for its use."""

_HIDDEN = {"$hidden": 1}
_NOW = {"$now": 1}


class State(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True)
class Approval:
    """A request for a second operator's word.

    Args:
        hash: Of the change set that is asked for; nothing else can be applied under it.
        rows: How many rows it writes.
        requested_by: Who asks, and who alone may use it.
        used_by: The operation that spent it.
    """

    id: UUID
    state: State
    hash: str
    action: str
    rows: int
    reason: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    used_by: UUID | None


@dataclass(frozen=True)
class AskedChange:
    """One column of one row (or one fact, or one guard) of what is asked for, as this operator may see it."""

    unit: str
    verb: str
    table: str
    key: str
    column: str
    before: str | None
    after: str | None


def request_approval(
    connection: Connection, parts: tuple[ChangeSet, ...], *, reason: str, lifetime: timedelta = LIFETIME
) -> Approval:
    """Ask a second operator for a change set, or for the parts of a batch.

    Raises:
        PermissionDenied: Who may not make these changes may not ask for them either.
        UsageError: No reason, no change set, or a lifetime beyond a minute to a day.
    """
    try:
        row = connection.execute(
            "select nightdesk.request_approval(%s, %s, %s, %s)",
            (parts[0].action, [part.text for part in parts], reason, lifetime),
        ).fetchone()
    except psycopg.Error as error:
        raise refusal(error) from error
    if row is None:
        raise Refused(
            "the database gave no answer to the request; `nightdesk approvals list` shows it if it is there"
        )
    return find_approval(connection, row[0])


def approvals(connection: Connection, *, every: bool = False, limit: int = 100) -> tuple[Approval, ...]:
    """List requests, newest first: those that wait or can be used, or every one."""
    rows = connection.execute(
        _SELECT + " where %s or (a.used_by is null and a.approved is distinct from false"
        " and a.expires_at > clock_timestamp()) order by a.requested_at desc, a.id limit %s",
        (every, limit),
    ).fetchall()
    return tuple(_read(row) for row in rows)


def find_approval(connection: Connection, approval: UUID) -> Approval:
    """Read one request.

    Raises:
        NotFound: There is none of this id.
    """
    row = connection.execute(_SELECT + " where a.id = %s", (approval,)).fetchone()
    if row is None:
        raise NotFound(f"no approval {approval} is asked for in this database")
    return _read(row)


def approval_changes(connection: Connection, approval: UUID) -> tuple[AskedChange, ...]:
    """Read what is asked for, as far as this operator may read the columns."""
    rows = connection.execute(
        "select unit, table_name, verb, key, before, after, guard, args from nightdesk.approval_changes(%s)",
        (approval,),
    ).fetchall()
    return tuple(line for row in rows for line in _lines(*row))


def decide_approval(connection: Connection, approval: UUID, *, approve: bool, reason: str) -> Approval:
    """Say yes or no, once; what was decided is what `approval_changes` shows, by its hash.

    Raises:
        PermissionDenied: It is one's own request, or one may not make these changes.
        Refused: There is no such request, it was decided already, or it has expired.
    """
    try:
        connection.execute("select nightdesk.decide_approval(%s, %s, %s)", (approval, approve, reason))
    except psycopg.Error as error:
        raise refusal(error) from error
    return find_approval(connection, approval)


_SELECT = (
    "select a.id, case when a.used_by is not null then 'used' when not a.approved then 'rejected'"
    " when a.expires_at <= clock_timestamp() then 'expired' when a.approved then 'approved' else 'waiting' end,"
    " a.hash, a.action, a.rows, a.reason, a.requested_by::text, a.requested_at, a.expires_at, a.decided_by::text,"
    " a.decided_at, a.decision_reason, a.used_by from nightdesk.approval a"
)


def _read(row: tuple[Any, ...]) -> Approval:
    return Approval(row[0], State(row[1]), *row[2:])


def _lines(
    unit: str,
    table: str | None,
    verb: str | None,
    key: Mapping[str, Any] | None,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    guard: str | None,
    arguments: Mapping[str, Any] | None,
) -> list[AskedChange]:
    if guard is not None:
        told = ", ".join(f"{name} {value}" for name, value in (arguments or {}).items())
        return [AskedChange(unit, "guard", "", "", guard, told, None)]
    record = ", ".join(str(_shown(value)) for value in (key or {}).values())
    old, new = before or {}, after or {}
    columns = sorted({*old, *new}) if verb != "update" else sorted(new)
    return [
        AskedChange(
            unit, verb or "", table or "", record, column, _shown(old.get(column)), _shown(new.get(column))
        )
        for column in columns or [""]
    ]


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return {str(_HIDDEN): "(hidden)", str(_NOW): "(now)"}.get(str(value), str(value))
