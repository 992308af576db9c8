"""Who signs in: users with their name reservation, sessions, and the blacklist of revoked tokens."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import NOW, Base, Json, Micros, Millis, labels


class UserStatus(StrEnum):
    """Where a user stands between signing up and paying."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"


class User(Base):
    """A user, and with status and expiry the reservation of the name."""

    __tablename__ = "users"
    shown = ("id", "status")

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    username: Mapped[str | None]
    display_name: Mapped[str | None]
    avatar_url: Mapped[str | None]
    provider: Mapped[str | None]
    provider_id: Mapped[str | None]
    role: Mapped[str] = mapped_column(server_default=text("'user'"))
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column(server_default=NOW)
    deleted_at: Mapped[Millis | None]

    bio: Mapped[str | None]
    location: Mapped[str | None]
    website_url: Mapped[str | None]
    banner_url: Mapped[str | None]
    social_links: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    is_public: Mapped[bool] = mapped_column(server_default=text("false"))
    meta_title: Mapped[str | None]
    meta_description: Mapped[str | None]

    status: Mapped[UserStatus] = mapped_column(
        labels(UserStatus, "UserStatus"), server_default=text("'PENDING'")
    )
    reservation_expires_at: Mapped[Micros | None]
    payment_attempted_at: Mapped[Micros | None]
    payment_retry_count: Mapped[int] = mapped_column(server_default=text("0"))
    day2_reminder_sent_at: Mapped[Micros | None]
    day5_reminder_sent_at: Mapped[Micros | None]

    __table_args__ = (
        Index("users_email_key", "email", unique=True),
        Index("users_username_key", "username", unique=True),
        Index("users_provider_provider_id_idx", "provider", "provider_id"),
        Index("users_deleted_at_idx", "deleted_at"),
        Index("users_is_public_idx", "is_public"),
        Index("users_status_idx", "status"),
        Index("users_reservation_expires_at_idx", "reservation_expires_at"),
        Index(
            "users_pending_expiry_idx",
            text("coalesce(reservation_expires_at, 'infinity'::timestamp)"),
            "id",
            postgresql_where=text("status = 'PENDING'"),
        ),
        Index("users_pending_created_idx", "created_at", "id", postgresql_where=text("status = 'PENDING'")),
    )


# An address as typed, whatever its case, whole or by its beginning.
Index(
    "users_lower_email_idx",
    func.lower(User.email).label("address"),
    postgresql_ops={"address": "text_pattern_ops"},
)


# A session that was never used sorts as used before all others.
_LAST_USED = "coalesce(\"lastUsedAt\", '-infinity'::timestamp)"


class Session(Base):
    """A login that can be refreshed.

    The refresh token is a column of the table and no attribute of this class: whoever holds one can act as the
    user, so nothing that imports the model can read it by accident.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column("userId", ForeignKey(User.id, ondelete="CASCADE"))
    expires_at: Mapped[Millis] = mapped_column("expiresAt")
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    device_info: Mapped[str | None] = mapped_column("deviceInfo")
    ip_address: Mapped[str | None] = mapped_column("ipAddress")
    last_used_at: Mapped[Millis | None] = mapped_column("lastUsedAt", server_default=NOW)

    __table_args__ = (
        Column("refreshToken", Text, nullable=False),
        Index("sessions_refreshToken_key", "refreshToken", unique=True),
        Index("sessions_userId_idx", "userId"),
        Index("sessions_expiresAt_idx", "expiresAt"),
        Index("sessions_lastUsedAt_idx", "lastUsedAt"),
        Index("sessions_lastUsedAt_id_idx", text(_LAST_USED), "id"),
        Index("sessions_userId_lastUsedAt_idx", "userId", text(_LAST_USED), "id"),
        Index("sessions_createdAt_id_idx", "createdAt", "id"),
    )
    __mapper_args__ = {"exclude_properties": ("refreshToken",)}  # noqa: RUF012 - SQLAlchemy reads it so


class BlacklistedToken(Base):
    """An access token that was revoked before it expired, by the hash of its text."""

    __tablename__ = "token_blacklist"

    id: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column("tokenHash")
    expires_at: Mapped[Millis] = mapped_column("expiresAt")
    user_id: Mapped[str] = mapped_column("userId")
    reason: Mapped[str | None]
    revoked_at: Mapped[Millis] = mapped_column("revokedAt", server_default=NOW)
    revoked_by: Mapped[str | None] = mapped_column("revokedBy")

    __table_args__ = (
        UniqueConstraint("tokenHash"),
        # The runbook defines it beside the unique key.
        Index("token_blacklist_tokenHash_idx", "tokenHash"),
        Index("token_blacklist_expiresAt_idx", "expiresAt"),
        Index("token_blacklist_userId_idx", "userId"),
        Index("token_blacklist_revokedAt_id_idx", "revokedAt", "id"),
    )
