"""Enhanced credits and user fields: credit types, Stripe columns, notification preferences.

The composite index and the two unique keys are built concurrently and then attached, so that repeating the
runbook's own statements fails only with duplicate_column and duplicate_table.

Create Date: 2025-11-06
"""

from __future__ import annotations

from migrations.steps import Column, Index, Step, Unique, downgrade_through, upgrade_through

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STEPS: tuple[Step, ...] = (
    Column("credits", "credit_type", "varchar(10) not null default 'free'"),
    Column("credits", "monthly_allocation", "integer not null default 2000"),
    Column("credits", "reset_day_of_month", "integer not null default 1"),
    Index(
        "idx_credits_user_type_current",
        "credits",
        "create index {concurrently} idx_credits_user_type_current on credits (user_id, credit_type, is_current)",
    ),
    Column("subscriptions", "stripe_price_id", "varchar(255)"),
    Column("subscriptions", "cancel_at_period_end", "boolean not null default false"),
    Unique("subscriptions", "subscriptions_stripe_subscription_id_key", ("stripe_subscription_id",)),
    Unique("subscriptions", "subscriptions_stripe_customer_id_key", ("stripe_customer_id",)),
    Column("user_preferences", "email_notifications", "boolean not null default true"),
    Column("user_preferences", "usage_alerts", "boolean not null default true"),
)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
