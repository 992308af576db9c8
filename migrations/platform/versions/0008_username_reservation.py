"""Username reservation and payment tracking on users.

From the runbook "Migration: Username Reservation & Payment Tracking". Its times are TIMESTAMP without zone
(microseconds), holding UTC.

Users that exist have signed up and paid: the column comes with DEFAULT 'ACTIVE', which fills them without
rewriting the table, and in the same transaction the default becomes 'PENDING' for those who sign up from now
on. Where the column is already there no row is touched: if its default is still 'ACTIVE' (a run broke in
between) only the default is finished; users who signed up until then stay ACTIVE.

A downgrade drops every reservation for good, and PENDING and EXPIRED users become ordinary users again.

Create Date: 2026-01-06
"""

from __future__ import annotations

from migrations.steps import Column, Default, Enum, Index, Step, downgrade_through, upgrade_through

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STEPS: tuple[Step, ...] = (
    Enum("UserStatus", ("PENDING", "ACTIVE", "EXPIRED")),
    Column("users", "status", "\"UserStatus\" not null default 'ACTIVE'"),
    Default("users", "status", "'PENDING'", previous="'ACTIVE'"),
    Column("users", "reservation_expires_at", "timestamp"),
    Column("users", "payment_attempted_at", "timestamp"),
    Column("users", "payment_retry_count", "integer not null default 0"),
    Column("users", "day2_reminder_sent_at", "timestamp"),
    Column("users", "day5_reminder_sent_at", "timestamp"),
    Index("users_status_idx", "users", "create index {concurrently} users_status_idx on users (status)"),
    Index(
        "users_reservation_expires_at_idx",
        "users",
        "create index {concurrently} users_reservation_expires_at_idx on users (reservation_expires_at)",
    ),
)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
