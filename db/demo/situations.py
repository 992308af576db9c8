"""What can be the matter with an account: every state of a reservation, and every state of billing.

Rules of the runbook "Username Reservation & Payment Tracking": a name is held for seven days from sign-up, with a
reminder on day 2 and an urgent one on day 5. Weights are shares of a hundred people, so that any hundred people
in a row hold every situation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Hours = tuple[float, float]
Days = tuple[float, float]


class Held(StrEnum):
    """How the time of a situation is told."""

    EXPIRES = "expires"
    """By the hours until its reservation ends; it was made seven days before."""
    AGE = "age"
    """By the hours since sign-up; nothing is reserved."""


@dataclass(frozen=True)
class Situation:
    """One kind of account.

    Attributes:
        name: What an operator would call it.
        weight: How many of a hundred people.
        status: The label of "UserStatus".
        held: Whether `hours` counts until the end of the reservation or since sign-up.
        hours: From and to; negative ends lie in the past.
        keeps_expiry: Whether reservation_expires_at is filled.
        reminders: Reminders that were sent, in order: 0, 1 or 2.
        attempted: Whether a payment was attempted.
        retries: Largest count of failed payments.
        deleted: Whether the user is soft-deleted.
        released: Whether the name was given back.
        billing: Name of its billing state; None draws one.
    """

    name: str
    weight: int
    status: str
    held: Held
    hours: Hours
    keeps_expiry: bool = True
    reminders: int = 0
    attempted: bool = False
    retries: int = 0
    deleted: bool = False
    released: bool = False
    billing: str | None = "none"


SITUATIONS: tuple[Situation, ...] = (
    Situation("signed up", 4, "PENDING", Held.EXPIRES, (145, 168)),
    Situation("second day", 2, "PENDING", Held.EXPIRES, (121, 144)),
    Situation("day 2 due", 1, "PENDING", Held.EXPIRES, (50, 119)),
    Situation("day 2 sent", 2, "PENDING", Held.EXPIRES, (50, 119), reminders=1),
    Situation("day 5 due", 1, "PENDING", Held.EXPIRES, (25, 47), reminders=1),
    Situation("day 5 sent", 1, "PENDING", Held.EXPIRES, (25, 47), reminders=2),
    Situation("expires within a day", 2, "PENDING", Held.EXPIRES, (1.2, 24), reminders=2),
    Situation("expires within the hour", 1, "PENDING", Held.EXPIRES, (0.2, 1), reminders=2),
    Situation("overdue", 2, "PENDING", Held.EXPIRES, (-47, -0.2), reminders=2),
    Situation("long overdue", 1, "PENDING", Held.EXPIRES, (-900, -48), reminders=2),
    Situation("no expiry", 1, "PENDING", Held.AGE, (24, 2000), keeps_expiry=False),
    Situation(
        "paid but pending", 1, "PENDING", Held.EXPIRES, (-20, 100), attempted=True, billing="paid unnoticed"
    ),
    Situation(
        "payment failing",
        2,
        "PENDING",
        Held.EXPIRES,
        (30, 140),
        reminders=1,
        attempted=True,
        retries=4,
        billing="incomplete",
    ),
    Situation("expired", 5, "EXPIRED", Held.EXPIRES, (-5000, -24), reminders=2),
    Situation("expired and released", 2, "EXPIRED", Held.EXPIRES, (-9000, -200), reminders=2, released=True),
    Situation(
        "paid too late",
        1,
        "EXPIRED",
        Held.EXPIRES,
        (-200, -10),
        reminders=2,
        attempted=True,
        retries=1,
        billing="paid unnoticed",
    ),
    Situation(
        "activated",
        4,
        "ACTIVE",
        Held.AGE,
        (240, 9000),
        keeps_expiry=False,
        reminders=1,
        attempted=True,
        retries=1,
        billing=None,
    ),
    Situation(
        "activated, expiry left",
        1,
        "ACTIVE",
        Held.EXPIRES,
        (-4000, -100),
        attempted=True,
        billing="pro monthly",
    ),
    Situation("member", 63, "ACTIVE", Held.AGE, (240, 17_500), keeps_expiry=False, billing=None),
    Situation(
        "left", 2, "ACTIVE", Held.AGE, (900, 17_500), keeps_expiry=False, deleted=True, billing="expired"
    ),
    Situation("left before paying", 1, "PENDING", Held.EXPIRES, (-400, 100), deleted=True),
)


class Period(StrEnum):
    """Where the current billing period of a subscription lies."""

    NONE = "none"
    RUNNING = "running"
    TRIAL = "trial"
    ENDED = "ended"


@dataclass(frozen=True)
class Billing:
    """One billing state.

    Attributes:
        name: What an operator would call it.
        weight: How many of a hundred people whose situation draws one.
        plan: Id of the plan, as migration 0009 names it; None has no subscription.
        status: Status of the subscription.
        period: Where the current period lies.
        stripe: Whether Stripe knows the subscription.
        trial_ends: Days until the trial ends; negative ends lie in the past.
        cancels: Value of cancel_at_period_end.
        canceled: Whether canceled_at is filled.
        unsettled: Failed attempts to collect the current invoice.
        before: Whether an earlier, ended subscription is there too.
    """

    name: str
    weight: int
    plan: str | None = None
    status: str | None = None
    period: Period = Period.NONE
    stripe: bool = True
    trial_ends: Days | None = None
    cancels: bool = False
    canceled: bool = False
    unsettled: int = 0
    before: bool = False


FREE, PRO, PRO_YEARLY, ENTERPRISE = (
    "plan_free_monthly",
    "plan_pro_monthly",
    "plan_pro_yearly",
    "plan_enterprise_yearly",
)

BILLING: tuple[Billing, ...] = (
    Billing("free", 55, FREE, "active", stripe=False),
    Billing("none", 1, stripe=False),
    Billing("back on free", 2, FREE, "active", stripe=False, before=True),
    Billing("pro monthly", 18, PRO, "active", Period.RUNNING),
    Billing("pro yearly", 5, PRO_YEARLY, "active", Period.RUNNING),
    Billing("enterprise", 2, ENTERPRISE, "active", Period.RUNNING),
    Billing("trial", 3, PRO, "trialing", Period.TRIAL, trial_ends=(4, 13)),
    Billing("trial ending", 1, PRO, "trialing", Period.TRIAL, trial_ends=(0.1, 2.9)),
    Billing("trial over", 1, PRO, "trialing", Period.TRIAL, trial_ends=(-6, -0.5)),
    Billing("past due", 3, PRO, "past_due", Period.RUNNING, unsettled=3),
    Billing("unpaid", 1, PRO, "unpaid", Period.RUNNING, unsettled=4),
    Billing("paused", 1, PRO, "paused", Period.RUNNING),
    Billing("cancels at period end", 2, PRO, "active", Period.RUNNING, cancels=True),
    Billing("cancels at a date", 1, PRO, "active", Period.RUNNING, canceled=True),
    Billing("canceled, still running", 1, PRO, "canceled", Period.RUNNING, cancels=True, canceled=True),
    Billing("canceled, period over", 1, PRO, "canceled", Period.ENDED, cancels=True, canceled=True),
    Billing("expired", 1, PRO, "expired", Period.ENDED, canceled=True),
    Billing("subscribed again", 1, PRO, "active", Period.RUNNING, before=True),
    # Only where a situation asks for them.
    Billing("paid unnoticed", 0, PRO, "active", Period.RUNNING),
    Billing("incomplete", 0, PRO, "incomplete", Period.RUNNING, unsettled=2),
)
