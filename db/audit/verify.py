"""Whether the record of operations is whole: every digest and every link recomputed by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from db.audit.listing import NOT_INSTALLED
from db.errors import Refused


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit; operation and code are None where the operation itself is missing."""

    operation_id: UUID | None
    code: str | None
    problem: str


@dataclass(frozen=True)
class Verification:
    """What was looked at and what was found.

    Args:
        operations: How many operations were recomputed.
        sessions: How many console sessions they belong to.
        heads: One digest over the heads of all sessions: kept elsewhere, it proves that nothing was cut off.
    """

    operations: int
    sessions: int
    heads: str
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether everything fits."""
        return not self.findings


def verify(connection: psycopg.Connection[Any], *, since: datetime | None = None) -> Verification:
    """Recompute the audit, all of it or what was applied since a moment.

    Raises:
        Refused: The schema nightdesk is not installed here.
    """
    installed = connection.execute(
        "select pg_catalog.to_regprocedure('nightdesk.verify_audit(timestamptz)') is not null"
    ).fetchone()
    if installed != (True,):
        raise Refused(NOT_INSTALLED)
    counted = connection.execute(
        "select count(*), count(distinct console_session) from nightdesk.operation"
        " where %(since)s::timestamptz is null or applied_at >= %(since)s",
        {"since": since},
    ).fetchone()
    heads = connection.execute(
        "select encode(sha256(convert_to(coalesce(string_agg(console_session::text || encode(digest, 'hex'), ' '"
        " order by console_session), ''), 'UTF8')), 'hex') from nightdesk.chain_head"
    ).fetchone()
    found = connection.execute(
        "select operation_id, code, problem from nightdesk.verify_audit(%s)", (since,)
    ).fetchall()
    return Verification(
        operations=counted[0] if counted else 0,
        sessions=counted[1] if counted else 0,
        heads=heads[0] if heads else "",
        findings=tuple(Finding(*row) for row in found),
    )
