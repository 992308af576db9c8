"""Public discovery platform: anonymous browsing and search engines.

Public profile fields of users, six tables (categories, tags, media, clicks, trending results, featured
creators), SEO fields of content items, and the fifteen categories.

Create Date: 2025-11-03
"""

from __future__ import annotations

from migrations.steps import (
    Column,
    Constraint,
    Index,
    Rows,
    Step,
    Table,
    downgrade_through,
    upgrade_through,
)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PROFILE: tuple[Step, ...] = (
    Column("users", "bio", "text"),
    Column("users", "location", "text"),
    Column("users", "website_url", "text"),
    Column("users", "banner_url", "text"),
    Column("users", "social_links", "jsonb not null default '{}'"),
    Column("users", "is_public", "boolean not null default false"),
    Column("users", "meta_title", "text"),
    Column("users", "meta_description", "text"),
)

_CATEGORIES: tuple[Step, ...] = (
    Table(
        "content_category",
        """
        create table content_category (
          id uuid primary key default gen_random_uuid(),
          slug text not null,
          name text not null,
          description text,
          display_order integer not null default 0,
          is_active boolean not null default true,
          created_at timestamp(3) not null default current_timestamp
        )""",
    ),
    Index(
        "content_category_slug_key",
        "content_category",
        "create unique index {concurrently} content_category_slug_key on content_category (slug)",
    ),
    Rows(
        "content_category",
        key=("slug",),
        columns=("slug", "name", "description", "display_order"),
        rows=(
            ("technology", "Technology", "Software, hardware and the web", 1),
            ("gaming", "Gaming", "Games, streams and esports", 2),
            ("music", "Music", "Artists, covers and production", 3),
            ("education", "Education", "Courses, explainers and tutorials", 4),
            ("entertainment", "Entertainment", "Shows, film and pop culture", 5),
            ("comedy", "Comedy", "Sketches, stand-up and satire", 6),
            ("fashion", "Fashion & Beauty", "Style, make-up and care", 7),
            ("fitness", "Fitness & Health", "Training, sport and well-being", 8),
            ("food", "Food & Cooking", "Recipes, restaurants and drinks", 9),
            ("travel", "Travel", "Places, guides and vlogs", 10),
            ("art", "Art & Design", "Illustration, photography and craft", 11),
            ("business", "Business & Finance", "Companies, markets and careers", 12),
            ("science", "Science", "Research, nature and space", 13),
            ("lifestyle", "Lifestyle", "Home, family and everyday life", 14),
            ("news", "News & Politics", "Current affairs and commentary", 15),
        ),
    ),
)

_TABLES: tuple[Step, ...] = (
    Table(
        "content_tag",
        """
        create table content_tag (
          id uuid primary key default gen_random_uuid(),
          content_id uuid not null,
          tag text not null,
          source text not null default 'platform',
          confidence numeric(4, 3),
          created_at timestamp(3) not null default current_timestamp,
          constraint content_tag_source_check check (source in ('ai', 'platform'))
        )""",
    ),
    Index(
        "content_tag_content_id_tag_source_key",
        "content_tag",
        "create unique index {concurrently} content_tag_content_id_tag_source_key "
        "on content_tag (content_id, tag, source)",
    ),
    Index(
        "content_tag_tag_idx",
        "content_tag",
        "create index {concurrently} content_tag_tag_idx on content_tag (tag)",
    ),
    Constraint(
        "content_tag",
        "content_tag_content_id_fkey",
        "foreign key (content_id) references content_item (id) on delete cascade",
    ),
    Table(
        "content_media",
        """
        create table content_media (
          id uuid primary key default gen_random_uuid(),
          content_id uuid not null,
          media_type text not null default 'image',
          url text not null,
          alt_text text,
          width integer,
          height integer,
          display_order integer not null default 0,
          created_at timestamp(3) not null default current_timestamp
        )""",
    ),
    Index(
        "content_media_content_id_display_order_idx",
        "content_media",
        "create index {concurrently} content_media_content_id_display_order_idx "
        "on content_media (content_id, display_order)",
    ),
    Constraint(
        "content_media",
        "content_media_content_id_fkey",
        "foreign key (content_id) references content_item (id) on delete cascade",
    ),
    Table(
        "content_click",
        """
        create table content_click (
          id uuid primary key default gen_random_uuid(),
          content_id uuid not null,
          user_id text,
          referrer text,
          country text,
          clicked_at timestamp(3) not null default current_timestamp
        )""",
    ),
    Index(
        "content_click_content_id_clicked_at_idx",
        "content_click",
        "create index {concurrently} content_click_content_id_clicked_at_idx "
        "on content_click (content_id, clicked_at)",
    ),
    Index(
        "content_click_user_id_idx",
        "content_click",
        "create index {concurrently} content_click_user_id_idx on content_click (user_id)",
    ),
    Constraint(
        "content_click",
        "content_click_content_id_fkey",
        "foreign key (content_id) references content_item (id) on delete cascade",
    ),
    Constraint(
        "content_click",
        "content_click_user_id_fkey",
        "foreign key (user_id) references users (id) on delete set null",
    ),
    Table(
        "trending_content",
        """
        create table trending_content (
          id uuid primary key default gen_random_uuid(),
          content_id uuid not null,
          category_id uuid,
          period text not null default 'day',
          rank integer not null,
          score numeric(12, 4) not null default 0,
          calculated_at timestamp(3) not null default current_timestamp,
          constraint trending_content_period_check check (period in ('hour', 'day', 'week', 'month'))
        )""",
    ),
    Index(
        "trending_content_content_id_period_key",
        "trending_content",
        "create unique index {concurrently} trending_content_content_id_period_key "
        "on trending_content (content_id, period)",
    ),
    Index(
        "trending_content_period_rank_idx",
        "trending_content",
        "create index {concurrently} trending_content_period_rank_idx on trending_content (period, rank)",
    ),
    Index(
        "trending_content_category_id_idx",
        "trending_content",
        "create index {concurrently} trending_content_category_id_idx on trending_content (category_id)",
    ),
    Constraint(
        "trending_content",
        "trending_content_content_id_fkey",
        "foreign key (content_id) references content_item (id) on delete cascade",
    ),
    Constraint(
        "trending_content",
        "trending_content_category_id_fkey",
        "foreign key (category_id) references content_category (id) on delete cascade",
    ),
    Table(
        "featured_creator",
        """
        create table featured_creator (
          id uuid primary key default gen_random_uuid(),
          user_id text not null,
          headline text,
          display_order integer not null default 0,
          starts_at timestamp(3) not null default current_timestamp,
          ends_at timestamp(3),
          created_at timestamp(3) not null default current_timestamp
        )""",
    ),
    Index(
        "featured_creator_user_id_idx",
        "featured_creator",
        "create index {concurrently} featured_creator_user_id_idx on featured_creator (user_id)",
    ),
    Index(
        "featured_creator_starts_at_ends_at_idx",
        "featured_creator",
        "create index {concurrently} featured_creator_starts_at_ends_at_idx on featured_creator (starts_at, ends_at)",
    ),
    Constraint(
        "featured_creator",
        "featured_creator_user_id_fkey",
        "foreign key (user_id) references users (id) on delete cascade",
    ),
)

_SEO: tuple[Step, ...] = (
    Column("content_item", "category_id", "uuid"),
    Column("content_item", "slug", "text"),
    Column("content_item", "meta_title", "text"),
    Column("content_item", "meta_description", "text"),
    Column("content_item", "canonical_url", "text"),
    Column("content_item", "og_image_url", "text"),
    Column("content_item", "is_public", "boolean not null default false"),
    Column("content_item", "click_count", "integer not null default 0"),
    Constraint(
        "content_item",
        "content_item_category_id_fkey",
        "foreign key (category_id) references content_category (id) on delete set null",
    ),
    Index(
        "content_item_category_id_idx",
        "content_item",
        "create index {concurrently} content_item_category_id_idx on content_item (category_id)",
    ),
    Index(
        "content_item_slug_key",
        "content_item",
        "create unique index {concurrently} content_item_slug_key on content_item (slug)",
    ),
    Index(
        "content_item_is_public_published_at_idx",
        "content_item",
        "create index {concurrently} content_item_is_public_published_at_idx on content_item (is_public, published_at)",
    ),
    Index(
        "users_is_public_idx",
        "users",
        "create index {concurrently} users_is_public_idx on users (is_public)",
    ),
)

STEPS: tuple[Step, ...] = (*_PROFILE, *_CATEGORIES, *_TABLES, *_SEO)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
