"""Whether the record of operations is whole: every digest and every link recomputed by the database.

In slices: a console's statements have a time limit, and a record of years does not fit into one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from uuid import UUID

import psycopg

from db.audit.heads import Head, read_heads
from db.audit.listing import NOT_INSTALLED
from db.changes.apply import refusal
from db.errors import Refused

Connection: TypeAlias = psycopg.Connection[Any]

SLICE_ROWS = 20_000
"""Operations and row images in one statement: about a second's work."""


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


@dataclass(frozen=True)
class _Slice:
    since: datetime | None
    until: datetime | None
    operations: int
    sessions: frozenset[UUID]


def verify(
    connection: Connection,
    *,
    since: datetime | None = None,
    kept: tuple[Head, ...] = (),
    slice_rows: int = SLICE_ROWS,
) -> Verification:
    """Recompute the audit, all of it or what was applied since a moment.

    Args:
        connection: An autocommit connection: each slice is a statement of its own.
        since: Leave out what was applied before; links to it are looked at nevertheless.
        kept: Heads that were written down elsewhere; each must still be a link of its chain.
        slice_rows: Operations and images to recompute at once.

    Raises:
        Refused: The schema nightdesk is not installed here.
    """
    installed = connection.execute(
        "select pg_catalog.to_regprocedure('nightdesk.verify_frame()') is not null"
    ).fetchone()
    if installed != (True,):
        raise Refused(NOT_INSTALLED)
    try:
        return _verify(connection, since, kept, slice_rows)
    except psycopg.Error as error:
        raise refusal(error) from error


def verify_month(connection: Connection, month: date, *, slice_rows: int = SLICE_ROWS) -> tuple[Finding, ...]:
    """Recompute one month: what must be sound before its row images are dropped."""
    first = datetime(month.year, month.month, 1, tzinfo=UTC)
    until = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
    found = [
        f for part in _slices(connection, first, until, slice_rows) for f in _operations(connection, part)
    ]
    return (*found, *_month(connection, month, None))


def _verify(
    connection: Connection, since: datetime | None, kept: tuple[Head, ...], slice_rows: int
) -> Verification:
    findings = _findings(connection, "select operation_id, code, problem from nightdesk.verify_frame()", ())
    operations, sessions = 0, set[UUID]()
    for part in _slices(connection, since, None, slice_rows):
        operations += part.operations
        sessions |= part.sessions
        findings += _operations(connection, part)
    for (month,) in connection.execute(
        "select m from nightdesk.audit_months() m"
        " where %(since)s::timestamptz is null or m + interval '1 month' > %(since)s at time zone 'UTC'",
        {"since": since},
    ).fetchall():
        findings += _month(connection, month, since)
    findings += _broken_off(connection, kept)
    return Verification(operations, len(sessions), read_heads(connection).digest, tuple(findings))


def _slices(
    connection: Connection, since: datetime | None, until: datetime | None, rows: int
) -> Iterator[_Slice]:
    """Cut the record by time so that no part holds many more operations and images than asked for."""
    start = since
    while True:
        end = _end_of_slice(connection, start, until, rows)
        counted = connection.execute(
            "select count(*), array_agg(distinct console_session) from nightdesk.operation"
            " where (%(start)s::timestamptz is null or applied_at >= %(start)s)"
            " and (%(end)s::timestamptz is null or applied_at < %(end)s)",
            {"start": start, "end": end},
        ).fetchone()
        number, sessions = counted or (0, None)
        yield _Slice(start, end, number, frozenset(sessions or ()))
        if end == until:
            return
        start = end


def _end_of_slice(
    connection: Connection, start: datetime | None, until: datetime | None, rows: int
) -> datetime | None:
    # Beginning behind the first moment, so that a slice is never empty however many operations share one.
    row = connection.execute(
        "select applied_at from ("
        "  select o.applied_at, sum(1 + o.changed) over (order by o.applied_at, o.id) as weight from ("
        "    select applied_at, id, changed from nightdesk.operation"
        "    where applied_at > coalesce(%(start)s::timestamptz, (select min(applied_at) from nightdesk.operation))"
        "      and (%(until)s::timestamptz is null or applied_at < %(until)s)"
        "    order by applied_at, id limit %(rows)s) o) weighed"
        " where weight >= %(rows)s order by applied_at limit 1",
        {"start": start, "until": until, "rows": rows},
    ).fetchone()
    return row[0] if row else until


def _operations(connection: Connection, part: _Slice) -> list[Finding]:
    return _findings(
        connection,
        "select operation_id, code, problem from nightdesk.verify_operations(%s, %s)",
        (part.since, part.until),
    )


def _month(connection: Connection, month: date, since: datetime | None) -> list[Finding]:
    return _findings(
        connection,
        "select operation_id, code, problem from nightdesk.verify_month(%s, %s)",
        (month, since),
    )


def _broken_off(connection: Connection, kept: tuple[Head, ...]) -> list[Finding]:
    """Find heads that were kept elsewhere and are no link of their chain any more."""
    found = []
    for head in kept:
        row = connection.execute(
            "select encode(digest, 'hex') from nightdesk.operation where console_session = %s and chain_seq = %s",
            (head.console_session, head.chain_seq),
        ).fetchone()
        if head.chain_seq > 0 and row != (head.digest,):
            found.append(
                Finding(
                    None,
                    None,
                    f"link {head.chain_seq} of console session {head.console_session} of {head.operator} is not the one kept",
                )
            )
    return found


def _findings(connection: Connection, query: str, arguments: tuple[object, ...]) -> list[Finding]:
    return [Finding(*row) for row in connection.execute(query.encode(), arguments).fetchall()]
