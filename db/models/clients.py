"""Clients with the flags that gate the system, and how far their onboarding is."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.accounts import User
from db.models.base import NOW, Base, Json, Millis, labels

_NO = text("false")


class BillingStatus(StrEnum):
    """What a client's billing looks like; lower case in the database."""

    NONE = "none"
    TRIAL = "trial"
    ACTIVE = "active"
    CANCELED = "canceled"
    PAST_DUE = "past_due"


class Client(Base):
    """A client of the platform. Without a user or a Stripe customer it is unlinked, which is never guessed."""

    __tablename__ = "clients"
    shown = ("id", "billing_status")

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None]
    phone_number: Mapped[str | None] = mapped_column("phoneNumber")
    timezone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    is_active: Mapped[bool] = mapped_column("isActive", server_default=text("true"))
    onboarding_complete: Mapped[bool] = mapped_column("onboardingComplete", server_default=_NO)
    outbound_paused: Mapped[bool] = mapped_column("outboundPaused", server_default=_NO)
    ai_disabled: Mapped[bool] = mapped_column("aiDisabled", server_default=_NO)
    billing_status: Mapped[BillingStatus] = mapped_column(
        "billingStatus", labels(BillingStatus, "BillingStatus"), server_default=text("'none'")
    )
    payment_active: Mapped[bool] = mapped_column("paymentActive", server_default=_NO)
    trial_used_at: Mapped[Millis | None] = mapped_column("trialUsedAt")
    pending_cancellation: Mapped[bool] = mapped_column("pendingCancellation", server_default=_NO)
    cancellation_requested_at: Mapped[Millis | None] = mapped_column("cancellationRequestedAt")
    user_id: Mapped[str | None] = mapped_column("userId", ForeignKey(User.id, ondelete="SET NULL"))
    stripe_customer_id: Mapped[str | None] = mapped_column("stripeCustomerId")
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")

    __table_args__ = (
        Index("clients_email_idx", "email"),
        Index("clients_onboardingComplete_idx", "onboardingComplete"),
        Index("clients_outboundPaused_idx", "outboundPaused"),
        Index("clients_aiDisabled_idx", "aiDisabled"),
        Index("clients_billingStatus_idx", "billingStatus"),
        Index("clients_userId_idx", "userId"),
        Index("clients_stripeCustomerId_key", "stripeCustomerId", unique=True),
        Index("clients_updatedAt_id_idx", "updatedAt", "id"),
        Index("clients_billingStatus_updatedAt_id_idx", "billingStatus", "updatedAt", "id"),
    )


class OnboardingState(Base):
    """How far a client is in setting up."""

    __tablename__ = "onboarding_states"
    shown = ("id", "client_id", "current_step")

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column("clientId", ForeignKey(Client.id, ondelete="CASCADE"))
    current_step: Mapped[str] = mapped_column("currentStep", server_default=text("'welcome'"))
    completed_steps: Mapped[Json] = mapped_column("completedSteps", server_default=text("'[]'"))
    completed_at: Mapped[Millis | None] = mapped_column("completedAt")
    forwarding_enabled: Mapped[bool] = mapped_column("forwardingEnabled", server_default=_NO)
    test_call_detected: Mapped[bool] = mapped_column("testCallDetected", server_default=_NO)
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")

    __table_args__ = (Index("onboarding_states_clientId_key", "clientId", unique=True),)
