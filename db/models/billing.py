"""Plans, subscriptions, and the money and usage that belong to them. Amounts are cents."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.accounts import User
from db.models.base import NEW_UUID, NOW, Base, Json, Millis, labels

_EMPTY = text("'{}'")
_USD = text("'USD'")


class PlanTier(StrEnum):
    """What a plan offers."""

    FREE = "FREE"
    PRO = "PRO"
    ENTERPRISE = "ENTERPRISE"
    CUSTOM = "CUSTOM"


class BillingInterval(StrEnum):
    """How often a plan is paid."""

    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"
    LIFETIME = "LIFETIME"


class SubscriptionState(StrEnum):
    """The states of a subscription as its text column holds them: the runbooks' and Stripe's."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    EXPIRED = "expired"
    INCOMPLETE = "incomplete"
    PAUSED = "paused"
    UNPAID = "unpaid"
    INCOMPLETE_EXPIRED = "incomplete_expired"


# A user has at most one subscription in these states.
LIVE_STATES = frozenset(
    {
        SubscriptionState.TRIALING,
        SubscriptionState.ACTIVE,
        SubscriptionState.PAST_DUE,
        SubscriptionState.UNPAID,
        SubscriptionState.PAUSED,
    }
)


class RunbookSubscriptionStatus(StrEnum):
    """The labels of the type "SubscriptionStatus"; no column uses it, software may cast to it."""

    TRIALING = "TRIALING"
    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    INCOMPLETE = "INCOMPLETE"
    PAUSED = "PAUSED"


SUBSCRIPTION_STATUS = labels(RunbookSubscriptionStatus, "SubscriptionStatus")


class SubscriptionPlan(Base):
    """A plan with its price."""

    __tablename__ = "subscription_plans"
    shown = ("id", "tier", "billing_interval", "price")

    id: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[PlanTier] = mapped_column(labels(PlanTier, "SubscriptionPlanTier"))
    name: Mapped[str]
    description: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column("isActive", server_default=text("true"))
    price: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str] = mapped_column(server_default=_USD)
    billing_interval: Mapped[BillingInterval] = mapped_column(
        "billingInterval", labels(BillingInterval, "BillingInterval"), server_default=text("'MONTHLY'")
    )
    features: Mapped[Json]
    stripe_price_id: Mapped[str | None] = mapped_column("stripePriceId")
    stripe_product_id: Mapped[str | None] = mapped_column("stripeProductId")
    display_order: Mapped[int] = mapped_column("displayOrder", server_default=text("0"))
    details: Mapped[Json] = mapped_column("metadata", server_default=_EMPTY)
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")
    deleted_at: Mapped[Millis | None] = mapped_column("deletedAt")

    __table_args__ = (
        UniqueConstraint("stripePriceId"),
        Index("subscription_plans_tier_idx", "tier"),
        Index("subscription_plans_isActive_idx", "isActive"),
        Index("subscription_plans_deletedAt_idx", "deletedAt"),
        Index("subscription_plans_displayOrder_idx", "displayOrder"),
        Index("subscription_plans_tier_billingInterval_key", "tier", "billingInterval", unique=True),
    )


class Subscription(Base):
    """What a user subscribes to; at most one of a user is live."""

    __tablename__ = "subscriptions"
    shown = ("id", "user_id", "plan_id", "status")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    user_id: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    plan_id: Mapped[str] = mapped_column(ForeignKey(SubscriptionPlan.id, ondelete="RESTRICT"))
    tier: Mapped[str] = mapped_column(String(20), server_default=text("'free'"))
    status: Mapped[str] = mapped_column(String(20), server_default=text("'active'"))
    billing_cycle: Mapped[str] = mapped_column(String(20), server_default=text("'monthly'"))
    started_at: Mapped[Millis] = mapped_column(server_default=NOW)
    current_period_start: Mapped[Millis] = mapped_column(server_default=NOW)
    current_period_end: Mapped[Millis | None]
    trial_start: Mapped[Millis | None]
    trial_end: Mapped[Millis | None]
    cancel_at_period_end: Mapped[bool] = mapped_column(server_default=text("false"))
    canceled_at: Mapped[Millis | None]
    cancel_reason: Mapped[str | None]
    stripe_customer_id: Mapped[str | None] = mapped_column(String(255))
    stripe_subscription_id: Mapped[str | None] = mapped_column(String(255))
    stripe_price_id: Mapped[str | None] = mapped_column(String(255))
    stripe_checkout_session_id: Mapped[str | None]
    details: Mapped[Json] = mapped_column("metadata", server_default=_EMPTY)
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column(server_default=NOW)
    deleted_at: Mapped[Millis | None]

    __table_args__ = (
        CheckConstraint(
            "status in ('trialing', 'active', 'past_due', 'canceled', 'expired', 'incomplete', 'paused', "
            "'unpaid', 'incomplete_expired')",
            name="subscriptions_status_check",
        ),
        UniqueConstraint("stripe_subscription_id"),
        UniqueConstraint("stripe_customer_id"),
        Index(
            "subscriptions_one_live_key",
            "user_id",
            unique=True,
            postgresql_where=text(
                "status in ('trialing', 'active', 'past_due', 'unpaid', 'paused') and deleted_at is null"
            ),
        ),
        Index("subscriptions_user_id_idx", "user_id"),
        Index("subscriptions_plan_id_idx", "plan_id"),
        Index("subscriptions_status_idx", "status"),
        Index("subscriptions_current_period_end_idx", "current_period_end"),
        Index("subscriptions_trial_end_idx", "trial_end"),
        Index("subscriptions_deleted_at_idx", "deleted_at"),
        Index("subscriptions_status_current_period_end_idx", "status", "current_period_end"),
    )


class Payment(Base):
    """A payment, tried or made."""

    __tablename__ = "payments"
    shown = ("id", "subscription_id", "status")

    id: Mapped[str] = mapped_column(primary_key=True)
    subscription_id: Mapped[UUID] = mapped_column(
        "subscriptionId", ForeignKey(Subscription.id, ondelete="CASCADE")
    )
    user_id: Mapped[str] = mapped_column("userId")
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(server_default=_USD)
    status: Mapped[str]
    payment_method: Mapped[str | None] = mapped_column("paymentMethod")
    failure_reason: Mapped[str | None] = mapped_column("failureReason")
    stripe_payment_intent_id: Mapped[str | None] = mapped_column("stripePaymentIntentId")
    stripe_charge_id: Mapped[str | None] = mapped_column("stripeChargeId")
    details: Mapped[Json] = mapped_column("metadata", server_default=_EMPTY)
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")
    deleted_at: Mapped[Millis | None] = mapped_column("deletedAt")

    __table_args__ = (
        UniqueConstraint("stripePaymentIntentId"),
        Index("payments_subscriptionId_idx", "subscriptionId"),
        Index("payments_userId_idx", "userId"),
        Index("payments_status_idx", "status"),
        Index("payments_createdAt_idx", "createdAt"),
        # The runbook defines it beside the unique key.
        Index("payments_stripePaymentIntentId_idx", "stripePaymentIntentId"),
        Index("payments_deletedAt_idx", "deletedAt"),
    )


class Invoice(Base):
    """An invoice with its lines."""

    __tablename__ = "invoices"
    shown = ("id", "subscription_id", "status")

    id: Mapped[str] = mapped_column(primary_key=True)
    subscription_id: Mapped[UUID] = mapped_column(
        "subscriptionId", ForeignKey(Subscription.id, ondelete="CASCADE")
    )
    user_id: Mapped[str] = mapped_column("userId")
    invoice_number: Mapped[str] = mapped_column("invoiceNumber")
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(server_default=_USD)
    status: Mapped[str]
    issued_at: Mapped[Millis] = mapped_column("issuedAt", server_default=NOW)
    due_at: Mapped[Millis] = mapped_column("dueAt")
    paid_at: Mapped[Millis | None] = mapped_column("paidAt")
    stripe_invoice_id: Mapped[str | None] = mapped_column("stripeInvoiceId")
    pdf_url: Mapped[str | None] = mapped_column("pdfUrl")
    line_items: Mapped[Json] = mapped_column("lineItems", server_default=text("'[]'"))
    details: Mapped[Json] = mapped_column("metadata", server_default=_EMPTY)
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")
    deleted_at: Mapped[Millis | None] = mapped_column("deletedAt")

    __table_args__ = (
        UniqueConstraint("invoiceNumber"),
        UniqueConstraint("stripeInvoiceId"),
        Index("invoices_subscriptionId_idx", "subscriptionId"),
        Index("invoices_userId_idx", "userId"),
        # This and the Stripe id: the runbook defines them beside the unique keys.
        Index("invoices_invoiceNumber_idx", "invoiceNumber"),
        Index("invoices_status_idx", "status"),
        Index("invoices_issuedAt_idx", "issuedAt"),
        Index("invoices_dueAt_idx", "dueAt"),
        Index("invoices_stripeInvoiceId_idx", "stripeInvoiceId"),
        Index("invoices_deletedAt_idx", "deletedAt"),
    )


class UsageRecord(Base):
    """How much of something was used, and when."""

    __tablename__ = "usage_records"
    shown = ("id", "subscription_id", "metric_name", "quantity")

    id: Mapped[str] = mapped_column(primary_key=True)
    subscription_id: Mapped[UUID] = mapped_column(
        "subscriptionId", ForeignKey(Subscription.id, ondelete="CASCADE")
    )
    user_id: Mapped[str] = mapped_column("userId")
    metric_name: Mapped[str] = mapped_column("metricName")
    quantity: Mapped[int]
    used_at: Mapped[Millis] = mapped_column("timestamp", server_default=NOW)
    details: Mapped[Json] = mapped_column("metadata", server_default=_EMPTY)
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    deleted_at: Mapped[Millis | None] = mapped_column("deletedAt")

    __table_args__ = (
        Index("usage_records_subscriptionId_idx", "subscriptionId"),
        Index("usage_records_userId_idx", "userId"),
        Index("usage_records_metricName_idx", "metricName"),
        Index("usage_records_timestamp_idx", "timestamp"),
        Index("usage_records_deletedAt_idx", "deletedAt"),
        Index(
            "usage_records_subscriptionId_metricName_timestamp_idx",
            "subscriptionId",
            "metricName",
            "timestamp",
        ),
    )
