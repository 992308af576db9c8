"""Indexes for the console's lists: constant pages at ten million rows.

Optional: nothing but the console needs them, and it works without, scanning the newest rows and saying so.
Each index carries one list's sort order down to the primary key, so that a page at any depth is one range of
the index. Lists of jobs and webhooks by time are not here: 0005 already made theirs.

A downgrade drops them; no data is touched in either direction.

Create Date: 2026-01-10
"""

from __future__ import annotations

from migrations.steps import Index, Step, downgrade_through, upgrade_through

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _index(name: str, table: str, definition: str) -> Index:
    return Index(name, table, f'create index {{concurrently}} "{name}" on {table} {definition}')


STEPS: tuple[Step, ...] = (
    # Reservations, soonest to expire first. A missing expiry counts as never: NULLs would be a group of their own
    # that the server reads whole. Partial: few users are PENDING, and only they are written here.
    _index(
        "users_pending_expiry_idx",
        "users",
        "(coalesce(reservation_expires_at, 'infinity'::timestamp), id) where status = 'PENDING'::\"UserStatus\"",
    ),
    # Reservations, newest first: the index over all users would walk past everybody who is not PENDING.
    _index("users_pending_created_idx", "users", "(created_at, id) where status = 'PENDING'::\"UserStatus\""),
    # Lookup of an address as typed, whatever its case, whole or by its beginning (LIKE 'ana@%').
    _index("users_lower_email_idx", "users", "(lower(email) text_pattern_ops)"),
    # Sessions by last use, never used ones last; all of them, and those of one user.
    _index(
        "sessions_lastUsedAt_id_idx", "sessions", "(coalesce(\"lastUsedAt\", '-infinity'::timestamp), id)"
    ),
    _index(
        "sessions_userId_lastUsedAt_idx",
        "sessions",
        '("userId", coalesce("lastUsedAt", \'-infinity\'::timestamp), id)',
    ),
    # Sessions by login.
    _index("sessions_createdAt_id_idx", "sessions", '("createdAt", id)'),
    # The blacklist, last revoked first.
    _index("token_blacklist_revokedAt_id_idx", "token_blacklist", '("revokedAt", id)'),
    # Clients, last changed first; and the same within one billing state.
    _index("clients_updatedAt_id_idx", "clients", '("updatedAt", id)'),
    _index("clients_billingStatus_updatedAt_id_idx", "clients", '("billingStatus", "updatedAt", id)'),
    # Events of one customer or one subscription, newest first.
    _index(
        "stripe_webhook_events_customer_received_idx",
        "stripe_webhook_events",
        "(stripe_customer_id, received_at, id)",
    ),
    _index(
        "stripe_webhook_events_subscription_received_idx",
        "stripe_webhook_events",
        "(stripe_subscription_id, received_at, id)",
    ),
)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
