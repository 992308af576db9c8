"""One Stripe event with its payload: masked for whoever looks, whole for who says why and is put on record."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from db.areas import Area, require
from db.capabilities import Capabilities
from db.errors import NotFound, PermissionDenied, Refused
from db.masked_text import masked_emails, masked_json
from db.times import tolerant_cursor
from db.webhooks.listing import EventState, known_state, listed_columns


@dataclass(frozen=True)
class EventDetail:
    """One event; None where this role may not look or the column is missing.

    Args:
        error: The whole last error, e-mail addresses in it masked.
        payload: The stored JSON as text, personal data in it masked; no number loses a digit. None where hidden.
        revealed: Whether the payload is shown whole.
        hidden: Columns that this role may not read or this database does not have.
        as_of: The server's clock.
    """

    id: UUID
    stripe_event_id: str
    type: str
    status: str
    state: EventState
    retry_count: int | None
    lease_losses: int | None
    error: str | None
    customer: str | None
    subscription: str | None
    livemode: bool | None
    received_at: datetime
    processed_at: datetime | None
    next_attempt_at: datetime | None
    api_version: str | None
    worker: str | None
    lease_expires_at: datetime | None
    stripe_created_at: datetime | None
    payload: str | None
    hidden: tuple[str, ...]
    as_of: datetime
    revealed: bool = False


def find_event(conn: psycopg.Connection[Any], caps: Capabilities, reference: str) -> EventDetail:
    """Read one event by Stripe's id (`evt_…`) or ours.

    Raises:
        NotFound: No such event, or none this role may see.
        Refused: The database has no events.
        PermissionDenied: This role may not read them.
    """
    status = require(Area.WEBHOOKS, caps)

    def column(name: str) -> str:
        return caps.column("stripe_webhook_events", name, "e")

    columns = {
        **listed_columns(caps),
        "error": column("error_message"),
        "api_version": column("api_version"),
        "worker": column("worker_id"),
        "lease_expires_at": column("lease_expires_at"),
        "stripe_created_at": column("stripe_created_at"),
        "payload": f"{column('payload')}::text",
        "as_of": "statement_timestamp()",
    }
    ours = _uuid(reference)
    condition = "e.id = %s" if ours is not None else "e.stripe_event_id = %s"
    with tolerant_cursor(conn) as cursor:
        query = f"select {', '.join(columns.values())} from stripe_webhook_events as e where {condition}"
        record = cursor.execute(query, (ours or reference,)).fetchone()
    if record is None:
        hidden = "; rows may be hidden by row security" if status.rows_hidden else ""
        raise NotFound(f"No event {reference!r} here{hidden}.")
    values = dict(zip(columns, record, strict=True))
    values["state"] = known_state(str(values["state"]))
    values["payload"] = masked_json(values["payload"]) if values["payload"] is not None else None
    values["error"] = masked_emails(values["error"]) if values["error"] is not None else None
    return EventDetail(hidden=(*status.hidden, *status.missing), **values)


def reveal_event(
    conn: psycopg.Connection[Any], caps: Capabilities, reference: str, *, reason: str
) -> EventDetail:
    """Read one event with its whole payload, after the server has put on record who looked and why.

    Args:
        conn: A connection that may write: the record comes first.
        caps: What this role may read.
        reference: Stripe's id or ours.
        reason: Kept with the record.

    Raises:
        NotFound: No such event, or none this role may see.
        Refused: Schema nightdesk is not installed, so that nothing can be put on record.
        PermissionDenied: This role may not read payloads.
    """
    if not caps.console_installed:
        raise Refused(
            "A payload is shown whole only where that can be put on record, and schema nightdesk is not installed"
            " here: run `nightdesk install`. Without --reveal its personal data is masked."
        )
    if not caps.table("stripe_webhook_events").readable("payload"):
        raise PermissionDenied(f"{caps.role} may not read payload of `stripe_webhook_events`.")
    masked = find_event(conn, caps, reference)
    record = conn.execute(
        "select nightdesk.reveal_value(%s, %s::jsonb, 'payload', %s)",
        (f"{caps.schema}.stripe_webhook_events", json.dumps({"id": str(masked.id)}), reason),
    ).fetchone()
    return replace(masked, payload=record[0] if record is not None else None, revealed=True)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
