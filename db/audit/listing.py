"""The list of operations, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from db.errors import PermissionDenied, Refused
from db.page import KeyType, Listing, Sort, SortColumn, filters

NOT_INSTALLED = "this database has no schema nightdesk: nothing was ever changed here by nightdesk"


@dataclass(frozen=True)
class AuditEntry:
    """One operation; its row images are read one operation at a time (`db.changes.find_operation`).

    Args:
        changed: Rows written.
        skipped: Units left out because they had moved.
        undone_by: Code of the operation that took it back.
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


def operations(connection: psycopg.Connection[Any]) -> Listing[AuditEntry]:
    """Declare the list.

    Raises:
        Refused: The schema nightdesk is not installed here.
        PermissionDenied: This role may not read the audit.
    """
    row = connection.execute(
        "select r is not null, r is not null and pg_catalog.has_table_privilege(r, 'select')"
        " from (select pg_catalog.to_regclass('nightdesk.operation')) x (r)"
    ).fetchone()
    if row is None or not row[0]:
        raise Refused(NOT_INSTALLED)
    if not row[1]:
        raise PermissionDenied("your login holds no console role, and the audit is for operators")
    applied = (SortColumn("o.applied_at", KeyType.TIMESTAMPTZ), SortColumn("o.id", KeyType.UUID))
    return Listing(
        name="audit",
        source="nightdesk.operation as o",
        columns={
            "id": "o.id",
            "code": "o.code",
            "applied_at": "o.applied_at",
            "action": "o.action",
            "actor": "o.actor::text",
            "requested_by": "o.requested_by::text",
            "reason": "o.reason",
            "changed": "o.changed",
            "skipped": "jsonb_array_length(o.skipped)",
            "undone_by": "(select u.code from nightdesk.operation as u where u.undoes = o.id"
            " order by u.applied_at limit 1)",
        },
        make=AuditEntry,
        sorts=(Sort("applied", applied, descending=True),),
        filters=(
            filters.text("actor", "o.actor::text"),
            filters.text("action", "o.action"),
            filters.text("code", "o.code", carried=filters.always),
            filters.contains("reason", "o.reason"),
            filters.age("age", "o.applied_at", now="now()", carried=filters.always),
        ),
    )
