"""Clients in every billing state and combination of flags, linked and unlinked, and how far their onboarding got."""

from __future__ import annotations

from db.demo.chance import Chance
from db.demo.load import NOW, Load
from db.demo.vocabulary import COMPANY_ENDS, COMPANY_HEADS, COMPANY_TAILS, TIMEZONES

STEPS = ("welcome", "business_info", "phone_number", "call_forwarding", "test_call", "billing")
# Every third person runs a business; each eighth of those is known to us only by name.
_OWNS = "mod(p.k, 3) = 0"
_LINKED = "mod(p.k / 3, 8) <> 0"


def loads(chance: Chance) -> tuple[Load, ...]:
    """Clients, then their onboarding."""
    return (Load("clients", _clients(chance)), Load("onboarding", _onboarding(chance)))


def client_id(chance: Chance) -> str:
    """The id of the client of a person."""
    return chance.cuid("client", "p.k")


# What the billing state of the subscription means for the client's flag; unlinked ones go through all in turn.
_STATE = f"""case
    when not {_LINKED} then (enum_range(null::"BillingStatus"))[1 + mod(p.k / 24, 5)]
    when p.subscription_status = 'trialing' then 'trial'
    when p.subscription_status in ('past_due', 'unpaid') then 'past_due'
    when p.subscription_status in ('canceled', 'expired') then 'canceled'
    when p.stripe and p.subscription_status in ('active', 'paused') then 'active'
    else 'none' end::"BillingStatus\""""


def _clients(chance: Chance) -> str:
    name = " || ' ' || ".join(
        (
            chance.word("head", "p.k", COMPANY_HEADS),
            chance.word("tail", "p.k", COMPANY_TAILS),
            chance.word("end", "p.k", COMPANY_ENDS),
        )
    )
    # A few disagree with Stripe on purpose: comped ones, and payers who are locked out.
    disagrees = "mod(p.k / 3, 29) = 0"
    return f"""
        insert into clients (
            id, name, email, "phoneNumber", timezone, "isActive", "onboardingComplete", "outboundPaused",
            "aiDisabled", "billingStatus", "paymentActive", "trialUsedAt", "pendingCancellation",
            "cancellationRequestedAt", "userId", "stripeCustomerId", "createdAt", "updatedAt"
        )
        select {client_id(chance)}, {name}, p.email, '+1555' || lpad({chance.number("phone", "p.k", 10_000_000)}::text, 7, '0'),
               {chance.word("timezone", "p.k", TIMEZONES)}, p.deleted_at is null and mod(p.k / 3, 37) <> 0,
               {_complete(chance)}, {chance.percent("paused", "p.k", 9)}, {chance.percent("no ai", "p.k", 7)}, state,
               (state in ('active', 'trial')) <> ({disagrees}),
               case when state <> 'none' then coalesce(p.started_at, p.created_at) end, leaving,
               case when leaving then {chance.between("asked", "p.k", f"greatest(p.created_at, {NOW} - interval '20 days')", NOW)} end,
               case when {_LINKED} then p.id end, case when {_LINKED} then p.customer end, p.created_at,
               greatest(p.created_at, {NOW} - power({chance.share("changed", "p.k")}, 2) * interval '200 days')
        from people as p
        cross join lateral (
            select {_STATE} as state,
                   p.cancels or p.billing = 'cancels at a date' or not {_LINKED} and mod(p.k / 24, 7) = 0 as leaving
        ) as billing
        where {_OWNS}"""


def _complete(chance: Chance) -> str:
    return chance.percent("onboarded", "p.k", 75)


def _onboarding(chance: Chance) -> str:
    """In step with "onboardingComplete"; a few clients have not even begun."""
    steps = len(STEPS)
    names = ", ".join(f"'{step}'" for step in (*STEPS, "done"))
    done = f"case when {_complete(chance)} then {steps} else {chance.number('step', 'p.k', steps)} end"
    return f"""
        insert into onboarding_states (
            id, "clientId", "currentStep", "completedSteps", "completedAt", "forwardingEnabled",
            "testCallDetected", "createdAt", "updatedAt"
        )
        select {chance.cuid("onboarding", "p.k")}, {client_id(chance)}, steps[1 + done], to_jsonb(steps[1:done]),
               case when done = {steps} then least({NOW}, p.created_at + interval '3 days') end,
               done > 3 and mod(p.k / 3, 19) <> 0, done > 4 and mod(p.k / 3, 17) <> 0, p.created_at,
               least({NOW}, p.created_at + interval '3 days')
        from people as p
        cross join lateral (select array[{names}] as steps, {done} as done) as progress
        where {_OWNS} and mod(p.k / 3, 11) <> 0"""
