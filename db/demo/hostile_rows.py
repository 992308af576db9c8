"""Rows that carry the hostile texts into every place where an operator may meet them."""

from __future__ import annotations

import json

from db.demo import hostile
from db.demo.chance import Chance, quoted
from db.demo.load import NOW, Load
from db.demo.structured import Sql, json_sql

COUNT = len(hostile.TEXTS)


def loads(chance: Chance) -> tuple[Load, ...]:
    """A user each, then a session, a client, an event and a job for each of them."""
    return (
        Load("hostile users", _users(chance), whole=True),
        Load("hostile sessions", _sessions(chance), whole=True),
        Load("hostile blacklist", _blacklist(chance), whole=True),
        Load("hostile clients", _clients(chance), whole=True),
        Load("hostile events", _events(chance), whole=True),
        Load("hostile jobs", _jobs(chance), whole=True),
        Load("hostile rooms", _rooms(chance), whole=True),
    )


def _texts() -> str:
    """The texts as rows; k is negative, apart from everybody else's row number."""
    rows = ", ".join(
        f"({-number}::bigint, {quoted(name.lower())}, {quoted(text)})"
        for number, (name, text) in enumerate(hostile.TEXTS.items(), start=1)
    )
    return f"(values {rows}) as attack (k, name, attack)"


def _user(chance: Chance) -> str:
    return f"('cm' || left({chance.digest('hostile user', 'k')}, 23))"


def _users(chance: Chance) -> str:
    """Half of them wait for payment, so that the list of reservations meets them; names must differ."""
    return f"""
        insert into users (
            id, email, username, display_name, provider, status, bio, created_at, updated_at, reservation_expires_at
        )
        select {_user(chance)},
               case when mod(k, 2) = 0 then left(attack, 100) || '+' else '' end || 'hostile' || -k || '@example.net',
               attack || -k, attack, 'email',
               case when mod(k, 2) = 0 then 'ACTIVE' else 'PENDING' end::"UserStatus", attack,
               {NOW} - interval '30 hours', {NOW} - interval '30 hours',
               case when mod(k, 2) <> 0 then {NOW} + (-k) * interval '3 hours' end
        from {_texts()}"""


def _sessions(chance: Chance) -> str:
    """Addresses are what a proxy's header said, which is whatever its sender wrote."""
    return f"""
        insert into sessions (id, "userId", "refreshToken", "expiresAt", "createdAt", "deviceInfo", "ipAddress", "lastUsedAt")
        select 'cm' || left({chance.digest("hostile session", "k")}, 23), {_user(chance)},
               {chance.digest("hostile refresh", "k")}, {NOW} + interval '20 days', {NOW} - interval '1 day', attack,
               case when mod(k, 3) = 0 then left(attack, 60) else '192.0.2.' || -k end,
               {NOW} + k * interval '7 minutes'
        from {_texts()}"""


def _blacklist(chance: Chance) -> str:
    return f"""
        insert into token_blacklist (id, "tokenHash", "expiresAt", "userId", reason, "revokedAt", "revokedBy")
        select 'cm' || left({chance.digest("hostile revoked", "k")}, 23),
               encode(sha256(convert_to({chance.digest("hostile token", "k")}, 'UTF8')), 'hex'),
               {NOW} + interval '40 minutes', {_user(chance)}, attack, {NOW} + k * interval '25 seconds', attack
        from {_texts()}"""


def _clients(chance: Chance) -> str:
    return f"""
        insert into clients (
            id, name, email, "phoneNumber", "billingStatus", "userId", "createdAt", "updatedAt"
        )
        select 'cm' || left({chance.digest("hostile client", "k")}, 23), attack, left(attack, 60) || '@example.net',
               left(attack, 20), (enum_range(null::"BillingStatus"))[1 + mod(-k, 5)], {_user(chance)},
               {NOW} - interval '1 day', {NOW} + k * interval '9 minutes'
        from {_texts()}"""


def _events(chance: Chance) -> str:
    """Dead ones, so that their errors are looked at."""
    payload = json_sql(
        {
            "id": Sql("event_id"),
            "object": "event",
            "type": "invoice.payment_failed",
            "api_version": "2025-08-27.basil",
            "livemode": True,
            "data": {
                "object": {
                    "object": "invoice",
                    "customer_name": Sql("attack"),
                    "description": Sql("attack"),
                    "amount_due": 12345678901234567890,
                    "metadata": Sql("jsonb_build_object(attack || '?', attack)"),
                }
            },
        }
    )
    return f"""
        insert into stripe_webhook_events (
            id, stripe_event_id, event_type, api_version, livemode, payload, stripe_customer_id, status, retry_count,
            error_message, worker_id, next_attempt_at, stripe_created_at, received_at
        )
        select {chance.uuid("hostile event", "k")}, event_id, 'invoice.payment_failed', '2025-08-27.basil', true,
               {payload}, left(attack, 60), 'failed', 3, 'ValueError: ' || attack, 'worker-2', null,
               now() + k * interval '11 minutes', now() + k * interval '11 minutes'
        from (select *, {chance.stripe("evt", "k")} as event_id from {_texts()}) as event"""


def _jobs(chance: Chance) -> str:
    """Their changes are announced while they are written: a name never is part of it."""
    return f"""
        with jobs as (
            insert into job_queue (
                id, user_id, job_type, status, payload, error_message, progress_message, attempts, finished_at,
                created_at, updated_at
            )
            select {chance.uuid("hostile job", "k")}, {_user(chance)}, 'export_data', 'failed',
                   jsonb_build_object('title', attack), attack, attack, 3, now() + k * interval '13 minutes',
                   now() + k * interval '14 minutes', now() + k * interval '13 minutes'
            from {_texts()}
            returning id, error_message, finished_at
        )
        insert into job_log (job_id, event, level, attempt, worker_id, message, created_at)
        select id, 'failed', 'error', 3, left(error_message, 60), error_message, finished_at from jobs"""


def _rooms(chance: Chance) -> str:
    settings = quoted(json.dumps({"theme": hostile.MARKUP_ACTION}))
    return f"""
        insert into rooms (id, "appId", "createdBy", name, description, "appSettings", "createdAt", "updatedAt")
        select 'cm' || left({chance.digest("hostile room", "k")}, 23), 'raffle', {_user(chance)}, attack, attack,
               {settings}::jsonb, {NOW} - interval '1 day', {NOW} - interval '1 day'
        from {_texts()}"""
