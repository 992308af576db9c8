"""Billing: plans, payments, invoices and usage, and a plan for every subscription.

From the runbook's section "Billing & Subscription Migration" (add_billing_subscription). The four new tables,
their keys, types and indexes are the runbook's own SQL; indexes that it leaves unnamed get Prisma's names.

`subscriptions` exists since 0001 and 0004 and keeps its snake_case columns and uuid key: it gains what the
runbook's table has beyond them, and "subscriptionId" of the new tables is a uuid accordingly. Three more
differences from the runbook are deliberate:

- status stays lower-case text, as Stripe and the running software write it. A CHECK holds the states of both
  runbooks and those that Stripe knows besides. The enum "SubscriptionStatus" exists for software that casts.
- UNIQUE ("userId", status, "deletedAt") would never hold, because "deletedAt" is NULL in live rows. Instead a
  user has one live row: trialing, active, past_due, unpaid or paused, and not deleted.
- Indexes on the Stripe ids of `subscriptions` are left out: the unique keys of 0004 are these indexes.

Order: plans, then the plan of each subscription, then a free subscription for every user without a live one,
then NOT NULL. Once plan_id is NOT NULL the back-fill is over for good: running this revision again gives
nobody a plan.

A downgrade drops plans, payments, invoices and usage with their rows. Free subscriptions that the back-fill
made stay: they say what the user has.

Create Date: 2026-01-08
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from db.errors import Refused
from migrations.steps import (
    Backfill,
    Column,
    Constraint,
    Enum,
    Ground,
    Index,
    NotNull,
    Outcome,
    Rows,
    Step,
    Table,
    downgrade_through,
    upgrade_through,
)

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LIVE = "status in ('trialing', 'active', 'past_due', 'unpaid', 'paused') and deleted_at is null"
# The columns hold UTC without zone.
_WRITTEN = datetime(2026, 1, 6)


def _index(table: str, columns: str, *, unique: bool = False) -> Index:
    """Name an index as Prisma does: table, columns, idx or key."""
    parts = "_".join(column.strip(' "') for column in columns.split(","))
    name = f"{table}_{parts}_{'key' if unique else 'idx'}"
    kind = "unique index" if unique else "index"
    return Index(name, table, f'create {kind} {{concurrently}} "{name}" on {table} ({columns})')


def _plan(
    order: int, tier: str, interval: str, price: int, description: str, *features: str
) -> tuple[object, ...]:
    """Write one row of subscription_plans; the price is in cents."""
    return (
        f"plan_{tier}_{interval}".lower(),
        tier,
        f"{tier.title()} Plan",
        description,
        price,
        interval,
        list(features),
        order,
        _WRITTEN,
        _WRITTEN,
    )


class _NoneWithoutPlan(Step):
    """Refuses by name what NOT NULL would refuse without saying which subscription it is."""

    @property
    def label(self) -> str:
        return "a plan for every subscription"

    def statements(self) -> tuple[str, ...]:
        return ()

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        del later
        rows = ground.rows(
            "select tier, billing_cycle, count(*), min(id::text) from subscriptions where plan_id is null "
            "group by tier, billing_cycle order by 3 desc limit 5"
        )
        if rows:
            kinds = "; ".join(f"{count} {tier} {cycle}, one is {one}" for tier, cycle, count, one in rows)
            raise Refused(
                f"subscriptions without a plan: {kinds}. No plan of this tier and interval exists. "
                "Add the plan to subscription_plans, or set plan_id yourself, and run the upgrade again."
            )
        return Outcome.ALREADY

    def revert(self, ground: Ground) -> None:
        """Leave everything: this only looks."""


_PLANS: tuple[Step, ...] = (
    Enum("SubscriptionPlanTier", ("FREE", "PRO", "ENTERPRISE", "CUSTOM")),
    Enum(
        "SubscriptionStatus",
        ("TRIALING", "ACTIVE", "PAST_DUE", "CANCELED", "EXPIRED", "INCOMPLETE", "PAUSED"),
    ),
    Enum("BillingInterval", ("MONTHLY", "YEARLY", "LIFETIME")),
    Table(
        "subscription_plans",
        """
        create table subscription_plans (
          "id" text not null primary key,
          "tier" "SubscriptionPlanTier" not null,
          "name" text not null,
          "description" text,
          "isActive" boolean not null default true,
          "price" integer not null default 0,
          "currency" text not null default 'USD',
          "billingInterval" "BillingInterval" not null default 'MONTHLY',
          "features" jsonb not null,
          "stripePriceId" text unique,
          "stripeProductId" text,
          "displayOrder" integer not null default 0,
          "metadata" jsonb not null default '{}',
          "createdAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null,
          "deletedAt" timestamp(3)
        )""",
    ),
    _index("subscription_plans", "tier"),
    _index("subscription_plans", '"isActive"'),
    _index("subscription_plans", '"deletedAt"'),
    _index("subscription_plans", '"displayOrder"'),
    _index("subscription_plans", 'tier, "billingInterval"', unique=True),
    Rows(
        "subscription_plans",
        key=("tier", "billingInterval"),
        columns=(
            "id",
            "tier",
            "name",
            "description",
            "price",
            "billingInterval",
            "features",
            "displayOrder",
            "createdAt",
            "updatedAt",
        ),
        rows=(
            _plan(1, "FREE", "MONTHLY", 0, "Everything needed to start", "2,000 credits a month"),
            _plan(2, "PRO", "MONTHLY", 2999, "For daily work", "10,000 credits a month", "Priority support"),
            _plan(3, "PRO", "YEARLY", 28800, "20 percent off", "10,000 credits a month", "Priority support"),
            _plan(
                4, "ENTERPRISE", "YEARLY", 99900, "For organisations", "Unlimited credits", "Single sign-on"
            ),
        ),
    ),
)

_SUBSCRIPTIONS: tuple[Step, ...] = (
    Column("subscriptions", "plan_id", "text"),
    Column("subscriptions", "trial_start", "timestamp(3)"),
    Column("subscriptions", "trial_end", "timestamp(3)"),
    Column("subscriptions", "cancel_reason", "text"),
    Column("subscriptions", "stripe_checkout_session_id", "text"),
    Column("subscriptions", "metadata", "jsonb not null default '{}'"),
    Column("subscriptions", "deleted_at", "timestamp(3)"),
    Constraint(
        "subscriptions",
        "subscriptions_status_check",
        "check (status in ('trialing', 'active', 'past_due', 'canceled', 'expired', 'incomplete', 'paused', "
        "'unpaid', 'incomplete_expired'))",
    ),
    Constraint(
        "subscriptions",
        "subscriptions_plan_id_fkey",
        "foreign key (plan_id) references subscription_plans (id) on delete restrict",
    ),
    # Before the back-fill: two runs, or a signup meanwhile, cannot give a user a second live subscription.
    Index(
        "subscriptions_one_live_key",
        "subscriptions",
        f"create unique index {{concurrently}} subscriptions_one_live_key on subscriptions (user_id) where {LIVE}",
    ),
    # What the price at Stripe says wins over what the row says.
    Backfill(
        "subscriptions",
        key="id",
        where="plan_id is null",
        statement="""
            update subscriptions set plan_id = coalesce(
                (select p.id from subscription_plans p where p."stripePriceId" = subscriptions.stripe_price_id),
                (select p.id from subscription_plans p
                 where p.tier::text = upper(subscriptions.tier) and p."deletedAt" is null
                 order by p."billingInterval"::text <> upper(case subscriptions.billing_cycle
                              when 'annual' then 'yearly' else subscriptions.billing_cycle end),
                          p."billingInterval"
                 limit 1))
            from batch where subscriptions.id = batch.id""",
    ),
    # Whoever has a live subscription is passed over by its unique index: a look for them in the WHERE would be
    # planned for the table as it was when it was nearly empty.
    Backfill(
        "users",
        key="id",
        where="""
            exists (select from pg_attribute where attrelid = 'subscriptions'::regclass
                    and attname = 'plan_id' and not attnotnull)""",
        statement="""
            insert into subscriptions (user_id, tier, status, billing_cycle, plan_id, metadata)
            select batch.id, 'free', 'active', 'monthly', p.id, '{"assigned_by": "migration 0009"}'
            from batch, subscription_plans p where p.tier = 'FREE' and p."billingInterval" = 'MONTHLY'
            on conflict do nothing""",
    ),
    _NoneWithoutPlan(),
    NotNull("subscriptions", "plan_id"),
    _index("subscriptions", "plan_id"),
    _index("subscriptions", "current_period_end"),
    _index("subscriptions", "trial_end"),
    _index("subscriptions", "deleted_at"),
    _index("subscriptions", "status, current_period_end"),
)

_MONEY: tuple[Step, ...] = (
    Table(
        "payments",
        """
        create table payments (
          "id" text not null primary key,
          "subscriptionId" uuid not null,
          "userId" text not null,
          "amount" integer not null,
          "currency" text not null default 'USD',
          "status" text not null,
          "paymentMethod" text,
          "failureReason" text,
          "stripePaymentIntentId" text unique,
          "stripeChargeId" text,
          "metadata" jsonb not null default '{}',
          "createdAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null,
          "deletedAt" timestamp(3),
          foreign key ("subscriptionId") references subscriptions (id) on delete cascade
        )""",
    ),
    _index("payments", '"subscriptionId"'),
    _index("payments", '"userId"'),
    _index("payments", "status"),
    _index("payments", '"createdAt"'),
    _index("payments", '"stripePaymentIntentId"'),
    _index("payments", '"deletedAt"'),
    Table(
        "invoices",
        """
        create table invoices (
          "id" text not null primary key,
          "subscriptionId" uuid not null,
          "userId" text not null,
          "invoiceNumber" text not null unique,
          "amount" integer not null,
          "currency" text not null default 'USD',
          "status" text not null,
          "issuedAt" timestamp(3) not null default current_timestamp,
          "dueAt" timestamp(3) not null,
          "paidAt" timestamp(3),
          "stripeInvoiceId" text unique,
          "pdfUrl" text,
          "lineItems" jsonb not null default '[]',
          "metadata" jsonb not null default '{}',
          "createdAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null,
          "deletedAt" timestamp(3),
          foreign key ("subscriptionId") references subscriptions (id) on delete cascade
        )""",
    ),
    _index("invoices", '"subscriptionId"'),
    _index("invoices", '"userId"'),
    _index("invoices", '"invoiceNumber"'),
    _index("invoices", "status"),
    _index("invoices", '"issuedAt"'),
    _index("invoices", '"dueAt"'),
    _index("invoices", '"stripeInvoiceId"'),
    _index("invoices", '"deletedAt"'),
    Table(
        "usage_records",
        """
        create table usage_records (
          "id" text not null primary key,
          "subscriptionId" uuid not null,
          "userId" text not null,
          "metricName" text not null,
          "quantity" integer not null,
          "timestamp" timestamp(3) not null default current_timestamp,
          "metadata" jsonb not null default '{}',
          "createdAt" timestamp(3) not null default current_timestamp,
          "deletedAt" timestamp(3),
          foreign key ("subscriptionId") references subscriptions (id) on delete cascade
        )""",
    ),
    _index("usage_records", '"subscriptionId"'),
    _index("usage_records", '"userId"'),
    _index("usage_records", '"metricName"'),
    _index("usage_records", '"timestamp"'),
    _index("usage_records", '"deletedAt"'),
    _index("usage_records", '"subscriptionId", "metricName", "timestamp"'),
)

STEPS: tuple[Step, ...] = (*_PLANS, *_SUBSCRIPTIONS, *_MONEY)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
