"""Apps, the rooms they run in, who takes part, and what is won.

Deleting is soft everywhere (`deleted_at`); the keys that RESTRICT protect the history of organisers, apps and
winners.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.accounts import User
from db.models.base import NOW, Base, Json, Millis, labels


class RoomStatus(StrEnum):
    """The life of a room."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class ParticipantRole(StrEnum):
    """What somebody may do in a room."""

    ADMIN = "ADMIN"
    ORGANIZER = "ORGANIZER"
    MODERATOR = "MODERATOR"
    PARTICIPANT = "PARTICIPANT"
    VIEWER = "VIEWER"


class App(Base):
    """A registered app with its manifest; rooms refer to it by `app_id`, not by `id`."""

    __tablename__ = "apps"
    shown = ("id", "app_id", "manifest_version")

    id: Mapped[str] = mapped_column(primary_key=True)
    app_id: Mapped[str] = mapped_column("appId")
    name: Mapped[str]
    description: Mapped[str | None]
    manifest: Mapped[Json]
    manifest_version: Mapped[str] = mapped_column("manifestVersion", server_default=text("'1.0.0'"))
    manifest_history: Mapped[Json] = mapped_column("manifestHistory", server_default=text("'[]'"))
    is_active: Mapped[bool] = mapped_column("isActive", server_default=text("true"))
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")
    deleted_at: Mapped[Millis | None] = mapped_column("deletedAt")

    __table_args__ = (
        Index("apps_appId_key", "appId", unique=True),
        Index("apps_deletedAt_idx", "deletedAt"),
        Index("apps_manifestVersion_idx", "manifestVersion"),
    )


class Room(Base):
    """An event of one app, locked to the version of its manifest that it was made with."""

    __tablename__ = "rooms"
    shown = ("id", "app_id", "status")

    id: Mapped[str] = mapped_column(primary_key=True)
    app_id: Mapped[str] = mapped_column("appId", ForeignKey(App.app_id, ondelete="RESTRICT"))
    app_manifest_version: Mapped[str] = mapped_column("appManifestVersion", server_default=text("'1.0.0'"))
    created_by: Mapped[str] = mapped_column("createdBy", ForeignKey(User.id, ondelete="RESTRICT"))
    name: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[RoomStatus] = mapped_column(
        labels(RoomStatus, "RoomStatus"), server_default=text("'DRAFT'")
    )
    is_public: Mapped[bool] = mapped_column("isPublic", server_default=text("false"))
    app_settings: Mapped[Json] = mapped_column("appSettings", server_default=text("'{}'"))
    starts_at: Mapped[Millis | None] = mapped_column("startsAt")
    ends_at: Mapped[Millis | None] = mapped_column("endsAt")
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")
    deleted_at: Mapped[Millis | None] = mapped_column("deletedAt")

    __table_args__ = (
        Index("rooms_appId_idx", "appId"),
        Index("rooms_createdBy_idx", "createdBy"),
        Index("rooms_status_idx", "status"),
        Index("rooms_isPublic_idx", "isPublic"),
        Index("rooms_deletedAt_idx", "deletedAt"),
        Index("rooms_status_isPublic_appId_idx", "status", "isPublic", "appId"),
        Index("rooms_appManifestVersion_idx", "appManifestVersion"),
        Index("rooms_appId_appManifestVersion_idx", "appId", "appManifestVersion"),
    )


class Participant(Base):
    """A user in a room."""

    __tablename__ = "participants"
    shown = ("id", "room_id", "role")

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column("userId", ForeignKey(User.id, ondelete="CASCADE"))
    room_id: Mapped[str] = mapped_column("roomId", ForeignKey(Room.id, ondelete="CASCADE"))
    role: Mapped[ParticipantRole] = mapped_column(
        labels(ParticipantRole, "ParticipantRole"), server_default=text("'PARTICIPANT'")
    )
    details: Mapped[Json] = mapped_column("metadata", server_default=text("'{}'"))
    joined_at: Mapped[Millis] = mapped_column("joinedAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")
    deleted_at: Mapped[Millis | None] = mapped_column("deletedAt")

    __table_args__ = (
        Index("participants_userId_roomId_key", "userId", "roomId", unique=True),
        Index("participants_roomId_idx", "roomId"),
        Index("participants_role_idx", "role"),
        Index("participants_roomId_role_idx", "roomId", "role"),
        Index("participants_deletedAt_idx", "deletedAt"),
    )


class Prize(Base):
    """Something to be won in a room; only ever deleted softly once somebody has won it."""

    __tablename__ = "prizes"
    shown = ("id", "room_id", "quantity")

    id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column("roomId", ForeignKey(Room.id, ondelete="CASCADE"))
    name: Mapped[str]
    description: Mapped[str | None]
    quantity: Mapped[int] = mapped_column(server_default=text("1"))
    details: Mapped[Json] = mapped_column("metadata", server_default=text("'{}'"))
    created_at: Mapped[Millis] = mapped_column("createdAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")
    deleted_at: Mapped[Millis | None] = mapped_column("deletedAt")

    __table_args__ = (Index("prizes_roomId_idx", "roomId"), Index("prizes_deletedAt_idx", "deletedAt"))


class Winner(Base):
    """Who won which prize."""

    __tablename__ = "winners"
    shown = ("id", "room_id", "prize_id")

    id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column("roomId", ForeignKey(Room.id, ondelete="CASCADE"))
    participant_id: Mapped[str] = mapped_column(
        "participantId", ForeignKey(Participant.id, ondelete="CASCADE")
    )
    prize_id: Mapped[str] = mapped_column("prizeId", ForeignKey(Prize.id, ondelete="RESTRICT"))
    details: Mapped[Json] = mapped_column("metadata", server_default=text("'{}'"))
    won_at: Mapped[Millis] = mapped_column("wonAt", server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column("updatedAt")
    deleted_at: Mapped[Millis | None] = mapped_column("deletedAt")

    __table_args__ = (
        Index("winners_participantId_idx", "participantId"),
        Index("winners_prizeId_idx", "prizeId"),
        Index("winners_roomId_prizeId_idx", "roomId", "prizeId"),
        Index("winners_deletedAt_idx", "deletedAt"),
    )
