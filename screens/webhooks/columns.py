"""How a Stripe event looks in the list and in full."""

from __future__ import annotations

from db.webhooks import Event, EventState
from db.webhooks.detail import EventDetail
from screens.detail import Document, Field, Group, Section, hidden_note
from screens.list_view import Align, Column, Cut
from screens.times import ago, both
from screens.tone import Tone

_TONES = {
    EventState.DEAD: Tone.BAD,
    EventState.STUCK: Tone.WARNING,
    EventState.FAILED: Tone.WARNING,
    EventState.UNKNOWN: Tone.WARNING,
    EventState.PROCESSED: Tone.QUIET,
}


def tone_of(state: EventState) -> Tone:
    """The tone of a state; the word says the same."""
    return _TONES.get(state, Tone.PLAIN)


COLUMNS: tuple[Column[Event], ...] = (
    Column("type", lambda row, _now: row.type, least=14, most=34),
    Column("state", lambda row, _now: row.state, least=9, most=10, tone=lambda row: tone_of(row.state)),
    Column("received", lambda row, now: ago(row.received_at, now), least=8, most=8),
    Column("tries", lambda row, _now: row.retry_count, align=Align.RIGHT, least=3, priority=1),
    Column("event", lambda row, _now: row.stripe_event_id, cut=Cut.MIDDLE, least=12, most=28, priority=2),
    Column("customer", lambda row, _now: row.customer, cut=Cut.MIDDLE, least=10, most=20, priority=3),
    Column("error", lambda row, _now: row.error, least=12, most=60, priority=4),
    Column("mode", lambda row, _now: mode(row.livemode), least=4, most=4, priority=5),
)


def mode(livemode: bool | None) -> str:
    """Which side of Stripe an event came from."""
    return "" if livemode is None else "live" if livemode else "test"


def sections(detail: EventDetail) -> tuple[Section, ...]:
    """An event in full, with its payload as it is stored."""
    now = detail.as_of
    found: list[Section] = [
        Group(
            "Event",
            (
                Field("event", detail.stripe_event_id, Tone.STRONG),
                Field("type", detail.type),
                Field("state", detail.state, tone_of(detail.state)),
                Field("status", detail.status),
                Field("received", both(detail.received_at, now)),
                Field("made by Stripe", both(detail.stripe_created_at, now)),
                Field("processed", both(detail.processed_at, now)),
                Field("mode", mode(detail.livemode) or None),
                Field("API version", detail.api_version),
            ),
        ),
        Group(
            "Handling",
            (
                Field("tries", detail.retry_count),
                Field("leases lost", detail.lease_losses),
                Field("next try", both(detail.next_attempt_at, now)),
                Field("worker", detail.worker),
                Field("lease until", both(detail.lease_expires_at, now)),
                Field("error", detail.error, Tone.WARNING),
            ),
        ),
        Group(
            "About",
            (
                Field("customer", detail.customer),
                Field("subscription", detail.subscription),
                Field("id", detail.id),
                *hidden_note(detail.hidden),
            ),
        ),
    ]
    if detail.payload is not None:
        found.append(Document("Payload, personal data masked", detail.payload))
    return tuple(found)
