"""Stripe events as they were received."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Big, Instant, Json, with_row_security

_NOW = text("clock_timestamp()")


class WebhookEvent(Base):
    """An event of Stripe: a hint that something changed, kept until it is processed and for 90 days after."""

    __tablename__ = "stripe_webhook_events"
    shown = ("id", "stripe_event_id", "event_type", "status")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    stripe_event_id: Mapped[str]
    event_type: Mapped[str]
    api_version: Mapped[str | None]
    livemode: Mapped[bool | None]
    payload: Mapped[Json]
    stripe_customer_id: Mapped[str | None]
    stripe_subscription_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'received'"))
    retry_count: Mapped[int] = mapped_column(server_default=text("0"))
    lease_losses: Mapped[int] = mapped_column(server_default=text("0"))
    error_message: Mapped[str | None]
    worker_id: Mapped[str | None]
    lease_token: Mapped[Big] = mapped_column(server_default=text("0"))
    lease_expires_at: Mapped[Instant | None]
    next_attempt_at: Mapped[Instant | None] = mapped_column(server_default=_NOW)
    stripe_created_at: Mapped[Instant | None]
    received_at: Mapped[Instant] = mapped_column(server_default=_NOW)
    processed_at: Mapped[Instant | None]
    updated_at: Mapped[Instant] = mapped_column(server_default=_NOW)

    __table_args__ = (
        UniqueConstraint("stripe_event_id"),
        CheckConstraint("stripe_event_id <> ''", name="stripe_webhook_events_stripe_event_id_check"),
        CheckConstraint(
            "status in ('received', 'processing', 'processed', 'failed')",
            name="stripe_webhook_events_status_check",
        ),
        CheckConstraint("retry_count >= 0", name="stripe_webhook_events_retry_count_check"),
        CheckConstraint(
            "(status = 'processing') = (lease_expires_at is not null)",
            name="stripe_webhook_events_lease_check",
        ),
        CheckConstraint(
            "status <> 'processing' or worker_id is not null", name="stripe_webhook_events_worker_id_check"
        ),
        CheckConstraint(
            "status <> 'processed' or processed_at is not null", name="stripe_webhook_events_processed_check"
        ),
        Index(
            "idx_stripe_webhook_events_due",
            "next_attempt_at",
            "id",
            postgresql_where=text("status in ('received', 'failed')"),
        ),
        Index("idx_stripe_webhook_events_received", "received_at", "id"),
        Index("idx_stripe_webhook_events_status_received", "status", "received_at", "id"),
        Index("idx_stripe_webhook_events_type_received", "event_type", "received_at", "id"),
        Index("stripe_webhook_events_customer_received_idx", "stripe_customer_id", "received_at", "id"),
        Index(
            "stripe_webhook_events_subscription_received_idx", "stripe_subscription_id", "received_at", "id"
        ),
    )


with_row_security(WebhookEvent.__table__)
