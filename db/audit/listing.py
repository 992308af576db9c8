"""The list of operations, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.capabilities import Capabilities
from db.errors import PermissionDenied, Refused
from db.page import KeyType, Listing, Sort, SortColumn, filters

NOT_INSTALLED = "this database has no schema nightdesk: there is no record here"

_TABLE = "nightdesk.operation"
_READS = ("id", "code", "applied_at", "action", "actor", "requested_by", "reason", "changed", "skipped")


@dataclass(frozen=True)
class AuditEntry:
    """One operation; its row images are read one operation at a time (`db.changes.find_operation`).

    Args:
        changed: Rows written.
        skipped: Units left out because they had moved.
        undone_by: Codes of the operations that took it back, with a word where they left rows.
    """

    id: UUID
    code: str
    applied_at: datetime
    action: str
    actor: str
    requested_by: str
    reason: str
    changed: int
    skipped: int
    undone_by: str | None


def operations(caps: Capabilities) -> Listing[AuditEntry]:
    """Declare the list for this role.

    Raises:
        Refused: The schema nightdesk is not installed here.
        PermissionDenied: This role may not read the audit.
    """
    if not caps.has(_TABLE):
        raise Refused(NOT_INSTALLED)
    if not caps.table(_TABLE).readable("id", "applied_at", "code"):
        raise PermissionDenied(f"{caps.role} holds no console role, and the audit is for operators")
    applied = (SortColumn("o.applied_at", KeyType.TIMESTAMPTZ), SortColumn("o.id", KeyType.UUID))
    return Listing(
        name="audit",
        table=_TABLE,
        alias="o",
        reads=_READS,
        columns={
            **{name: f"o.{name}" for name in ("id", "code", "applied_at", "action", "reason", "changed")},
            "actor": "o.actor::text",
            "requested_by": "o.requested_by::text",
            "skipped": "jsonb_array_length(o.skipped)",
            "undone_by": "(select string_agg(u.code, ', ' order by u.applied_at)"
            " || case when sum(u.changed) < o.changed then ' (partly)' else '' end"
            " from nightdesk.operation as u where u.undoes = o.id)",
        },
        make=AuditEntry,
        sorts=(Sort("applied", applied, descending=True),),
        filters=(
            filters.text("actor", "o.actor", carried=filters.under("applied")),
            filters.text("action", "o.action"),
            filters.text("code", "o.code", carried=filters.always),
            filters.contains("reason", "o.reason"),
            filters.age("age", "o.applied_at", now="now()", carried=filters.under("applied")),
        ),
    )
