"""The list of received Stripe events, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from db.areas import Area, listed, require, withheld
from db.capabilities import Capabilities
from db.masked_text import masked_emails
from db.page import Filter, KeyType, Listing, Sort, SortColumn, filters

STATUSES = ("received", "processing", "processed", "failed")
ERROR_SHOWN = 500


class EventState(StrEnum):
    """Where an event stands: its status, with the two ends that need a human told apart."""

    RECEIVED = "received"
    PROCESSING = "processing"
    STUCK = "stuck"
    """Processing, and the worker's lease has run out."""
    PROCESSED = "processed"
    FAILED = "failed"
    """Failed, and to be tried again by itself."""
    DEAD = "dead"
    """Failed, and nothing will try it again."""
    UNKNOWN = "unknown"


_STATES = {state.value: state for state in EventState}


@dataclass(frozen=True)
class Event:
    """One received event; None where this role may not look or the column is missing.

    Args:
        status: As stored; `state` explains it.
        error: The beginning of the last error, e-mail addresses in it masked.
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


def events(caps: Capabilities) -> Listing[Event]:
    """Declare the list for this role.

    Raises:
        Refused: The database has no events.
        PermissionDenied: This role may not read them.
    """
    status = require(Area.WEBHOOKS, caps)
    return Listing(
        name="webhooks",
        table="stripe_webhook_events",
        alias="e",
        reads=listed(Area.WEBHOOKS, caps, without=("payload",)),
        columns=listed_columns(caps),
        make=_event,
        sorts=(
            Sort(
                "received",
                (SortColumn("e.received_at", KeyType.TIMESTAMPTZ), SortColumn("e.id", KeyType.UUID)),
                descending=True,
                indexed=caps.table("stripe_webhook_events").sorts_by("received_at", "id"),
            ),
        ),
        filters=_filters(caps),
        aliases={"event": "id", "received": "age"},
        withheld=withheld(
            caps,
            "stripe_webhook_events",
            {
                "customer": "stripe_customer_id",
                "subscription": "stripe_subscription_id",
                "error": "error_message",
            },
        ),
        note=status.sentence or None,
        veil=status.veil,
    )


def listed_columns(caps: Capabilities) -> dict[str, str]:
    """Attribute → expression over `stripe_webhook_events as e`, for the list and as part of the detail."""

    def column(name: str) -> str:
        return caps.column("stripe_webhook_events", name, "e")

    return {
        "id": "e.id",
        "stripe_event_id": "e.stripe_event_id",
        "type": "e.event_type",
        "status": "e.status::text",
        "state": state(caps),
        "retry_count": column("retry_count"),
        "lease_losses": column("lease_losses"),
        "error": f"left({column('error_message')}::text, {ERROR_SHOWN})",
        "customer": column("stripe_customer_id"),
        "subscription": column("stripe_subscription_id"),
        "livemode": column("livemode"),
        "received_at": "e.received_at",
        "processed_at": column("processed_at"),
        "next_attempt_at": column("next_attempt_at"),
    }


def state(caps: Capabilities) -> str:
    """The expression for the word of an event's state."""
    conditions = _state_conditions(caps)
    cases = "".join(f" when {condition} then '{word}'" for word, condition in conditions.items())
    return f"case{cases} else e.status::text end" if cases else "e.status::text"


def known_state(word: str) -> EventState:
    """The state for a stored word; a status that this console does not know is `unknown`."""
    return _STATES.get(word, EventState.UNKNOWN)


def _state_conditions(caps: Capabilities) -> dict[str, str]:
    events_table = caps.table("stripe_webhook_events")
    conditions = {}
    if events_table.readable("lease_expires_at"):
        conditions["stuck"] = "e.status = 'processing' and e.lease_expires_at < now()"
    if events_table.readable("next_attempt_at"):
        conditions["dead"] = "e.status = 'failed' and e.next_attempt_at is null"
    return conditions


def _event(**values: object) -> Event:
    values["state"] = known_state(str(values["state"]))
    values["error"] = masked_emails(str(values["error"])) if values["error"] is not None else None
    return Event(**values)  # type: ignore[arg-type]


def _filters(caps: Capabilities) -> tuple[Filter, ...]:
    table = caps.table("stripe_webhook_events")
    by_status = filters.under("received") if table.sorts_by("status", "received_at") else filters.never
    by_type = filters.under("received") if table.sorts_by("event_type", "received_at") else filters.never
    conditions = _state_conditions(caps)
    words = {
        "stuck": conditions.get("stuck", "false"),
        "dead": conditions.get("dead", "false"),
        **{status: f"e.status = '{status}'" for status in ("received", "processed", "processing", "failed")},
    }
    declared = [
        filters.choice("status", "e.status", STATUSES, carried=by_status),
        # Few events are dead among the failed ones: the window is laid over those.
        filters.state(
            "state",
            {word: condition for word, condition in words.items() if condition != "false"},
            carried=lambda sort, value: value != "dead" and by_status(sort, value),
            implied={"dead": "e.status = 'failed'"} if by_status("received", "failed") else {},
        ),
        filters.text("type", "e.event_type", carried=by_type),
        filters.prefix(
            "id", "e.stripe_event_id", carried=filters.when(table.finds_by("stripe_event_id", prefix=True))
        ),
        filters.age("age", "e.received_at", now="now()", carried=filters.under("received")),
    ]
    for name, column in (("customer", "stripe_customer_id"), ("subscription", "stripe_subscription_id")):
        if table.readable(column):
            declared.append(filters.text(name, f"e.{column}", carried=filters.when(table.finds_by(column))))
    declared.append(filters.contains("text", "e.event_type", "e.stripe_event_id"))
    if table.readable("error_message"):
        declared.append(filters.contains("error", "e.error_message"))
    return tuple(declared)
