"""A few rows of every area, and the lists over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from db.areas import Area
from db.billing import clients
from db.billing.detail import find_client
from db.capabilities import Capabilities, read_capabilities
from db.jobs import jobs
from db.page import Listing
from db.reservations import reservations
from db.reservations.detail import find_reservation
from db.sessions import blacklist, find_blacklist_entry, find_session, sessions
from db.webhooks import events
from db.webhooks.detail import find_event

Connection = psycopg.Connection[tuple[Any, ...]]
Finder = Callable[[Connection, Capabilities, str], object]

LISTINGS: Mapping[Area, Callable[[Capabilities], Listing[Any]]] = {
    Area.RESERVATIONS: reservations,
    Area.WEBHOOKS: events,
    Area.SESSIONS: sessions,
    Area.BLACKLIST: blacklist,
    Area.CLIENTS: clients,
    Area.JOBS: jobs,
}
DETAILS: Mapping[Area, tuple[Finder, str]] = {
    Area.RESERVATIONS: (find_reservation, "usr_1"),
    Area.WEBHOOKS: (find_event, "evt_1"),
    Area.SESSIONS: (find_session, "ses_1"),
    Area.BLACKLIST: (find_blacklist_entry, "bl_1"),
    Area.CLIENTS: (find_client, "cli_1"),
}
TABLES: Mapping[Area, str] = {
    Area.RESERVATIONS: "users",
    Area.WEBHOOKS: "stripe_webhook_events",
    Area.SESSIONS: "sessions",
    Area.BLACKLIST: "token_blacklist",
    Area.CLIENTS: "clients",
    Area.JOBS: "job_queue",
}

# %(rows)s rows of each; times lie around the server's clock.
_FILL = """
set timezone = 'UTC';
insert into users (id, email, username, display_name, status, reservation_expires_at, created_at, updated_at)
select 'usr_' || i, 'user' || i || '@example.com', 'name_' || i, 'Name ' || i,
       (case when i %% 3 = 1 then 'PENDING' when i %% 3 = 2 then 'ACTIVE' else 'EXPIRED' end)::"UserStatus",
       case when i %% 5 > 0 then now() + (i - 10) * interval '3 hours' end,
       now() - i * interval '1 hour', now()
from generate_series(1, %(rows)s) as i;
insert into sessions (id, "userId", "refreshToken", "expiresAt", "createdAt", "lastUsedAt", "deviceInfo", "ipAddress")
select 'ses_' || i, 'usr_' || (i %% %(rows)s + 1), 'secret_' || i, now() + (i - 10) * interval '1 day',
       now() - i * interval '1 hour', case when i %% 4 > 0 then now() - i * interval '1 minute' end,
       'Browser ' || i, '203.0.113.' || i %% 250
from generate_series(1, %(rows)s) as i;
insert into token_blacklist (id, "tokenHash", "userId", "expiresAt", "revokedAt", reason, "revokedBy")
select 'bl_' || i, encode(sha256(i::text::bytea), 'hex'), 'usr_' || i, now() + (i - 10) * interval '1 hour',
       now() - i * interval '1 minute', 'logout', null
from generate_series(1, %(rows)s) as i;
insert into clients (id, name, email, "phoneNumber", "updatedAt", "billingStatus", "outboundPaused", "stripeCustomerId")
select 'cli_' || i, 'Client ' || i, 'client' || i || '@example.com', '+4912345' || i, now() - i * interval '1 hour',
       (array['none', 'trial', 'active', 'canceled', 'past_due'])[i %% 5 + 1]::"BillingStatus", i %% 9 = 0, 'cus_' || i
from generate_series(1, %(rows)s) as i;
insert into onboarding_states (id, "clientId", "updatedAt") select 'onb_' || i, 'cli_' || i, now()
from generate_series(1, %(rows)s, 2) as i;
insert into stripe_webhook_events
    (stripe_event_id, event_type, payload, error_message, status, received_at, processed_at, worker_id, lease_expires_at,
     next_attempt_at)
select 'evt_' || i, 'invoice.payment_failed',
       '{"id": 12345678901234567890.10, "b": "\\u001b", "data": {"customer_email": "payer@example.com",'
       '"billing_details": {"name": "Ana Secretperson", "phone": "+4912345678", "address": {"line1": "Secretstreet 1"}},'
       '"description": "sent to second@example.com"}}', 'no mail to third@example.com',
       (array['received', 'processing', 'processed', 'failed'])[i %% 4 + 1], now() - i * interval '1 minute',
       case when i %% 4 = 2 then now() end, case when i %% 4 = 1 then 'worker' end,
       case when i %% 4 = 1 then now() + (i - 10) * interval '1 minute' end, case when i %% 8 = 3 then now() end
from generate_series(1, %(rows)s) as i;
insert into job_queue
    (job_type, payload, error_message, progress_message, user_id, created_at, status, worker_id, lease_expires_at)
select 'sync', '{"email": "fourth@example.com"}', 'no mail to fifth@example.com', 'mailing sixth@example.com', 'usr_' || i, now() - i * interval '1 minute',
       case when i %% 2 = 0 then 'pending' else 'processing' end, case when i %% 2 = 1 then 'worker' end,
       case when i %% 2 = 1 then now() + (i - 10) * interval '1 minute' end
from generate_series(1, %(rows)s) as i;
analyze users, sessions, token_blacklist, clients, onboarding_states, stripe_webhook_events, job_queue;
"""


def fill(connection: Connection, rows: int) -> None:
    """Put rows into every table that the areas read."""
    connection.execute(_FILL.replace("%(rows)s", str(rows)).replace("%%", "%"))


@contextmanager
def connected(conninfo: str) -> Iterator[tuple[Connection, Capabilities]]:
    """A connection as the console has it, and what it may read."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("set search_path = public, pg_temp")
        yield connection, read_capabilities(connection)


def filled(conninfo: str, rows: int = 40) -> str:
    """The same database with rows in it."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        fill(connection, rows)
    return conninfo
