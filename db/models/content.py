"""Public discovery: content of creators, how it is sorted, tagged, shown and clicked."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.accounts import User
from db.models.base import NEW_UUID, NOW, Base, Millis


class ContentCategory(Base):
    """One of the categories that content is browsed by."""

    __tablename__ = "content_category"
    shown = ("id", "slug")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    display_order: Mapped[int] = mapped_column(server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)

    __table_args__ = (Index("content_category_slug_key", "slug", unique=True),)


class ContentItem(Base):
    """A piece of content of a user on some platform, with what search engines are told."""

    __tablename__ = "content_item"
    shown = ("id", "user_id", "platform")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    user_id: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey(ContentCategory.id, ondelete="SET NULL"))
    platform: Mapped[str]
    platform_item_id: Mapped[str | None]
    slug: Mapped[str | None]
    title: Mapped[str]
    description: Mapped[str | None]
    url: Mapped[str | None]
    thumbnail_url: Mapped[str | None]
    meta_title: Mapped[str | None]
    meta_description: Mapped[str | None]
    canonical_url: Mapped[str | None]
    og_image_url: Mapped[str | None]
    is_public: Mapped[bool] = mapped_column(server_default=text("false"))
    click_count: Mapped[int] = mapped_column(server_default=text("0"))
    published_at: Mapped[Millis | None]
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)
    updated_at: Mapped[Millis] = mapped_column(server_default=NOW)
    deleted_at: Mapped[Millis | None]

    __table_args__ = (
        Index("content_item_user_id_idx", "user_id"),
        Index("content_item_platform_platform_item_id_key", "platform", "platform_item_id", unique=True),
        Index("content_item_published_at_idx", "published_at"),
        Index("content_item_category_id_idx", "category_id"),
        Index("content_item_slug_key", "slug", unique=True),
        Index("content_item_is_public_published_at_idx", "is_public", "published_at"),
    )


class ContentTag(Base):
    """A tag of a piece of content, from the platform or found by a model."""

    __tablename__ = "content_tag"
    shown = ("id", "content_id", "source")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    content_id: Mapped[UUID] = mapped_column(ForeignKey(ContentItem.id, ondelete="CASCADE"))
    tag: Mapped[str]
    source: Mapped[str] = mapped_column(server_default=text("'platform'"))
    confidence: Mapped[Decimal | None] = mapped_column(Numeric(4, 3))
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)

    __table_args__ = (
        CheckConstraint("source in ('ai', 'platform')", name="content_tag_source_check"),
        Index("content_tag_content_id_tag_source_key", "content_id", "tag", "source", unique=True),
        Index("content_tag_tag_idx", "tag"),
    )


class ContentMedia(Base):
    """An image or film of a piece of content."""

    __tablename__ = "content_media"
    shown = ("id", "content_id", "media_type")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    content_id: Mapped[UUID] = mapped_column(ForeignKey(ContentItem.id, ondelete="CASCADE"))
    media_type: Mapped[str] = mapped_column(server_default=text("'image'"))
    url: Mapped[str]
    alt_text: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    display_order: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)

    __table_args__ = (Index("content_media_content_id_display_order_idx", "content_id", "display_order"),)


class ContentClick(Base):
    """Somebody, perhaps anonymous, followed a piece of content."""

    __tablename__ = "content_click"
    shown = ("id", "content_id")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    content_id: Mapped[UUID] = mapped_column(ForeignKey(ContentItem.id, ondelete="CASCADE"))
    user_id: Mapped[str | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    referrer: Mapped[str | None]
    country: Mapped[str | None]
    clicked_at: Mapped[Millis] = mapped_column(server_default=NOW)

    __table_args__ = (
        Index("content_click_content_id_clicked_at_idx", "content_id", "clicked_at"),
        Index("content_click_user_id_idx", "user_id"),
    )


class TrendingContent(Base):
    """The result of the trending algorithm: a rank in a period."""

    __tablename__ = "trending_content"
    shown = ("id", "content_id", "period", "rank")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    content_id: Mapped[UUID] = mapped_column(ForeignKey(ContentItem.id, ondelete="CASCADE"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey(ContentCategory.id, ondelete="CASCADE"))
    period: Mapped[str] = mapped_column(server_default=text("'day'"))
    rank: Mapped[int]
    score: Mapped[Decimal] = mapped_column(Numeric(12, 4), server_default=text("0"))
    calculated_at: Mapped[Millis] = mapped_column(server_default=NOW)

    __table_args__ = (
        CheckConstraint("period in ('hour', 'day', 'week', 'month')", name="trending_content_period_check"),
        Index("trending_content_content_id_period_key", "content_id", "period", unique=True),
        Index("trending_content_period_rank_idx", "period", "rank"),
        Index("trending_content_category_id_idx", "category_id"),
    )


class FeaturedCreator(Base):
    """A creator that the editors put in front for a while."""

    __tablename__ = "featured_creator"
    shown = ("id", "user_id")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    user_id: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    headline: Mapped[str | None]
    display_order: Mapped[int] = mapped_column(server_default=text("0"))
    starts_at: Mapped[Millis] = mapped_column(server_default=NOW)
    ends_at: Mapped[Millis | None]
    created_at: Mapped[Millis] = mapped_column(server_default=NOW)

    __table_args__ = (
        Index("featured_creator_user_id_idx", "user_id"),
        Index("featured_creator_starts_at_ends_at_idx", "starts_at", "ends_at"),
    )
