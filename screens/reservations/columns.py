"""How a pending reservation looks in the list and in full."""

from __future__ import annotations

from datetime import datetime

from db.reservations import Reservation, ReservationState
from db.reservations.detail import ReservationDetail
from screens.detail import Field, Group, Section, hidden_note
from screens.list_view import Align, Column, Cut
from screens.times import ago, both, stamp
from screens.tone import Tone

_TONES = {
    ReservationState.PAID: Tone.BAD,
    ReservationState.NO_EXPIRY: Tone.WARNING,
    ReservationState.OVERDUE: Tone.WARNING,
}


def tone_of(states: tuple[ReservationState, ...]) -> Tone:
    """The tone of the worst of them; they come harm first."""
    return _TONES.get(states[0], Tone.PLAIN) if states else Tone.QUIET


def _expiry(row: Reservation, now: datetime) -> str:
    return ago(row.expires_at, now) if row.expires_at else "never"


COLUMNS: tuple[Column[Reservation], ...] = (
    Column("name", lambda row, _now: row.username or row.display_name or row.id, least=10, most=28),
    Column("state", lambda row, _now: row.state, least=8, most=26, tone=lambda row: tone_of(row.states)),
    Column("expires", _expiry, least=8, most=10),
    Column("until", lambda row, _now: stamp(row.expires_at), least=20, most=20, priority=3),
    Column("tries", lambda row, _now: row.payment_retry_count, align=Align.RIGHT, least=3, priority=4),
    Column("e-mail", lambda row, _now: row.email, least=10, most=30, priority=2),
    Column("signed up", lambda row, now: ago(row.created_at, now), least=9, most=10, priority=5),
    Column("id", lambda row, _now: row.id, cut=Cut.MIDDLE, least=12, most=26, priority=6),
)


def sections(detail: ReservationDetail) -> tuple[Section, ...]:
    """A reservation in full."""
    now = detail.as_of
    states = ", ".join(detail.states) or ("held" if detail.status == "PENDING" else "no reservation")
    return (
        Group(
            "Reservation",
            (
                Field("user name", detail.username, Tone.STRONG),
                Field("status", detail.status),
                Field("state", states, tone_of(detail.states)),
                Field("expires", both(detail.expires_at, now)),
                Field("reminder due", detail.reminder),
            ),
        ),
        Group(
            "Payment",
            (
                Field("attempted", both(detail.payment_attempted_at, now)),
                Field("tries", detail.payment_retry_count),
                Field("subscription", detail.subscription),
                Field("day 2 reminder", both(detail.day2_reminder_sent_at, now)),
                Field("day 5 reminder", both(detail.day5_reminder_sent_at, now)),
            ),
        ),
        Group(
            "User",
            (
                Field("id", detail.id),
                Field("e-mail", detail.email),
                Field("display name", detail.display_name),
                Field("signed up", both(detail.created_at, now)),
                Field("updated", both(detail.updated_at, now)),
                Field("deleted", both(detail.deleted_at, now)),
                *hidden_note(detail.hidden),
            ),
        ),
    )
