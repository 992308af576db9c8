"""One session, with what else its user has open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from db.areas import Area, require
from db.capabilities import Capabilities
from db.errors import NotFound
from db.page.filters import UTC_NOW
from db.sessions.listing import session_columns
from db.times import tolerant_cursor

OTHERS_COUNTED = 1000


@dataclass(frozen=True)
class SessionDetail:
    """One session; None where this role may not look or the column is missing.

    Args:
        device: The whole text that the device sent.
        address: Masked.
        other_live_sessions: Live sessions of the same user besides this one, counted up to 1,000.
        hidden: Columns that this role may not read or this database does not have.
        as_of: The server's clock.
    """

    id: str
    user_id: str
    username: str | None
    live: bool
    stale: bool | None
    device: str | None
    address: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime
    other_live_sessions: int
    hidden: tuple[str, ...]
    as_of: datetime


def find_session(conn: psycopg.Connection[Any], caps: Capabilities, session_id: str) -> SessionDetail:
    """Read one session by its id.

    Raises:
        NotFound: No such session, or none this role may see.
        Refused: The database has no sessions.
        PermissionDenied: This role may not read them.
    """
    status = require(Area.SESSIONS, caps)
    others = (
        'select from sessions as o where o."userId" = s."userId" and o.id <> s.id'
        f' and o."expiresAt" > {UTC_NOW} limit {OTHERS_COUNTED}'
    )
    columns = {
        **session_columns(caps),
        "device": caps.column("sessions", "deviceInfo", "s"),
        "other_live_sessions": f"(select count(*) from ({others}) as counted)",
        "as_of": "statement_timestamp()",
    }
    with tolerant_cursor(conn) as cursor:
        query = f"select {', '.join(columns.values())} from sessions as s where s.id::text = %s"
        record = cursor.execute(query, (session_id,)).fetchone()
    if record is None:
        hidden = "; rows may be hidden by row security" if status.rows_hidden else ""
        raise NotFound(f"No session {session_id!r} here{hidden}.")
    return SessionDetail(hidden=(*status.hidden, *status.missing), **dict(zip(columns, record, strict=True)))
