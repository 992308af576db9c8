"""Align the schema with production: client flags, billing fields and the onboarding link.

Every flag starts false, every client without billing. onboarding_states.customerId becomes clientId with its
key and index. Guard indexes are built concurrently. A client may be linked to a user and to a Stripe customer;
no link means unlinked.

Create Date: 2024-12-23
"""

from __future__ import annotations

from migrations.steps import (
    Column,
    Constraint,
    Enum,
    Index,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    Step,
    downgrade_through,
    upgrade_through,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FLAG = "boolean not null default false"

STEPS: tuple[Step, ...] = (
    Enum("BillingStatus", ("none", "trial", "active", "canceled", "past_due")),
    Column("clients", "onboardingComplete", _FLAG),
    Column("clients", "outboundPaused", _FLAG),
    Column("clients", "aiDisabled", _FLAG),
    Column("clients", "billingStatus", "\"BillingStatus\" not null default 'none'"),
    Column("clients", "paymentActive", _FLAG),
    Column("clients", "trialUsedAt", "timestamp(3)"),
    Column("clients", "pendingCancellation", _FLAG),
    Column("clients", "cancellationRequestedAt", "timestamp(3)"),
    Column("clients", "userId", "text"),
    Column("clients", "stripeCustomerId", "text"),
    RenameColumn("onboarding_states", "customerId", "clientId"),
    RenameIndex("onboarding_states_customerId_key", "onboarding_states_clientId_key"),
    RenameConstraint(
        "onboarding_states", "onboarding_states_customerId_fkey", "onboarding_states_clientId_fkey"
    ),
    Column("onboarding_states", "forwardingEnabled", _FLAG),
    Column("onboarding_states", "testCallDetected", _FLAG),
    Constraint(
        "clients", "clients_userId_fkey", 'foreign key ("userId") references users (id) on delete set null'
    ),
    Index(
        "clients_onboardingComplete_idx",
        "clients",
        'create index {concurrently} "clients_onboardingComplete_idx" on clients ("onboardingComplete")',
    ),
    Index(
        "clients_outboundPaused_idx",
        "clients",
        'create index {concurrently} "clients_outboundPaused_idx" on clients ("outboundPaused")',
    ),
    Index(
        "clients_aiDisabled_idx",
        "clients",
        'create index {concurrently} "clients_aiDisabled_idx" on clients ("aiDisabled")',
    ),
    Index(
        "clients_billingStatus_idx",
        "clients",
        'create index {concurrently} "clients_billingStatus_idx" on clients ("billingStatus")',
    ),
    Index(
        "clients_userId_idx",
        "clients",
        'create index {concurrently} "clients_userId_idx" on clients ("userId")',
    ),
    Index(
        "clients_stripeCustomerId_key",
        "clients",
        'create unique index {concurrently} "clients_stripeCustomerId_key" on clients ("stripeCustomerId")',
    ),
)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
