"""The job queue and its log. Queue mechanics run as SQL functions; here is only the shape."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Big, Instant, Json, Small, with_row_security

_NOW = text("clock_timestamp()")
_UUID = text("gen_random_uuid()")


class Job(Base):
    """A background job: what is to be done, who holds the lease, what came of it."""

    __tablename__ = "job_queue"
    shown = ("id", "job_type", "status")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=_UUID)
    user_id: Mapped[str | None]
    job_type: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    priority: Mapped[Small] = mapped_column(server_default=text("5"))
    payload: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    result: Mapped[Json | None]
    error_message: Mapped[str | None]
    progress: Mapped[Small] = mapped_column(server_default=text("0"))
    progress_message: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    max_attempts: Mapped[int] = mapped_column(server_default=text("3"))
    lease_losses: Mapped[int] = mapped_column(server_default=text("0"))
    idempotency_key: Mapped[str | None]
    cache_key: Mapped[str | None]
    cache_expires_at: Mapped[Instant | None]
    scheduled_for: Mapped[Instant] = mapped_column(server_default=_NOW)
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    worker_id: Mapped[str | None]
    lease_token: Mapped[Big] = mapped_column(server_default=text("0"))
    lease_expires_at: Mapped[Instant | None]
    heartbeat_at: Mapped[Instant | None]
    created_at: Mapped[Instant] = mapped_column(server_default=_NOW)
    updated_at: Mapped[Instant] = mapped_column(server_default=_NOW)

    __table_args__ = (
        CheckConstraint("user_id <> ''", name="job_queue_user_id_check"),
        CheckConstraint("char_length(job_type) between 1 and 100", name="job_queue_job_type_check"),
        CheckConstraint(
            "status in ('pending', 'processing', 'completed', 'failed', 'cancelled')",
            name="job_queue_status_check",
        ),
        CheckConstraint("priority between 0 and 9", name="job_queue_priority_check"),
        CheckConstraint("progress between 0 and 100", name="job_queue_progress_check"),
        CheckConstraint("attempts >= 0", name="job_queue_attempts_check"),
        CheckConstraint("max_attempts between 1 and 100", name="job_queue_max_attempts_check"),
        CheckConstraint(
            "char_length(idempotency_key) between 1 and 255", name="job_queue_idempotency_key_check"
        ),
        CheckConstraint("char_length(cache_key) between 1 and 255", name="job_queue_cache_key_check"),
        CheckConstraint(
            "(status = 'processing') = (lease_expires_at is not null)", name="job_queue_lease_check"
        ),
        CheckConstraint("status <> 'processing' or worker_id is not null", name="job_queue_worker_id_check"),
        CheckConstraint(
            "(status in ('completed', 'failed', 'cancelled')) = (finished_at is not null)",
            name="job_queue_finished_check",
        ),
        Index(
            "job_queue_idempotency_key_key",
            text("coalesce(user_id, '')"),
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key is not null"),
        ),
        Index(
            "idx_job_queue_claim",
            "priority",
            "scheduled_for",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "idx_job_queue_claim_by_type",
            "job_type",
            "priority",
            "scheduled_for",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("idx_job_queue_processing", "worker_id", "id", postgresql_where=text("status = 'processing'")),
        Index("idx_job_queue_created", "created_at", "id"),
        Index("idx_job_queue_status_created", "status", "created_at", "id"),
        Index("idx_job_queue_type_created", "job_type", "created_at", "id"),
        Index("idx_job_queue_user_created", "user_id", "created_at", "id"),
        Index("idx_job_queue_user_status_created", "user_id", "status", "created_at", "id"),
        Index(
            "idx_job_queue_finished", "finished_at", "id", postgresql_where=text("finished_at is not null")
        ),
        Index(
            "idx_job_queue_cache",
            "job_type",
            "cache_key",
            text("coalesce(user_id, '')"),
            "cache_expires_at",
            postgresql_where=text("status = 'completed' and cache_expires_at is not null"),
        ),
        # Renewing a lease finds room in its page and touches no index.
        {"postgresql_with": {"fillfactor": 85}},
    )


class JobLogEntry(Base):
    """One line of what happened to a job."""

    __tablename__ = "job_log"
    shown = ("id", "job_id", "event", "level")

    id: Mapped[Big] = mapped_column(Identity(always=True), primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey(Job.id, ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(server_default=text("'message'"))
    level: Mapped[str] = mapped_column(server_default=text("'info'"))
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    worker_id: Mapped[str | None]
    message: Mapped[str]
    details: Mapped[Json | None]
    created_at: Mapped[Instant] = mapped_column(server_default=_NOW)

    __table_args__ = (
        CheckConstraint("level in ('debug', 'info', 'warning', 'error')", name="job_log_level_check"),
        Index("idx_job_log_job", "job_id", "id"),
        Index("idx_job_log_job_attempt", "job_id", "attempt", "id"),
        Index("idx_job_log_created", "created_at", "id"),
        Index("idx_job_log_errors", "created_at", "id", postgresql_where=text("level = 'error'")),
    )


with_row_security(Job.__table__)
with_row_security(JobLogEntry.__table__)
