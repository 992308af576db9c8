"""Payloads against careless terminal programs, and a database that holds all of them in every shown column."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg

from db.demo.hostile import TEXTS

# Systematically: every control that PostgreSQL can store, alone inside a word, and the ways sequences begin and end.
CONTROLS = tuple(chr(code) for code in (*range(1, 32), *range(127, 160)))
INVISIBLE = tuple(
    map(chr, (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xAD, 0x061C))
)
INTRODUCERS = (
    "\x1b[",
    "\x9b",
    "\x1b]0;",
    "\x9d0;",
    "\x1bP",
    "\x90",
    "\x1b_",
    "\x9f",
    "\x1b^",
    "\x9e",
    "\x1bX",
)
ENDINGS = ("\x07", "\x1b\\", "\x9c", "m", "")

PAYLOADS: tuple[str, ...] = (
    *(text for text in TEXTS.values() if text.strip()),
    *(f"w{control}x" for control in (*CONTROLS, *INVISIBLE)),
    *(f"i{begin}1;2{end}" for begin in INTRODUCERS for end in ENDINGS),
)

ALL_IN_ONE = "\n".join(payload[:60] for payload in PAYLOADS)


def fill(conninfo: str) -> None:
    """Store every payload in every column that a screen or command shows."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with psycopg.connect(conninfo, autocommit=True) as connection, connection.cursor() as cursor:
        # The row with everything comes first in every list.
        for number, text in enumerate((ALL_IN_ONE, *PAYLOADS)):
            moment = now + timedelta(seconds=number)
            earlier = now - timedelta(seconds=number)
            name = f"{number:04} {text}"
            cursor.execute(
                "insert into users (id, email, username, display_name, status, reservation_expires_at, created_at,"
                " updated_at) values (%s, %s, %s, %s, 'PENDING', %s, %s, %s)",
                (
                    f"{number}{text[:200]}",
                    f"{number}{text[:80]}@x.org",
                    name[:2_000],
                    text,
                    moment,
                    earlier,
                    earlier,
                ),
            )
            cursor.execute(
                "insert into stripe_webhook_events (stripe_event_id, event_type, payload, stripe_customer_id,"
                " stripe_subscription_id, status, error_message, api_version, received_at)"
                " values (%s, %s, %s, %s, %s, 'failed', %s, %s, %s)",
                (
                    f"evt_{number}{text[:200]}",
                    name[:2_000],
                    json.dumps({text[:500]: [text, {"n": 9007199254740993}]}),
                    text[:200],
                    text[:200],
                    text,
                    text[:20],
                    earlier,
                ),
            )
            cursor.execute(
                'insert into sessions (id, "userId", "refreshToken", "deviceInfo", "ipAddress", "createdAt",'
                ' "lastUsedAt", "expiresAt") values (%s, %s, %s, %s, %s, %s, %s, %s)',
                (
                    f"{number}{text[:200]}",
                    f"{number}{text[:200]}",
                    f"t{number}",
                    text,
                    text[:60],
                    earlier,
                    earlier,
                    moment,
                ),
            )
            cursor.execute(
                'insert into token_blacklist (id, "tokenHash", "expiresAt", "revokedAt", reason, "userId", "revokedBy")'
                " values (%s, %s, %s, %s, %s, %s, %s)",
                (
                    f"{number}{text[:200]}",
                    f"{number}{text[:90]}",
                    moment,
                    earlier,
                    text,
                    text[:200],
                    text[:200],
                ),
            )
            cursor.execute(
                'insert into clients (id, name, email, "phoneNumber", timezone, "userId", "stripeCustomerId", "updatedAt")'
                " values (%s, %s, %s, %s, %s, null, %s, %s)",
                (
                    f"{number}{text[:200]}",
                    text,
                    text[:80],
                    text[:40],
                    text[:40],
                    f"{number}{text[:60]}",
                    earlier,
                ),
            )
            cursor.execute(
                "insert into job_queue (user_id, job_type, payload, status, progress_message, error_message, created_at,"
                " finished_at) values (%s, %s, %s, 'failed', %s, %s, %s, %s)",
                (
                    f"{number}{text[:200]}",
                    name[:50],
                    json.dumps({"t": text[:500]}),
                    text[:200],
                    text,
                    earlier,
                    earlier,
                ),
            )
