"""The words for what stands out about a reservation, decided by the server's clock.

Times of the platform are UTC without zone (runbook "Username Reservation & Payment Tracking"): a name is held for seven
days from sign-up, with a reminder on day 2 and an urgent one on day 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from db.capabilities import Capabilities
from db.page.filters import UTC_NOW


class ReservationState(StrEnum):
    """What stands out about a pending reservation; several may, here in the order of harm."""

    PAID = "paid but pending"
    NO_EXPIRY = "no expiry"
    OVERDUE = "overdue"
    DUE = "due"
    REMINDER_DUE = "reminder due"


DUE_WITHIN = "24 hours"
# A subscription that Stripe knows and that gives access: its user should not be PENDING any more. A lookup a user, by
# the LIMIT: as EXISTS it may be turned into one scan of all live subscriptions.
_PAID = (
    "coalesce((select true from subscriptions as s where s.user_id = u.id"
    " and s.stripe_subscription_id is not null and s.status in ('active', 'trialing') limit 1), false)"
)


PENDING = "(status = 'PENDING'::\"UserStatus\")"


def walks_by_expression(caps: Capabilities) -> bool:
    """Whether the index of the list counts a missing expiry as never, so that NULLs are no group of their own."""
    return caps.table("users").sorts_by("coalesce(reservation_expires_at,'infinity')", "id", only=PENDING)


def expiry(caps: Capabilities) -> str:
    """The expression by which the list is walked, and that its conditions use to be found by the same index."""
    plain = "u.reservation_expires_at"
    return f"coalesce({plain}, 'infinity')" if walks_by_expression(caps) else plain


def state_conditions(caps: Capabilities) -> Mapping[ReservationState, str]:
    """The SQL condition of each state that this role can see, over `users as u`."""
    users, ends = caps.table("users"), expiry(caps)
    conditions: dict[ReservationState, str] = {}
    if sees_payments(caps):
        conditions[ReservationState.PAID] = _PAID
    conditions[ReservationState.NO_EXPIRY] = (
        f"(u.reservation_expires_at is null and {ends} = 'infinity')"
        if walks_by_expression(caps)
        else f"{ends} is null"
    )
    conditions[ReservationState.OVERDUE] = f"{ends} < {UTC_NOW}"
    conditions[ReservationState.DUE] = (
        f"({ends} >= {UTC_NOW} and {ends} < {UTC_NOW} + interval '{DUE_WITHIN}')"
    )
    if users.readable("created_at", "day2_reminder_sent_at", "day5_reminder_sent_at"):
        conditions[ReservationState.REMINDER_DUE] = f"{_reminder()} is not null"
    return conditions


def reminder(caps: Capabilities) -> str:
    """The expression for the reminder that should have gone out: 'day 2', 'day 5' or NULL."""
    known = caps.table("users").readable("created_at", "day2_reminder_sent_at", "day5_reminder_sent_at")
    return _reminder() if known else "null"


def sees_payments(caps: Capabilities) -> bool:
    """Whether this role can tell that a user has paid; with rows hidden it cannot."""
    subscriptions = caps.table("subscriptions")
    return (
        subscriptions.readable("user_id", "status", "stripe_subscription_id")
        and not subscriptions.rows_hidden
    )


def _reminder() -> str:
    # Day 2 is skipped when day 5 is due already; nobody is reminded of a name that has run out.
    return (
        f"case when u.reservation_expires_at <= {UTC_NOW} or u.day5_reminder_sent_at is not null then null"
        f" when u.created_at <= {UTC_NOW} - interval '5 days' then 'day 5'"
        f" when u.created_at <= {UTC_NOW} - interval '2 days' and u.day2_reminder_sent_at is null then 'day 2' end"
    )
