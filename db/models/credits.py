"""Credits, preferences, and what the assistant can use: OAuth clients and language models."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from db.models.accounts import User
from db.models.base import NEW_UUID, NOW, Base, Millis


class Credit(Base):
    """Credits of one type that a user may spend in one period."""

    __tablename__ = "credits"
    shown = ("id", "user_id", "credit_type", "remaining_credits")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    user_id: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    total_credits: Mapped[int] = mapped_column(server_default=text("2000"))
    used_credits: Mapped[int] = mapped_column(server_default=text("0"))
    remaining_credits: Mapped[int] = mapped_column(server_default=text("2000"))
    credit_type: Mapped[str] = mapped_column(String(10), server_default=text("'free'"))
    monthly_allocation: Mapped[int] = mapped_column(server_default=text("2000"))
    reset_day_of_month: Mapped[int] = mapped_column(server_default=text("1"))
    period_start: Mapped[Millis] = mapped_column(server_default=NOW)
    period_end: Mapped[Millis | None]
    is_current: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column(server_default=NOW)

    __table_args__ = (
        Index("credits_user_id_idx", "user_id"),
        Index("idx_credits_user_type_current", "user_id", "credit_type", "is_current"),
    )


class UserPreference(Base):
    """What a user has chosen: model, looks, notifications."""

    __tablename__ = "user_preferences"
    shown = ("user_id",)

    user_id: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    default_model: Mapped[str | None] = mapped_column(String(100))
    theme: Mapped[str] = mapped_column(String(20), server_default=text("'system'"))
    language: Mapped[str] = mapped_column(String(10), server_default=text("'en'"))
    timezone: Mapped[str] = mapped_column(String(50), server_default=text("'UTC'"))
    email_notifications: Mapped[bool] = mapped_column(server_default=text("true"))
    usage_alerts: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column(server_default=NOW)


class OAuthClient(Base):
    """Software that signs users in with OAuth."""

    __tablename__ = "oauth_clients"
    shown = ("id", "client_id")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    client_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(255))
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    grant_types: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column(server_default=NOW)

    __table_args__ = (Index("oauth_clients_client_id_key", "client_id", unique=True),)


class LlmModel(Base):
    """A language model that users may choose."""

    __tablename__ = "llm_models"
    shown = ("id", "name", "provider")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    name: Mapped[str] = mapped_column(String(100))
    display_name: Mapped[str] = mapped_column(String(255))
    provider: Mapped[str] = mapped_column(String(50))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column(server_default=NOW)

    __table_args__ = (Index("llm_models_name_key", "name", unique=True),)
