"""How a client looks in the list and in full."""

from __future__ import annotations

from db.billing import Client
from db.billing.detail import ClientDetail, Onboarding
from screens.detail import Document, Field, Group, Section, hidden_note
from screens.list_view import Column, Cut
from screens.times import ago, both
from screens.tone import Tone

_GOOD = frozenset({"active", "trial"})


def _billing_tone(status: str | None) -> Tone:
    return Tone.PLAIN if status in _GOOD else Tone.QUIET if status is None else Tone.WARNING


COLUMNS: tuple[Column[Client], ...] = (
    Column("client", lambda row, _now: row.name, least=12, most=30),
    Column(
        "billing",
        lambda row, _now: row.billing_status,
        least=8,
        most=12,
        tone=lambda row: _billing_tone(row.billing_status),
    ),
    Column(
        "what stands in the way",
        lambda row, _now: ", ".join(row.flags) or "nothing",
        least=22,
        most=46,
        tone=lambda row: Tone.WARNING if row.flags else Tone.QUIET,
    ),
    Column("changed", lambda row, now: ago(row.updated_at, now), least=7, most=8, priority=1),
    Column(
        "customer",
        lambda row, _now: row.stripe_customer_id or "unlinked",
        cut=Cut.MIDDLE,
        most=20,
        priority=2,
    ),
    Column("user", lambda row, _now: row.user_id or "unlinked", cut=Cut.MIDDLE, least=8, most=20, priority=3),
    Column("e-mail", lambda row, _now: row.email, least=10, most=26, priority=4),
)


def yes_no(value: bool | None) -> str | None:
    """A flag as a word; None stays None."""
    return None if value is None else "yes" if value else "no"


def sections(detail: ClientDetail) -> tuple[Section, ...]:
    """A client in full."""
    now = detail.as_of
    found: list[Section] = [
        Group(
            "Client",
            (
                Field("name", detail.name, Tone.STRONG),
                Field("active", yes_no(detail.active), _warn(detail.active is False)),
                Field("billing", detail.billing_status, _billing_tone(detail.billing_status)),
                Field("payment active", yes_no(detail.payment_active), _warn(detail.payment_active is False)),
                Field("trial used", both(detail.trial_used_at, now)),
            ),
        ),
        Group(
            "Flags",
            (
                Field(
                    "onboarding complete",
                    yes_no(detail.onboarding_complete),
                    _warn(detail.onboarding_complete is False),
                ),
                Field(
                    "outbound paused", yes_no(detail.outbound_paused), _warn(detail.outbound_paused is True)
                ),
                Field("AI disabled", yes_no(detail.ai_disabled), _warn(detail.ai_disabled is True)),
                Field(
                    "cancellation pending",
                    yes_no(detail.pending_cancellation),
                    _warn(detail.pending_cancellation is True),
                ),
                Field("asked for at", both(detail.cancellation_requested_at, now)),
            ),
        ),
        Group(
            "Links",
            (
                Field("Stripe customer", detail.stripe_customer_id or "unlinked"),
                Field("user", detail.user_id or "unlinked"),
                Field("id", detail.id),
                Field("e-mail", detail.email),
                Field("telephone", detail.phone_number),
                Field("time zone", detail.timezone),
                Field("created", both(detail.created_at, now)),
                Field("changed", both(detail.updated_at, now)),
                *hidden_note(detail.hidden),
            ),
        ),
    ]
    if detail.onboarding is not None:
        found += _onboarding(detail.onboarding, detail)
    return tuple(found)


def _onboarding(onboarding: Onboarding, detail: ClientDetail) -> list[Section]:
    fields = (
        Field("step", onboarding.current_step),
        Field("completed", both(onboarding.completed_at, detail.as_of)),
        Field("forwarding", yes_no(onboarding.forwarding_enabled)),
        Field("test call", yes_no(onboarding.test_call_detected)),
    )
    found: list[Section] = [Group("Onboarding", fields)]
    if onboarding.completed_steps is not None:
        found.append(Document("Completed steps, as stored", onboarding.completed_steps))
    return found


def _warn(wrong: bool) -> Tone:
    return Tone.WARNING if wrong else Tone.PLAIN
