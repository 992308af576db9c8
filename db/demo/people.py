"""The cast: one temporary row a person with everything that the other tables must agree upon, then the users."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import psycopg

from db.demo.chance import Chance, texts
from db.demo.load import NOW, Load
from db.demo.situations import BILLING, SITUATIONS, Held, Period
from db.demo.vocabulary import BIOS, COUNTRIES, FIRST_NAMES, LAST_NAMES, MAIL_DOMAINS, folded

HUNDRED = 100
# Each is coprime to a hundred: any hundred people in a row meet every slot once.
_SITUATION_STEP, _BILLING_STEP, _BILLING_SHIFT = 37, 61, 17
_NAME_STEP = 7919
# These took the name of the person before them, in other letter case: two holders of one name.
_TWIN = "mod(n, 149) = 11"

_TABLES = (
    """create temporary table demo_situation (
        slot int primary key, name text, status text, held text, low float8, high float8, keeps_expiry bool,
        reminders int, attempted bool, retries int, deleted bool, released bool, billing_slot int
    ) on commit drop""",
    """create temporary table demo_billing (
        slot int primary key, name text, plan text, status text, period text, stripe bool, trial_low float8,
        trial_high float8, cancels bool, canceled bool, unsettled int, before bool
    ) on commit drop""",
    """create temporary table demo_people (
        k bigint primary key, id text, username text, email text, display_name text, situation text,
        status "UserStatus", created_at timestamp, expires_at timestamp, attempted_at timestamp, retries int,
        day2_at timestamp, day5_at timestamp, deleted_at timestamp, country text, billing text, plan text,
        subscription_status text, stripe bool, cancels bool, canceled bool, unsettled int, before bool,
        subscription uuid, customer text, stripe_subscription text, price int, price_id text, cycle interval,
        started_at timestamp, period_start timestamp, period_end timestamp, trial_end timestamp, periods int
    ) on commit drop""",
)


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Create the temporary tables and write down the situations."""
    for statement in _TABLES:
        connection.execute(statement)
    _fill(connection, "demo_billing", _billing_slots())
    _fill(connection, "demo_situation", _situation_slots())


def loads(chance: Chance) -> tuple[Load, ...]:
    """The cast and its users."""
    return (Load("people", _cast(chance)), Load("users", _users(chance)))


def _fill(connection: psycopg.Connection[Any], table: str, rows: list[dict[str, Any]]) -> None:
    connection.execute(
        f"insert into {table} select * from jsonb_populate_recordset(null::{table}, %s)", (json.dumps(rows),)
    )


def _billing_slots() -> list[dict[str, Any]]:
    """A row for each of the hundred slots, and one above them for each state that is only asked for."""
    drawn = [state for state in BILLING for _ in range(state.weight)]
    assert len(drawn) == HUNDRED
    asked = [state for state in BILLING if not state.weight]
    rows = []
    for slot, state in enumerate((*drawn, *asked)):
        low, high = state.trial_ends or (None, None)
        rows.append({**asdict(state), "slot": slot, "trial_low": low, "trial_high": high})
    return rows


def _situation_slots() -> list[dict[str, Any]]:
    slots = {row["name"]: row["slot"] for row in _billing_slots()}
    drawn = [situation for situation in SITUATIONS for _ in range(situation.weight)]
    assert len(drawn) == HUNDRED
    return [
        {
            **asdict(situation),
            "slot": slot,
            "low": situation.hours[0],
            "high": situation.hours[1],
            "billing_slot": None if situation.billing is None else slots[situation.billing],
        }
        for slot, situation in enumerate(drawn)
    ]


def _cast(chance: Chance) -> str:
    first = len(FIRST_NAMES)
    pairs = first * len(LAST_NAMES)
    drawn = chance.between("situation hours", "n", "s.low", "s.high")
    return f"""
        insert into demo_people
        select n, {chance.cuid("user", "n")}, case when not s.released then case when twin then initcap(handle) else handle end end,
               handle || case when twin then '+' || n else '' end || '@' || {chance.word("domain", "n", MAIL_DOMAINS)}, display_name,
               s.name, s.status::"UserStatus", created_at, case when s.keeps_expiry then ends_at end,
               case when s.attempted then attempted_at end,
               case when s.retries > 0 then 1 + {chance.number("retries", "n", 64)} % s.retries else 0 end,
               case when s.reminders > 0 then created_at + interval '48 hours 4 minutes' end,
               case when s.reminders > 1 then created_at + interval '120 hours 2 minutes' end,
               case when s.deleted then {chance.between("deleted", "n", "created_at", NOW)} end,
               {chance.word("country", "n", COUNTRIES)},
               b.name, b.plan, b.status, b.stripe, b.cancels, b.canceled, b.unsettled, b.before,
               case when b.plan is not null then {chance.uuid("subscription", "n")} end,
               case when b.stripe then {chance.stripe("cus", "n")} end,
               case when b.stripe then {chance.stripe("sub", "n")} end,
               plan.price, plan."stripePriceId", cycle,
               period_start - cycle * periods, period_start, period_end, trial_end, periods
        from numbers
        join demo_situation s on s.slot = mod(n * {_SITUATION_STEP}, {HUNDRED})
        join demo_billing b on b.slot = coalesce(
            s.billing_slot, mod(n * {_BILLING_STEP} + n / {HUNDRED} * {_BILLING_SHIFT}, {HUNDRED}))
        left join subscription_plans plan on plan.id = b.plan
        cross join lateral (
            select mod(named * {_NAME_STEP}, {pairs})::int as pair, named / {pairs} as round, named <> n as twin
            from (select case when {_TWIN} then n - 1 else n end as named) as named
        ) as draw
        cross join lateral (
            select ({texts([folded(name) for name in FIRST_NAMES])})[1 + pair % {first}]
                   || (array['.', '_', '-'])[1 + pair % 3]
                   || ({texts([folded(name) for name in LAST_NAMES])})[1 + pair / {first}]
                   || case when round > 0 then round::text else '' end as handle,
                   ({texts(FIRST_NAMES)})[1 + pair % {first}] || ' '
                   || ({texts(LAST_NAMES)})[1 + pair / {first}] as display_name,
                   case s.held when '{Held.EXPIRES}' then {NOW} + {drawn} * interval '1 hour' end as ends_at
        ) as called
        cross join lateral (
            select coalesce(ends_at - interval '7 days', {NOW} - {drawn} * interval '1 hour') as created_at
        ) as born
        cross join lateral (
            select {_attempted(chance)} as attempted_at,
                   case when plan."billingInterval" = 'YEARLY' then interval '365 days'
                        else interval '30 days' end as cycle,
                   {NOW} + {chance.between("trial", "n", "b.trial_low", "b.trial_high")} * interval '1 day'
                   as trial_end
        ) as paying
        cross join lateral (
            select {_period_start(chance)} as period_start, {_period_end(chance)} as period_end
        ) as period
        cross join lateral (
            select greatest(0, least(24, floor(extract(epoch from period_start - created_at)
                                               / extract(epoch from cycle))))::int as periods
        ) as history
        order by n"""


def _attempted(chance: Chance) -> str:
    """Within an hour of sign-up; too late where the reservation had run out, hours after its end."""
    early = f"created_at + {chance.share('attempted', 'n')} * least(interval '1 hour', {NOW} - created_at)"
    late = f"ends_at + {chance.share('attempted', 'n')} * interval '9 hours'"
    return f"case when s.status = 'EXPIRED' then {late} else {early} end"


def _period_start(chance: Chance) -> str:
    share = chance.share("period", "n")
    return f"""case
        when s.attempted and s.status <> 'ACTIVE' then attempted_at
        when b.period = '{Period.RUNNING}' then greatest(created_at, {NOW} - {share} * cycle)
        when b.period = '{Period.TRIAL}' then greatest(created_at, trial_end - interval '14 days')
        when b.period = '{Period.ENDED}' then created_at + (0.1 + 0.3 * {share}) * ({NOW} - created_at) end"""


def _period_end(chance: Chance) -> str:
    share = chance.share("period", "n")
    return f"""case
        when s.attempted and s.status <> 'ACTIVE' then attempted_at + cycle
        when b.period = '{Period.RUNNING}' then greatest(created_at, {NOW} - {share} * cycle) + cycle
        when b.period = '{Period.TRIAL}' then trial_end
        when b.period = '{Period.ENDED}' then created_at + (0.5 + 0.4 * {share}) * ({NOW} - created_at) end"""


def _users(chance: Chance) -> str:
    public = chance.percent("public", "k", 40)
    return f"""
        insert into users (
            id, email, username, display_name, avatar_url, provider, provider_id, role, created_at, updated_at,
            deleted_at, bio, location, website_url, social_links, is_public, meta_title, status,
            reservation_expires_at, payment_attempted_at, payment_retry_count, day2_reminder_sent_at,
            day5_reminder_sent_at
        )
        select id, email, username, display_name,
               case when {chance.percent("avatar", "k", 55)}
                    then 'https://cdn.example.com/avatars/' || {chance.digest("avatar", "k")} || '.png' end,
               provider,
               case when provider <> 'email' then {chance.digest("provider", "k")} end,
               case when mod(k, 499) = 0 then 'admin' else 'user' end,
               created_at, coalesce(deleted_at, day5_at, day2_at, created_at), deleted_at,
               case when {public} then {chance.word("bio", "k", BIOS)} end, country,
               case when {public} then 'https://' || translate(username, '._', '--') || '.example.net' end,
               case when {public} then jsonb_build_object('mastodon', '@' || username || '@social.example.org')
                    else '{{}}' end,
               {public}, case when {public} then display_name || ' | Creator' end,
               status, expires_at, attempted_at, retries, day2_at, day5_at
        from people
        cross join lateral (
            select {chance.word("provider", "k", ("email", "email", "google", "google", "apple"))} as provider
        ) as signed"""
