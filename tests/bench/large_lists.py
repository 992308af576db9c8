"""Platforms for the benches: every list of the console with exactly as many rows as asked for, loaded set-based.

Times are spread over a year in an order of their own, so that a page in the order of a list touches as many heap
pages as on a platform that grew row by row and was updated since.
"""

from __future__ import annotations

from typing import Any

import psycopg

from db.demo.indexes import put_back, set_aside

Connection = psycopg.Connection[tuple[Any, ...]]

# The tables that lists look into for a name or a mask come first.
_LOADS = (
    """insert into users (id, email, username, display_name, status, reservation_expires_at, created_at, updated_at)
       select 'usr_' || n, 'user' || n || '@example.com', 'name_' || n, 'Name ' || n,
              (case when n <= {rows} then 'PENDING' else 'ACTIVE' end)::"UserStatus",
              case when n % 20 > 0 then {moment} + interval '180 days' end, {moment}, {moment}
       from generate_series(1, {rows} + {rows} / 4) as n""",
    """insert into sessions
           (id, "userId", "refreshToken", "expiresAt", "createdAt", "lastUsedAt", "deviceInfo", "ipAddress")
       select 'ses_' || n, 'usr_' || {scattered} + 1, 'secret_' || n, {moment} + interval '180 days', {moment},
              case when n % 5 > 0 then {moment} + interval '1 hour' end, 'Browser ' || n % 90, '203.0.113.' || n % 250
       from generate_series(1, {rows}) as n""",
    """insert into token_blacklist (id, "tokenHash", "userId", "expiresAt", "revokedAt", reason, "revokedBy")
       select 'bl_' || n, encode(sha256(n::text::bytea), 'hex'), 'usr_' || {scattered} + 1,
              {moment} + interval '180 days', {moment}, 'logout', null
       from generate_series(1, {rows}) as n""",
    """insert into clients
           (id, name, email, "phoneNumber", "createdAt", "updatedAt", "billingStatus", "outboundPaused",
            "stripeCustomerId")
       select 'cli_' || n, 'Client ' || n, 'client' || n || '@example.com', '+4912345' || n, {moment}, {moment},
              (array['none', 'trial', 'active', 'canceled', 'past_due'])[n % 5 + 1]::"BillingStatus", n % 9 = 0,
              'cus_' || n
       from generate_series(1, {rows}) as n""",
    # One in eight events is of one customer: a filter whose rows are few anywhere is no test of its pages.
    """insert into stripe_webhook_events
           (stripe_event_id, event_type, payload, status, received_at, processed_at, worker_id, lease_expires_at,
            next_attempt_at, stripe_customer_id, stripe_subscription_id)
       select 'evt_' || n, (array['invoice.payment_failed', 'invoice.paid', 'customer.updated'])[n % 3 + 1],
              jsonb_build_object('id', 'evt_' || n, 'filler', repeat('x', {payload})),
              kind, {moment}, case kind when 'processed' then {moment} end, case kind when 'processing' then 'w' end,
              case kind when 'processing' then {moment} end, case kind when 'failed' then {moment} end,
              case when n % 8 = 7 then 'cus_1' else 'cus_' || {scattered} end, 'sub_' || {scattered}
       from generate_series(1, {rows}) as n
       cross join lateral (select (array['received', 'processing', 'failed', 'processed'])[least(n % 8 + 1, 4)])
           as state (kind)""",
    """insert into job_queue (job_type, user_id, created_at, status, worker_id, lease_expires_at, finished_at)
       select (array['sync', 'mail', 'report'])[n % 3 + 1], 'usr_' || {scattered} + 1, {moment}, kind,
              case kind when 'processing' then 'w' end, case kind when 'processing' then {moment} end,
              case when kind in ('completed', 'failed', 'cancelled') then {moment} end
       from generate_series(1, {rows}) as n
       cross join lateral (select (array['pending', 'processing', 'failed', 'completed'])[least(n % 8 + 1, 4)])
           as state (kind)""",
    """insert into nightdesk.operation
           (id, code, action, hash, actor, requested_by, reason, applied_at, changed, console_session, chain_seq,
            previous_digest, images_digest, digest)
       select gen_random_uuid(), 'ND-' || n, 'reservation.extend', encode(sha256(n::text::bytea), 'hex'),
              'test_support', 'test_support', 'ticket ' || n, {moment}, 1, '00000000-0000-4000-8000-000000000000', n,
              '', '', sha256(n::text::bytea)
       from generate_series(1, {rows}) as n""",
)
# A permutation of the rows: each lands somewhere else, none twice.
_SCATTERED = "(n::bigint * 7919 % {rows})"
_MOMENT = "(date_trunc('day', now() at time zone 'utc') - {scattered} * interval '365 days' / {rows})"


def load(connection: Connection, rows: int, *, payload: int) -> None:
    """Fill a migrated, empty platform.

    Args:
        connection: A superuser's, in autocommit mode.
        rows: Rows of every list.
        payload: Bytes of filler in the payload of each event.
    """
    scattered = _SCATTERED.format(rows=rows)
    words = {
        "rows": str(rows),
        "payload": str(payload),
        "scattered": scattered,
        "moment": _MOMENT.format(scattered=scattered, rows=rows),
    }
    with connection.transaction():
        connection.execute("set local jit = off; set local timezone = 'UTC'")
        # Every row's partner is made here too: looking each of them up again would be most of the time.
        connection.execute("set local session_replication_role = replica")
        aside = set_aside(connection)
        for statement in _LOADS:
            connection.execute(statement.format(**words))
        put_back(connection, aside, lambda _: None)
    connection.execute("vacuum (analyze)")
