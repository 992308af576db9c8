"""Received Stripe events of the last hundred days: each tells of a subscription that is there, and how it fared."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import psycopg

from db.demo.chance import Chance
from db.demo.load import NOW, Load
from db.demo.stripe_payloads import NEW_VERSIONS, OLD_VERSIONS, Payloads
from db.demo.structured import Json

HUNDRED = 100
KEPT = "interval '100 days'"
MAX_RETRIES = 3
MAX_LEASE_LOSSES = 5

# By what the type of the event says it is about.
SHAPE_ERRORS = {
    "customer.subscription": "ShapeError: items.data[0].current_period_end is missing (api_version 2025-03-31.basil)",
    "invoice": "ShapeError: parent.subscription_details.subscription is missing (api_version 2025-03-31.basil)",
    "checkout": "ShapeError: client_reference_id is missing (api_version 2025-03-31.basil)",
}


UNKNOWN_STATUS = "pending_review"


class Edit(StrEnum):
    """What is wrong with a payload."""

    NOTHING = "nothing"
    SHAPE_LOST = "shape lost"
    """It lacks what the error names."""
    UNKNOWN_STATUS = "unknown status"


@dataclass(frozen=True)
class Outcome:
    """What became of an event.

    Attributes:
        name: What an operator would call it.
        weight: How many of a hundred events.
        status: Status of the row.
        retries: Value of retry_count.
        losses: Value of lease_losses.
        error: The last error.
        lease: Minutes until the lease ends; negative ones lie in the past.
        next_attempt: Minutes until the next attempt, at most. What is received is due at once.
        young: It arrived so many minutes ago at most; None keeps the time that its story gives it.
        edit: What is wrong with the payload.
    """

    name: str
    weight: int
    status: str
    retries: int = 0
    losses: int = 0
    error: str | None = None
    lease: int | None = None
    next_attempt: int | None = None
    young: float | None = None
    edit: Edit = Edit.NOTHING


OUTCOMES: tuple[Outcome, ...] = (
    Outcome("processed", 77, "processed"),
    Outcome("processed after retries", 4, "processed", retries=2),
    Outcome("received", 3, "received", young=4),
    Outcome("waiting", 1, "received", young=700),
    Outcome("processing", 1, "processing", lease=50, young=2),
    Outcome("stuck", 2, "processing", losses=1, lease=-95, young=200),
    Outcome("failed, to be retried", 2, "failed", 1, error="OperationalError: deadlock detected", next_attempt=15, young=60),
    Outcome("failed, Stripe slow", 1, "failed", 2, error="Timeout: api.stripe.com did not answer within 5 s", next_attempt=20, young=90),
    Outcome("dead, shape", 3, "failed", MAX_RETRIES, error="shape", edit=Edit.SHAPE_LOST),
    Outcome("dead, unknown customer", 2, "failed", MAX_RETRIES, error="LookupError: no user or client is linked to this customer"),
    Outcome("dead, unknown status", 1, "failed", MAX_RETRIES, error=f"ShapeError: status '{UNKNOWN_STATUS}' is not known", edit=Edit.UNKNOWN_STATUS),
    Outcome("dead, no reason", 1, "failed", MAX_RETRIES, error="no reason given"),
    Outcome("dead, killed its workers", 2, "failed", losses=MAX_LEASE_LOSSES, error="lease lost by worker-3"),
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """The events of one type: which subscriptions raise them, how many, and when."""

    kind: str
    number: int
    repeats: str
    at: str
    condition: str


STORIES: tuple[Story, ...] = (
    Story("checkout.session.completed", 1, "1", "p.started_at + interval '5 seconds'", "true"),
    Story("customer.subscription.created", 2, "1", "p.started_at + interval '5 seconds'", "true"),
    Story(
        "invoice.payment_succeeded",
        3,
        "least(p.periods, 2) + 1",
        "p.period_start - p.cycle * (i - 1) + interval '9 seconds'",
        "not (i = 1 and p.unsettled > 0)",
    ),
    Story(
        "customer.subscription.updated",
        4,
        "case when p.cancels or p.canceled or p.unsettled > 0 or p.trial_end is not null then 2 else 1 end",
        "case i when 1 then p.period_start + interval '10 seconds' else p.period_start + interval '1 hour' end",
        "(i = 2 or p.periods > 0 or p.subscription_status = 'paused')",
    ),
    Story(
        "invoice.payment_failed",
        5,
        "p.unsettled",
        "p.period_start + case i when 1 then interval '10 seconds' else (i - 1) * interval '5 hours' end",
        "true",
    ),
    Story(
        "customer.subscription.deleted",
        6,
        "1",
        "p.period_end",
        "p.subscription_status in ('canceled', 'expired')",
    ),
)


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Write down the outcomes, one row for each of the hundred slots."""
    slots = [outcome for outcome in OUTCOMES for _ in range(outcome.weight)]
    assert len(slots) == HUNDRED
    connection.execute(
        """create temporary table demo_outcome (
            slot int primary key, name text, status text, retries int, losses int, error text, lease int,
            next_attempt int, young float8, edit text
        ) on commit drop"""
    )
    rows = [{**asdict(outcome), "slot": slot} for slot, outcome in enumerate(slots)]
    connection.execute(
        "insert into demo_outcome select * from jsonb_populate_recordset(null::demo_outcome, %s)",
        (json.dumps(rows),),
    )


def loads(chance: Chance) -> tuple[Load, ...]:
    """One load an event type."""
    return tuple(Load(story.kind, _events(chance, story)) for story in STORIES)


def _events(chance: Chance, story: Story) -> str:
    zone = "at time zone 'utc'"
    arrived = f"coalesce({NOW} - o.young * {chance.share('young', 'ordinal')} * interval '1 minute', raised)"
    # The checkout that would have activated somebody who paid and is still out is dead or stuck.
    slot = f"mod(p.k * 37 + {story.number * 29} + i * 53, {HUNDRED})"
    if story.kind == "checkout.session.completed":
        slot = f"""case when p.situation = 'paid but pending' then case mod(p.k / 100, 2)
            when 0 then {_slot("dead, unknown customer")} else {_slot("stuck")} end else {slot} end"""
    return f"""
        insert into stripe_webhook_events (
            id, stripe_event_id, event_type, api_version, livemode, payload, stripe_customer_id,
            stripe_subscription_id, status, retry_count, lease_losses, error_message, worker_id, lease_token,
            lease_expires_at, next_attempt_at, stripe_created_at, received_at, processed_at, updated_at
        )
        select {chance.uuid("event", "ordinal")}, event_id, '{story.kind}', api_version, livemode, payload,
               p.customer, p.stripe_subscription, o.status, o.retries, o.losses,
               case o.error when 'shape' then '{_shape_error(story)}' else o.error end,
               case when o.name not in ('received', 'waiting') then 'worker-' || (1 + mod(ordinal, 4)) end,
               case when o.name in ('received', 'waiting') then 0 else 1 + o.retries + o.losses end,
               now() + o.lease * interval '1 minute',
               case when o.status = 'received' then at {zone} + interval '900 milliseconds'
                    else now() + {chance.share("next attempt", "ordinal")} * o.next_attempt * interval '1 minute' end,
               date_trunc('second', at) {zone}, at {zone} + interval '900 milliseconds',
               case when o.status = 'processed' then at {zone} + interval '1200 milliseconds' + o.retries * interval '4 minutes' end,
               at {zone} + interval '1200 milliseconds'
        from people as p
        cross join lateral generate_series(1, {story.repeats}) as each (i)
        cross join lateral (
            select p.k * 64 + {story.number * 8} + i as ordinal, {story.at} as raised
        ) as told
        join demo_outcome as o on o.slot = {slot}
        cross join lateral (
            select {chance.stripe("evt", "ordinal")} as event_id, {arrived} as at,
                   {_lost()} or {chance.percent("new shape", "ordinal", 50)} as new,
                   {chance.percent("expanded", "ordinal", 15)} as expanded,
                   not {chance.percent("test mode", "ordinal", 2)} as livemode
        ) as drawn
        cross join lateral (
            select case when {_lost()} then '2025-03-31.basil'
                        when new then {chance.word("new version", "ordinal", NEW_VERSIONS)}
                        else {chance.word("old version", "ordinal", OLD_VERSIONS)} end as api_version
        ) as version
        cross join lateral (select {_payload(chance, story)} as payload) as rendered
        where p.stripe and raised between {NOW} - {KEPT} and {NOW} and {story.condition}"""


def _slot(name: str) -> int:
    slots = [outcome.name for outcome in OUTCOMES for _ in range(outcome.weight)]
    return slots.index(name)


def _lost() -> str:
    return f"(o.edit = '{Edit.SHAPE_LOST}')"


def _shape_error(story: Story) -> str:
    return SHAPE_ERRORS[next(kind for kind in SHAPE_ERRORS if kind in story.kind)]


def _payload(chance: Chance, story: Story) -> str:
    """The event in its shape, then with what is wrong about it."""
    payloads = Payloads(chance)
    match story.kind:
        case "checkout.session.completed":
            new = old = payloads.event(story.kind, payloads.checkout_session())
            path = "client_reference_id"
        case "invoice.payment_succeeded" | "invoice.payment_failed":
            paid = story.kind == "invoice.payment_succeeded"
            new, old = (
                payloads.event(story.kind, payloads.invoice(new=shape, paid=paid)) for shape in (True, False)
            )
            path = "parent,subscription_details,subscription"
        case _:
            status = "'canceled'" if story.kind.endswith("deleted") else "p.subscription_status"
            before: Json = {"status": "incomplete"} if story.kind.endswith("updated") else None
            new, old = (
                payloads.event(story.kind, payloads.subscription(new=shape, status=status), before=before)
                for shape in (True, False)
            )
            path = "items,data,0,current_period_end"
    whole = new if new == old else f"case when new then {new} else {old} end"
    return f"""case o.edit
        when '{Edit.SHAPE_LOST}' then ({new}) #- '{{data,object,{path}}}'
        when '{Edit.UNKNOWN_STATUS}' then jsonb_set({whole}, '{{data,object,status}}', '"{UNKNOWN_STATUS}"')
        else {whole} end"""
