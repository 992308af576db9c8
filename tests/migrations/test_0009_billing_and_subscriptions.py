from __future__ import annotations

import psycopg
import pytest

from db.errors import Refused
from db.migration.catalog import Kind
from db.migration.fingerprint import take
from tests.migrations import platform

# The runbook's own SQL. Its "subscriptionId" is text because its own subscriptions table has a text key; the
# platform's has a uuid.
RUNBOOK = """
CREATE TABLE "subscription_plans" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "tier" "SubscriptionPlanTier" NOT NULL,
  "name" TEXT NOT NULL,
  "description" TEXT,
  "isActive" BOOLEAN NOT NULL DEFAULT true,
  "price" INTEGER NOT NULL DEFAULT 0,
  "currency" TEXT NOT NULL DEFAULT 'USD',
  "billingInterval" "BillingInterval" NOT NULL DEFAULT 'MONTHLY',
  "features" JSONB NOT NULL,
  "stripePriceId" TEXT UNIQUE,
  "stripeProductId" TEXT,
  "displayOrder" INTEGER NOT NULL DEFAULT 0,
  "metadata" JSONB NOT NULL DEFAULT '{}',
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" TIMESTAMP(3) NOT NULL,
  "deletedAt" TIMESTAMP(3)
);
CREATE TABLE "payments" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "subscriptionId" UUID NOT NULL,
  "userId" TEXT NOT NULL,
  "amount" INTEGER NOT NULL,
  "currency" TEXT NOT NULL DEFAULT 'USD',
  "status" TEXT NOT NULL,
  "paymentMethod" TEXT,
  "failureReason" TEXT,
  "stripePaymentIntentId" TEXT UNIQUE,
  "stripeChargeId" TEXT,
  "metadata" JSONB NOT NULL DEFAULT '{}',
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" TIMESTAMP(3) NOT NULL,
  "deletedAt" TIMESTAMP(3),
  FOREIGN KEY ("subscriptionId") REFERENCES "subscriptions"("id") ON DELETE CASCADE
);
CREATE TABLE "invoices" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "subscriptionId" UUID NOT NULL,
  "userId" TEXT NOT NULL,
  "invoiceNumber" TEXT NOT NULL UNIQUE,
  "amount" INTEGER NOT NULL,
  "currency" TEXT NOT NULL DEFAULT 'USD',
  "status" TEXT NOT NULL,
  "issuedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "dueAt" TIMESTAMP(3) NOT NULL,
  "paidAt" TIMESTAMP(3),
  "stripeInvoiceId" TEXT UNIQUE,
  "pdfUrl" TEXT,
  "lineItems" JSONB NOT NULL DEFAULT '[]',
  "metadata" JSONB NOT NULL DEFAULT '{}',
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" TIMESTAMP(3) NOT NULL,
  "deletedAt" TIMESTAMP(3),
  FOREIGN KEY ("subscriptionId") REFERENCES "subscriptions"("id") ON DELETE CASCADE
);
CREATE TABLE "usage_records" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "subscriptionId" UUID NOT NULL,
  "userId" TEXT NOT NULL,
  "metricName" TEXT NOT NULL,
  "quantity" INTEGER NOT NULL,
  "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "metadata" JSONB NOT NULL DEFAULT '{}',
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "deletedAt" TIMESTAMP(3),
  FOREIGN KEY ("subscriptionId") REFERENCES "subscriptions"("id") ON DELETE CASCADE
);
CREATE INDEX ON "subscription_plans"("tier");
CREATE INDEX ON "subscription_plans"("isActive");
CREATE INDEX ON "subscription_plans"("deletedAt");
CREATE INDEX ON "subscription_plans"("displayOrder");
CREATE UNIQUE INDEX ON "subscription_plans"("tier", "billingInterval");
CREATE INDEX ON "payments"("subscriptionId");
CREATE INDEX ON "payments"("userId");
CREATE INDEX ON "payments"("status");
CREATE INDEX ON "payments"("createdAt");
CREATE INDEX ON "payments"("stripePaymentIntentId");
CREATE INDEX ON "payments"("deletedAt");
CREATE INDEX ON "invoices"("subscriptionId");
CREATE INDEX ON "invoices"("userId");
CREATE INDEX ON "invoices"("invoiceNumber");
CREATE INDEX ON "invoices"("status");
CREATE INDEX ON "invoices"("issuedAt");
CREATE INDEX ON "invoices"("dueAt");
CREATE INDEX ON "invoices"("stripeInvoiceId");
CREATE INDEX ON "invoices"("deletedAt");
CREATE INDEX ON "usage_records"("subscriptionId");
CREATE INDEX ON "usage_records"("userId");
CREATE INDEX ON "usage_records"("metricName");
CREATE INDEX ON "usage_records"("timestamp");
CREATE INDEX ON "usage_records"("deletedAt");
CREATE INDEX ON "usage_records"("subscriptionId", "metricName", "timestamp");
"""
# PostgreSQL 18 has a code of its own for RESTRICT.
RESTRICTED = (psycopg.errors.RestrictViolation, psycopg.errors.ForeignKeyViolation)
TABLES = ("subscription_plans", "payments", "invoices", "usage_records")
PLAN_OF_USER = "select user_id, plan_id, status from subscriptions order by user_id, status"


@pytest.fixture
def before(empty_database: str) -> str:
    platform.upgrade(empty_database, "0008")
    return empty_database


def subscribe(conninfo: str, user: str, *, tier: str, status: str = "active", cycle: str = "monthly") -> None:
    platform.add_users(conninfo, user)
    platform.execute(
        conninfo,
        f"""insert into subscriptions (user_id, tier, status, billing_cycle)
            values ('{user}', '{tier}', '{status}', '{cycle}')""",
    )


def test_the_new_tables_are_the_runbooks_own(before: str) -> None:
    platform.upgrade(before, "0009")
    with psycopg.connect(before, autocommit=True) as connection:
        connection.execute("create schema runbook")
        connection.execute("set search_path = runbook, public")
        connection.execute(RUNBOOK)
        kinds = (Kind.TABLE, Kind.COLUMN, Kind.CONSTRAINT)
        ours, theirs = (
            take(connection, schema, kinds, path=("public",)).objects for schema in ("public", "runbook")
        )
        # Unnamed indexes get whatever name is free, so they are compared by table and columns.
        indexed = """
            select i.indrelid::regclass::text, i.indisunique, pg_get_indexdef(i.indexrelid, k, true), k, i.indnkeyatts
            from pg_index i, generate_series(1, i.indnkeyatts) as k
            where i.indrelid = any(%s::regclass[]) order by 1, 2, 3, 4, 5"""
        own, declared = (
            connection.execute(indexed, ([f"{schema}.{table}" for table in TABLES],)).fetchall()
            for schema in ("public", "runbook")
        )
    assert {entry: text for entry, text in ours.items() if entry in theirs} == theirs
    assert [(row[0].split(".")[-1], *row[1:]) for row in own] == [
        (row[0].split(".")[-1], *row[1:]) for row in declared
    ]


def test_four_plans_are_seeded_in_cents(before: str) -> None:
    platform.upgrade(before, "0009")
    plans = """select tier::text, "billingInterval"::text, price from subscription_plans order by "displayOrder\""""
    assert platform.rows(before, plans) == [
        ("FREE", "MONTHLY", 0),
        ("PRO", "MONTHLY", 2999),
        ("PRO", "YEARLY", 28800),
        ("ENTERPRISE", "YEARLY", 99900),
    ]


def test_subscriptions_get_the_plan_of_their_tier_and_interval(before: str) -> None:
    subscribe(before, "a_free", tier="free")
    subscribe(before, "b_pro", tier="pro")
    subscribe(before, "c_year", tier="pro", cycle="yearly")
    subscribe(before, "d_annual", tier="pro", cycle="annual")
    subscribe(before, "e_big", tier="enterprise", cycle="monthly")
    platform.upgrade(before, "0009")
    assert platform.rows(before, PLAN_OF_USER) == [
        ("a_free", "plan_free_monthly", "active"),
        ("b_pro", "plan_pro_monthly", "active"),
        ("c_year", "plan_pro_yearly", "active"),
        ("d_annual", "plan_pro_yearly", "active"),
        ("e_big", "plan_enterprise_yearly", "active"),
    ]


@pytest.mark.parametrize(
    ("status", "live"),
    [
        ("trialing", True),
        ("active", True),
        ("past_due", True),
        ("unpaid", True),
        ("paused", True),
        ("canceled", False),
        ("expired", False),
        ("incomplete", False),
        ("incomplete_expired", False),
    ],
)
def test_whoever_has_nothing_live_gets_the_free_plan(before: str, status: str, live: bool) -> None:
    subscribe(before, "ana", tier="pro", status=status)
    platform.upgrade(before, "0009")
    free = platform.rows(before, "select count(*) from subscriptions where plan_id = 'plan_free_monthly'")
    assert free == [(0 if live else 1,)]


def test_every_user_has_a_live_subscription_afterwards(before: str) -> None:
    platform.execute(
        before,
        """insert into users (id, email, username)
           select 'u' || n, n || '@example.com', 'u' || n from generate_series(1, 10001) as n""",
    )
    subscribe(before, "ana", tier="pro")
    platform.upgrade(before, "0009")
    live = "select count(*), count(distinct user_id) from subscriptions where status = 'active'"
    assert platform.rows(before, live) == [(10002, 10002)]
    made = """select distinct tier, billing_cycle, plan_id, metadata ->> 'assigned_by' from subscriptions
              where user_id like 'u%'"""
    assert platform.rows(before, made) == [("free", "monthly", "plan_free_monthly", "migration 0009")]


def test_running_again_gives_nobody_a_plan_and_keeps_prices(before: str) -> None:
    platform.upgrade(before, "0009")
    platform.add_users(before, "signed_up_since")
    platform.execute(before, "update subscription_plans set price = 3499 where id = 'plan_pro_monthly'")
    platform.forget(before, "0009")
    platform.upgrade(before, "0009")
    assert platform.rows(before, "select count(*) from subscriptions") == [(0,)]
    assert platform.rows(before, "select price from subscription_plans where id = 'plan_pro_monthly'") == [
        (3499,)
    ]


def test_plans_that_were_there_are_kept_and_used(before: str) -> None:
    subscribe(before, "ana", tier="pro")
    platform.upgrade(before, "0009")
    platform.execute(
        before,
        "alter table subscriptions alter column plan_id drop not null",
        "update subscriptions set plan_id = null",
        "delete from subscription_plans where tier = 'PRO'",
        """insert into subscription_plans (id, tier, name, "billingInterval", features, "updatedAt")
           values ('cuid1', 'PRO', 'Pro', 'MONTHLY', '[]', now())""",
    )
    platform.forget(before, "0009")
    platform.upgrade(before, "0009")
    assert platform.rows(before, PLAN_OF_USER) == [("ana", "cuid1", "active")]


def test_a_tier_without_a_plan_is_refused_by_name_and_the_rest_goes_on_later(before: str) -> None:
    subscribe(before, "ana", tier="platinum")
    preflight = platform.verdicts(before, "0009", "preflight")
    assert preflight["every subscription is of a tier that has a plan"] == "fail"
    with pytest.raises(Refused, match="1 platinum monthly"):
        platform.upgrade(before, "0009")
    platform.execute(before, "update subscriptions set tier = 'pro'")
    platform.upgrade(before, "0009")
    assert platform.rows(before, PLAN_OF_USER) == [("ana", "plan_pro_monthly", "active")]


def test_two_live_subscriptions_are_refused_before_and_after(before: str) -> None:
    subscribe(before, "ana", tier="free")
    second = "insert into subscriptions (user_id, status{}) values ('ana', 'past_due'{})"
    platform.execute(before, second.format("", ""))
    assert platform.verdicts(before, "0009", "preflight")["nobody has two live subscriptions"] == "fail"
    with pytest.raises(Refused, match="subscriptions_one_live_key"):
        platform.upgrade(before, "0009")
    platform.execute(before, "update subscriptions set status = 'canceled' where status = 'past_due'")
    platform.upgrade(before, "0009")
    with pytest.raises(psycopg.errors.UniqueViolation):
        platform.execute(before, second.format(", plan_id", ", 'plan_pro_monthly'"))
    # A checkout that is not paid yet, and ended ones, may stand beside the live one.
    for status in ("incomplete", "canceled", "expired"):
        platform.execute(
            before,
            f"""insert into subscriptions (user_id, status, plan_id)
                values ('ana', '{status}', 'plan_pro_monthly')""",
        )


def test_a_status_that_nobody_knows_is_refused(before: str) -> None:
    platform.upgrade(before, "0009")
    platform.add_users(before, "ana")
    with pytest.raises(psycopg.errors.CheckViolation):
        platform.execute(
            before,
            "insert into subscriptions (user_id, status, plan_id) values ('ana', 'ACTIVE', 'plan_free_monthly')",
        )


def test_plans_in_use_stay_and_what_belongs_to_a_subscription_goes_with_it(before: str) -> None:
    subscribe(before, "ana", tier="pro")
    platform.upgrade(before, "0009")
    with pytest.raises(RESTRICTED):
        platform.execute(before, "delete from subscription_plans where tier = 'PRO'")
    platform.execute(
        before,
        """insert into payments (id, "subscriptionId", "userId", amount, status, "updatedAt")
           select 'p', id, 'ana', 2999, 'succeeded', now() from subscriptions""",
        """insert into invoices (id, "subscriptionId", "userId", "invoiceNumber", amount, status, "dueAt", "updatedAt")
           select 'i', id, 'ana', 'INV-1', 2999, 'paid', now(), now() from subscriptions""",
        """insert into usage_records (id, "subscriptionId", "userId", "metricName", quantity)
           select 'u', id, 'ana', 'credits', 5 from subscriptions""",
        "delete from users where id = 'ana'",
    )
    for table in ("subscriptions", "payments", "invoices", "usage_records"):
        assert platform.rows(before, f"select count(*) from {table}") == [(0,)]


def test_every_check_passes(before: str) -> None:
    subscribe(before, "ana", tier="pro")
    assert set(platform.verdicts(before, "0009", "preflight").values()) == {"pass"}
    platform.add_users(before, "bob")
    assert (
        platform.verdicts(before, "0009", "preflight")["every user has a live subscription already"] == "warn"
    )
    platform.upgrade(before, "0009")
    assert set(platform.verdicts(before, "0009", "verification").values()) == {"pass"}


def test_downgrade_leaves_the_catalog_as_it_was_and_people_their_subscription(before: str) -> None:
    catalog = platform.catalog(before)
    subscribe(before, "ana", tier="pro")
    platform.add_users(before, "bob")
    platform.upgrade(before, "0009")
    platform.downgrade(before, "0008")
    assert platform.catalog(before).objects == catalog.objects
    assert platform.rows(before, "select user_id, tier from subscriptions order by 1") == [
        ("ana", "pro"),
        ("bob", "free"),
    ]
