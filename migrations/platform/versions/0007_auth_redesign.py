"""Sessions without stored access tokens, with device metadata, and a blacklist of revoked tokens.

From the runbook's section "Authentication Schema Changes" (auth_redesign). `token_blacklist` and its indexes
are the runbook's own SQL. It indexes "tokenHash" twice, by UNIQUE and by token_blacklist_tokenHash_idx: both
are kept, and the second says "as the runbook defines" in its comment, so that a hunt for duplicate indexes
knows why.

"lastUsedAt" stays NULL for sessions from before: when they were last used was never recorded, and a made-up
time would make them look active. New sessions start with the time of their login.

A downgrade brings "accessToken" back in shape only: its values are gone. Every session gets a placeholder
that no client ever held, which means that whoever is logged in must refresh or log in again. It also drops
the blacklist, so tokens revoked before their expiry are accepted again by software that looks there.

Create Date: 2026-01-04
"""

from __future__ import annotations

from migrations.steps import (
    Column,
    Default,
    DropColumn,
    DropIndex,
    Ensure,
    Index,
    Step,
    Table,
    downgrade_through,
    upgrade_through,
)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DUPLICATE_INDEX = "as the runbook defines"

STEPS: tuple[Step, ...] = (
    Column("sessions", "deviceInfo", "text"),
    Column("sessions", "ipAddress", "text"),
    Column("sessions", "lastUsedAt", "timestamp(3)"),
    Default("sessions", "lastUsedAt", "current_timestamp"),
    Index(
        "sessions_lastUsedAt_idx",
        "sessions",
        'create index {concurrently} "sessions_lastUsedAt_idx" on sessions ("lastUsedAt")',
    ),
    Table(
        "token_blacklist",
        """
        create table token_blacklist (
          "id" text not null primary key,
          "tokenHash" text not null unique,
          "expiresAt" timestamp(3) not null,
          "userId" text not null,
          "reason" text,
          "revokedAt" timestamp(3) not null default current_timestamp,
          "revokedBy" text
        )""",
    ),
    Index(
        "token_blacklist_tokenHash_idx",
        "token_blacklist",
        'create index {concurrently} "token_blacklist_tokenHash_idx" on token_blacklist ("tokenHash")',
    ),
    Ensure(
        "comment on index token_blacklist_tokenHash_idx",
        present="""select from pg_description d
            where d.classoid = 'pg_class'::regclass and d.objoid = '"token_blacklist_tokenHash_idx"'::regclass""",
        sql=(f"comment on index \"token_blacklist_tokenHash_idx\" is '{DUPLICATE_INDEX}'",),
    ),
    Index(
        "token_blacklist_expiresAt_idx",
        "token_blacklist",
        'create index {concurrently} "token_blacklist_expiresAt_idx" on token_blacklist ("expiresAt")',
    ),
    Index(
        "token_blacklist_userId_idx",
        "token_blacklist",
        'create index {concurrently} "token_blacklist_userId_idx" on token_blacklist ("userId")',
    ),
    DropIndex(
        "sessions_accessToken_idx",
        "sessions",
        'create index {concurrently} "sessions_accessToken_idx" on sessions ("accessToken")',
    ),
    DropIndex(
        "sessions_accessToken_key",
        "sessions",
        'create unique index {concurrently} "sessions_accessToken_key" on sessions ("accessToken")',
    ),
    DropColumn("sessions", "accessToken", "text", restore="'dropped by 0007: ' || id"),
)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
