"""Initial platform: the core tables and the base tables of every later runbook.

Rooms, apps, prizes and winners (runbook "init"), clients and their onboarding, credits, subscriptions and
preferences, OAuth clients and language models, content. Everything stands here as it was before the revisions
that follow: sessions still hold the access token, apps have no manifest version, onboarding states still say
customerId.

Create Date: 2025-12-28
"""

from __future__ import annotations

from migrations.steps import Constraint, Enum, Index, Rows, Step, Table, downgrade_through, upgrade_through

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ENUMS: tuple[Step, ...] = (
    Enum("RoomStatus", ("DRAFT", "ACTIVE", "COMPLETED", "CANCELLED")),
    Enum("ParticipantRole", ("ADMIN", "ORGANIZER", "MODERATOR", "PARTICIPANT", "VIEWER")),
)

_ACCOUNTS: tuple[Step, ...] = (
    Table(
        "users",
        """
        create table users (
          id text primary key,
          email text not null,
          username text,
          display_name text,
          avatar_url text,
          provider text,
          provider_id text,
          role text not null default 'user',
          created_at timestamp(3) not null default current_timestamp,
          updated_at timestamp(3) not null default current_timestamp,
          deleted_at timestamp(3)
        )""",
    ),
    Index("users_email_key", "users", "create unique index {concurrently} users_email_key on users (email)"),
    Index(
        "users_username_key",
        "users",
        "create unique index {concurrently} users_username_key on users (username)",
    ),
    Index(
        "users_provider_provider_id_idx",
        "users",
        "create index {concurrently} users_provider_provider_id_idx on users (provider, provider_id)",
    ),
    Index(
        "users_deleted_at_idx",
        "users",
        "create index {concurrently} users_deleted_at_idx on users (deleted_at)",
    ),
    Table(
        "sessions",
        """
        create table sessions (
          id text primary key,
          "userId" text not null,
          "accessToken" text not null,
          "refreshToken" text not null,
          "expiresAt" timestamp(3) not null,
          "createdAt" timestamp(3) not null default current_timestamp
        )""",
    ),
    Index(
        "sessions_accessToken_key",
        "sessions",
        'create unique index {concurrently} "sessions_accessToken_key" on sessions ("accessToken")',
    ),
    Index(
        "sessions_refreshToken_key",
        "sessions",
        'create unique index {concurrently} "sessions_refreshToken_key" on sessions ("refreshToken")',
    ),
    Index(
        "sessions_accessToken_idx",
        "sessions",
        'create index {concurrently} "sessions_accessToken_idx" on sessions ("accessToken")',
    ),
    Index(
        "sessions_userId_idx",
        "sessions",
        'create index {concurrently} "sessions_userId_idx" on sessions ("userId")',
    ),
    Index(
        "sessions_expiresAt_idx",
        "sessions",
        'create index {concurrently} "sessions_expiresAt_idx" on sessions ("expiresAt")',
    ),
    Constraint(
        "sessions",
        "sessions_userId_fkey",
        'foreign key ("userId") references users (id) on delete cascade',
    ),
)

_ROOMS: tuple[Step, ...] = (
    Table(
        "apps",
        """
        create table apps (
          id text primary key,
          "appId" text not null,
          name text not null,
          description text,
          manifest jsonb not null,
          "isActive" boolean not null default true,
          "createdAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null,
          "deletedAt" timestamp(3)
        )""",
    ),
    Index("apps_appId_key", "apps", 'create unique index {concurrently} "apps_appId_key" on apps ("appId")'),
    Index(
        "apps_deletedAt_idx", "apps", 'create index {concurrently} "apps_deletedAt_idx" on apps ("deletedAt")'
    ),
    Table(
        "rooms",
        """
        create table rooms (
          id text primary key,
          "appId" text not null,
          "createdBy" text not null,
          name text not null,
          description text,
          status "RoomStatus" not null default 'DRAFT',
          "isPublic" boolean not null default false,
          "appSettings" jsonb not null default '{}',
          "startsAt" timestamp(3),
          "endsAt" timestamp(3),
          "createdAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null,
          "deletedAt" timestamp(3)
        )""",
    ),
    Index("rooms_appId_idx", "rooms", 'create index {concurrently} "rooms_appId_idx" on rooms ("appId")'),
    Index(
        "rooms_createdBy_idx",
        "rooms",
        'create index {concurrently} "rooms_createdBy_idx" on rooms ("createdBy")',
    ),
    Index("rooms_status_idx", "rooms", "create index {concurrently} rooms_status_idx on rooms (status)"),
    Index(
        "rooms_isPublic_idx",
        "rooms",
        'create index {concurrently} "rooms_isPublic_idx" on rooms ("isPublic")',
    ),
    Index(
        "rooms_deletedAt_idx",
        "rooms",
        'create index {concurrently} "rooms_deletedAt_idx" on rooms ("deletedAt")',
    ),
    Index(
        "rooms_status_isPublic_appId_idx",
        "rooms",
        'create index {concurrently} "rooms_status_isPublic_appId_idx" on rooms (status, "isPublic", "appId")',
    ),
    Table(
        "participants",
        """
        create table participants (
          id text primary key,
          "userId" text not null,
          "roomId" text not null,
          role "ParticipantRole" not null default 'PARTICIPANT',
          metadata jsonb not null default '{}',
          "joinedAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null,
          "deletedAt" timestamp(3)
        )""",
    ),
    Index(
        "participants_userId_roomId_key",
        "participants",
        'create unique index {concurrently} "participants_userId_roomId_key" on participants ("userId", "roomId")',
    ),
    Index(
        "participants_roomId_idx",
        "participants",
        'create index {concurrently} "participants_roomId_idx" on participants ("roomId")',
    ),
    Index(
        "participants_role_idx",
        "participants",
        "create index {concurrently} participants_role_idx on participants (role)",
    ),
    Index(
        "participants_roomId_role_idx",
        "participants",
        'create index {concurrently} "participants_roomId_role_idx" on participants ("roomId", role)',
    ),
    Index(
        "participants_deletedAt_idx",
        "participants",
        'create index {concurrently} "participants_deletedAt_idx" on participants ("deletedAt")',
    ),
    Table(
        "prizes",
        """
        create table prizes (
          id text primary key,
          "roomId" text not null,
          name text not null,
          description text,
          quantity integer not null default 1,
          metadata jsonb not null default '{}',
          "createdAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null,
          "deletedAt" timestamp(3)
        )""",
    ),
    Index(
        "prizes_roomId_idx", "prizes", 'create index {concurrently} "prizes_roomId_idx" on prizes ("roomId")'
    ),
    Index(
        "prizes_deletedAt_idx",
        "prizes",
        'create index {concurrently} "prizes_deletedAt_idx" on prizes ("deletedAt")',
    ),
    Table(
        "winners",
        """
        create table winners (
          id text primary key,
          "roomId" text not null,
          "participantId" text not null,
          "prizeId" text not null,
          metadata jsonb not null default '{}',
          "wonAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null,
          "deletedAt" timestamp(3)
        )""",
    ),
    Index(
        "winners_participantId_idx",
        "winners",
        'create index {concurrently} "winners_participantId_idx" on winners ("participantId")',
    ),
    Index(
        "winners_prizeId_idx",
        "winners",
        'create index {concurrently} "winners_prizeId_idx" on winners ("prizeId")',
    ),
    Index(
        "winners_roomId_prizeId_idx",
        "winners",
        'create index {concurrently} "winners_roomId_prizeId_idx" on winners ("roomId", "prizeId")',
    ),
    Index(
        "winners_deletedAt_idx",
        "winners",
        'create index {concurrently} "winners_deletedAt_idx" on winners ("deletedAt")',
    ),
)

# The cascade matrix of the runbook. The order binds: PostgreSQL fires the cascades of one delete in the order in
# which the keys were made, so the winners of a room must go before its prizes, which RESTRICT protects.
_ROOM_KEYS: tuple[Step, ...] = (
    Constraint(
        "winners",
        "winners_roomId_fkey",
        'foreign key ("roomId") references rooms (id) on delete cascade',
    ),
    Constraint(
        "winners",
        "winners_participantId_fkey",
        'foreign key ("participantId") references participants (id) on delete cascade',
    ),
    Constraint(
        "winners",
        "winners_prizeId_fkey",
        'foreign key ("prizeId") references prizes (id) on delete restrict',
    ),
    Constraint(
        "participants",
        "participants_userId_fkey",
        'foreign key ("userId") references users (id) on delete cascade',
    ),
    Constraint(
        "participants",
        "participants_roomId_fkey",
        'foreign key ("roomId") references rooms (id) on delete cascade',
    ),
    Constraint(
        "prizes",
        "prizes_roomId_fkey",
        'foreign key ("roomId") references rooms (id) on delete cascade',
    ),
    Constraint(
        "rooms",
        "rooms_appId_fkey",
        'foreign key ("appId") references apps ("appId") on delete restrict',
    ),
    Constraint(
        "rooms",
        "rooms_createdBy_fkey",
        'foreign key ("createdBy") references users (id) on delete restrict',
    ),
)

_CLIENTS: tuple[Step, ...] = (
    Table(
        "clients",
        """
        create table clients (
          id text primary key,
          name text not null,
          email text,
          "phoneNumber" text,
          timezone text not null default 'UTC',
          "isActive" boolean not null default true,
          "createdAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null
        )""",
    ),
    Index("clients_email_idx", "clients", "create index {concurrently} clients_email_idx on clients (email)"),
    Table(
        "onboarding_states",
        """
        create table onboarding_states (
          id text primary key,
          "customerId" text not null,
          "currentStep" text not null default 'welcome',
          "completedSteps" jsonb not null default '[]',
          "completedAt" timestamp(3),
          "createdAt" timestamp(3) not null default current_timestamp,
          "updatedAt" timestamp(3) not null
        )""",
    ),
    Index(
        "onboarding_states_customerId_key",
        "onboarding_states",
        'create unique index {concurrently} "onboarding_states_customerId_key" on onboarding_states ("customerId")',
    ),
    Constraint(
        "onboarding_states",
        "onboarding_states_customerId_fkey",
        'foreign key ("customerId") references clients (id) on delete cascade',
    ),
)

_CREDITS: tuple[Step, ...] = (
    Table(
        "oauth_clients",
        """
        create table oauth_clients (
          id uuid primary key default gen_random_uuid(),
          client_id varchar(100) not null,
          name varchar(255) not null,
          redirect_uris text[] not null default '{}',
          grant_types text[] not null default '{}',
          is_active boolean not null default true,
          created_at timestamp(3) not null default current_timestamp,
          updated_at timestamp(3) not null default current_timestamp
        )""",
    ),
    Index(
        "oauth_clients_client_id_key",
        "oauth_clients",
        "create unique index {concurrently} oauth_clients_client_id_key on oauth_clients (client_id)",
    ),
    Rows(
        "oauth_clients",
        key=("client_id",),
        columns=("client_id", "name", "redirect_uris", "grant_types"),
        rows=(
            (
                "textassistant-desktop",
                "Text Assistant Desktop",
                "{textassistant://oauth/callback}",
                "{authorization_code,refresh_token}",
            ),
        ),
    ),
    Table(
        "llm_models",
        """
        create table llm_models (
          id uuid primary key default gen_random_uuid(),
          name varchar(100) not null,
          display_name varchar(255) not null,
          provider varchar(50) not null,
          is_active boolean not null default true,
          created_at timestamp(3) not null default current_timestamp,
          updated_at timestamp(3) not null default current_timestamp
        )""",
    ),
    Index(
        "llm_models_name_key",
        "llm_models",
        "create unique index {concurrently} llm_models_name_key on llm_models (name)",
    ),
    Rows(
        "llm_models",
        key=("name",),
        columns=("name", "display_name", "provider"),
        rows=(
            ("gpt-5", "GPT-5", "openai"),
            ("gemini-2.0-pro", "Gemini 2.0 Pro", "google"),
            ("claude-3.5-sonnet", "Claude 3.5 Sonnet", "anthropic"),
        ),
    ),
    Table(
        "credits",
        """
        create table credits (
          id uuid primary key default gen_random_uuid(),
          user_id text not null,
          total_credits integer not null default 2000,
          used_credits integer not null default 0,
          remaining_credits integer not null default 2000,
          period_start timestamp(3) not null default current_timestamp,
          period_end timestamp(3),
          is_current boolean not null default true,
          created_at timestamp(3) not null default current_timestamp,
          updated_at timestamp(3) not null default current_timestamp
        )""",
    ),
    Index(
        "credits_user_id_idx",
        "credits",
        "create index {concurrently} credits_user_id_idx on credits (user_id)",
    ),
    Constraint(
        "credits", "credits_user_id_fkey", "foreign key (user_id) references users (id) on delete cascade"
    ),
    Table(
        "subscriptions",
        """
        create table subscriptions (
          id uuid primary key default gen_random_uuid(),
          user_id text not null,
          tier varchar(20) not null default 'free',
          status varchar(20) not null default 'active',
          billing_cycle varchar(20) not null default 'monthly',
          started_at timestamp(3) not null default current_timestamp,
          current_period_start timestamp(3) not null default current_timestamp,
          current_period_end timestamp(3),
          canceled_at timestamp(3),
          stripe_customer_id varchar(255),
          stripe_subscription_id varchar(255),
          created_at timestamp(3) not null default current_timestamp,
          updated_at timestamp(3) not null default current_timestamp
        )""",
    ),
    Index(
        "subscriptions_user_id_idx",
        "subscriptions",
        "create index {concurrently} subscriptions_user_id_idx on subscriptions (user_id)",
    ),
    Index(
        "subscriptions_status_idx",
        "subscriptions",
        "create index {concurrently} subscriptions_status_idx on subscriptions (status)",
    ),
    Constraint(
        "subscriptions",
        "subscriptions_user_id_fkey",
        "foreign key (user_id) references users (id) on delete cascade",
    ),
    Table(
        "user_preferences",
        """
        create table user_preferences (
          user_id text primary key,
          default_model varchar(100),
          theme varchar(20) not null default 'system',
          language varchar(10) not null default 'en',
          timezone varchar(50) not null default 'UTC',
          created_at timestamp(3) not null default current_timestamp,
          updated_at timestamp(3) not null default current_timestamp
        )""",
    ),
    Constraint(
        "user_preferences",
        "user_preferences_user_id_fkey",
        "foreign key (user_id) references users (id) on delete cascade",
    ),
)

_CONTENT: tuple[Step, ...] = (
    Table(
        "content_item",
        """
        create table content_item (
          id uuid primary key default gen_random_uuid(),
          user_id text not null,
          platform text not null,
          platform_item_id text,
          title text not null,
          description text,
          url text,
          thumbnail_url text,
          published_at timestamp(3),
          created_at timestamp(3) not null default current_timestamp,
          updated_at timestamp(3) not null default current_timestamp,
          deleted_at timestamp(3)
        )""",
    ),
    Index(
        "content_item_user_id_idx",
        "content_item",
        "create index {concurrently} content_item_user_id_idx on content_item (user_id)",
    ),
    Index(
        "content_item_platform_platform_item_id_key",
        "content_item",
        "create unique index {concurrently} content_item_platform_platform_item_id_key "
        "on content_item (platform, platform_item_id)",
    ),
    Index(
        "content_item_published_at_idx",
        "content_item",
        "create index {concurrently} content_item_published_at_idx on content_item (published_at)",
    ),
    Constraint(
        "content_item",
        "content_item_user_id_fkey",
        "foreign key (user_id) references users (id) on delete cascade",
    ),
)

STEPS: tuple[Step, ...] = (*_ENUMS, *_ACCOUNTS, *_ROOMS, *_ROOM_KEYS, *_CLIENTS, *_CREDITS, *_CONTENT)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
