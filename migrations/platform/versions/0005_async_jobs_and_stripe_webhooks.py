"""Async jobs and Stripe webhooks: queue, log, events, the functions that drive them, and who may see what.

Three tables, 20 indexes besides the primary keys, 20 functions, 3 triggers, 8 policies. What each function does,
and what is skipped without Supabase or pg_cron, is in docs/job-functions.md.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.errors import Refused
from migrations.steps import (
    Ensure,
    Function,
    Ground,
    Index,
    Outcome,
    Policy,
    RowSecurity,
    Step,
    Table,
    Trigger,
    downgrade_through,
    upgrade_through,
)
from migrations.steps.ground import ident

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_FUNCTIONS = Path(__file__).with_name("0005_functions")
_ROLES = ("anon", "authenticated", "service_role")
# Marks what this migration provided in place of Supabase, so that a downgrade takes back nothing else.
_STUB = "Stands in for Supabase; made by migration 0005 and dropped by its downgrade"


@dataclass(frozen=True)
class _Requires(Step):
    """Columns that an earlier revision made and that this one builds upon."""

    table: str
    columns: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"columns {', '.join(self.columns)} of {self.table}"

    def statements(self) -> tuple[str, ...]:
        return ()

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        del later
        missing = [column for column in self.columns if not ground.has_column(self.table, column)]
        if missing:
            raise Refused(
                f"{self.table} lacks {', '.join(missing)}, which migration 0004 makes. "
                "Apply 0004 (or finish it) before 0005."
            )
        return Outcome.ALREADY

    def revert(self, ground: Ground) -> None:
        """Leave the columns: they belong to 0004."""


@dataclass(frozen=True)
class _PinnedFunction(Function):
    """A function whose body names its tables with their schema, because its search_path has none of ours.

    Its text says `{schema}` for the home schema, also while it is built for comparison elsewhere.
    """

    def statements(self) -> tuple[str, ...]:
        return (self.sql.replace("{schema}", "public"),)

    def build(self, ground: Ground) -> None:
        home = ground.path[0] if ground.rehearsal else ground.schema
        ground.run(self.sql.replace("{schema}", ident(home)))


def _function(name: str, arguments: str, file: str | None = None) -> _PinnedFunction:
    text = (_FUNCTIONS / f"{file or name}.sql").read_text(encoding="utf-8")
    return _PinnedFunction(name, arguments, text)


def _role(name: str) -> Ensure:
    return Ensure(
        f"role {name}",
        f"select from pg_roles where rolname = '{name}'",
        (
            # Roles belong to the cluster: another database may be making the same one at this moment, and may
            # use it later, so that no downgrade drops it.
            f"""
            do $$
            begin
                create role {name} nologin;
            exception
                when duplicate_object or unique_violation then null;
                when insufficient_privilege then
                    raise insufficient_privilege using message =
                        'role {name} does not exist and ' || current_user || ' may not create roles',
                        hint = 'Have an administrator run: create role {name} nologin';
            end
            $$
            """,
        ),
    )


_AUTH_SCHEMA = Ensure(
    "schema auth",
    "select from pg_namespace where nspname = 'auth'",
    (
        "create schema auth",
        f"comment on schema auth is '{_STUB}'",
        f"grant usage on schema auth to {', '.join(_ROLES)}",
    ),
    (
        f"""
        do $$
        begin
            if obj_description(to_regnamespace('auth'), 'pg_namespace') = '{_STUB}' then
                drop schema auth;
            end if;
        exception
            when dependent_objects_still_exist then null;
        end
        $$
        """,
    ),
)

# Like Supabase's: the subject of the request's token. One that is no uuid counts as nobody.
_AUTH_UID = Ensure(
    "function auth.uid()",
    "select where to_regprocedure('auth.uid()') is not null",
    (
        """
        create function auth.uid()
        returns uuid
        language sql
        stable
        set search_path = pg_catalog, pg_temp
        as $$
            select case
                when sub ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then sub::uuid
            end
            from (
                select coalesce(
                    nullif(current_setting('request.jwt.claim.sub', true), ''),
                    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
                )
            ) as claim (sub)
        $$
        """,
        f"comment on function auth.uid() is '{_STUB}'",
        f"grant execute on function auth.uid() to {', '.join(_ROLES)}",
    ),
    (
        f"""
        do $$
        begin
            if obj_description(to_regprocedure('auth.uid()'), 'pg_proc') = '{_STUB}' then
                drop function auth.uid();
            end if;
        end
        $$
        """,
    ),
)

_TABLES: tuple[Step, ...] = (
    # Room in each page lets heartbeats and progress be HOT updates.
    # No foreign key on user_id: auth.uid() names a row of auth.users, which the platform does not own and which
    # may be there before the row of users is.
    Table(
        "job_queue",
        """
        create table job_queue (
            id uuid not null default gen_random_uuid(),
            user_id text,
            job_type text not null,
            status text not null default 'pending',
            priority smallint not null default 5,
            payload jsonb not null default '{}'::jsonb,
            result jsonb,
            error_message text,
            progress smallint not null default 0,
            progress_message text,
            attempts integer not null default 0,
            max_attempts integer not null default 3,
            lease_losses integer not null default 0,
            idempotency_key text,
            cache_key text,
            cache_expires_at timestamptz,
            scheduled_for timestamptz not null default clock_timestamp(),
            started_at timestamptz,
            finished_at timestamptz,
            worker_id text,
            lease_token bigint not null default 0,
            lease_expires_at timestamptz,
            heartbeat_at timestamptz,
            created_at timestamptz not null default clock_timestamp(),
            updated_at timestamptz not null default clock_timestamp(),
            constraint job_queue_pkey primary key (id),
            constraint job_queue_user_id_check check (user_id <> ''),
            constraint job_queue_job_type_check check (char_length(job_type) between 1 and 100),
            constraint job_queue_status_check
                check (status in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
            constraint job_queue_priority_check check (priority between 0 and 9),
            constraint job_queue_progress_check check (progress between 0 and 100),
            constraint job_queue_attempts_check check (attempts >= 0),
            constraint job_queue_max_attempts_check check (max_attempts between 1 and 100),
            constraint job_queue_idempotency_key_check check (char_length(idempotency_key) between 1 and 255),
            constraint job_queue_cache_key_check check (char_length(cache_key) between 1 and 255),
            constraint job_queue_lease_check check ((status = 'processing') = (lease_expires_at is not null)),
            constraint job_queue_worker_id_check check (status <> 'processing' or worker_id is not null),
            constraint job_queue_finished_check
                check ((status in ('completed', 'failed', 'cancelled')) = (finished_at is not null))
        )
        with (fillfactor = 85)
        """,
    ),
    Table(
        "job_log",
        """
        create table job_log (
            id bigint not null generated always as identity,
            job_id uuid not null,
            event text not null default 'message',
            level text not null default 'info',
            attempt integer not null default 0,
            worker_id text,
            message text not null,
            details jsonb,
            created_at timestamptz not null default clock_timestamp(),
            constraint job_log_pkey primary key (id),
            constraint job_log_job_id_fkey foreign key (job_id) references job_queue (id) on delete cascade,
            constraint job_log_level_check check (level in ('debug', 'info', 'warning', 'error'))
        )
        """,
    ),
    Table(
        "stripe_webhook_events",
        """
        create table stripe_webhook_events (
            id uuid not null default gen_random_uuid(),
            stripe_event_id text not null,
            event_type text not null,
            api_version text,
            livemode boolean,
            payload jsonb not null,
            stripe_customer_id text,
            stripe_subscription_id text,
            status text not null default 'received',
            retry_count integer not null default 0,
            lease_losses integer not null default 0,
            error_message text,
            worker_id text,
            lease_token bigint not null default 0,
            lease_expires_at timestamptz,
            next_attempt_at timestamptz default clock_timestamp(),
            stripe_created_at timestamptz,
            received_at timestamptz not null default clock_timestamp(),
            processed_at timestamptz,
            updated_at timestamptz not null default clock_timestamp(),
            constraint stripe_webhook_events_pkey primary key (id),
            constraint stripe_webhook_events_stripe_event_id_key unique (stripe_event_id),
            constraint stripe_webhook_events_stripe_event_id_check check (stripe_event_id <> ''),
            constraint stripe_webhook_events_status_check
                check (status in ('received', 'processing', 'processed', 'failed')),
            constraint stripe_webhook_events_retry_count_check check (retry_count >= 0),
            constraint stripe_webhook_events_lease_check
                check ((status = 'processing') = (lease_expires_at is not null)),
            constraint stripe_webhook_events_worker_id_check check (status <> 'processing' or worker_id is not null),
            constraint stripe_webhook_events_processed_check check (status <> 'processed' or processed_at is not null)
        )
        """,
    ),
)


def _index(name: str, table: str, definition: str, *, unique: bool = False) -> Index:
    kind = "create unique index" if unique else "create index"
    return Index(name, table, f"{kind} {{concurrently}} {name} on {table} {definition}")


_INDEXES: tuple[Step, ...] = (
    # A key belongs to its user: nobody can meet, or squat on, the key of somebody else.
    _index(
        "job_queue_idempotency_key_key",
        "job_queue",
        "(coalesce(user_id, ''), idempotency_key) where idempotency_key is not null",
        unique=True,
    ),
    _index("idx_job_queue_claim", "job_queue", "(priority, scheduled_for, id) where status = 'pending'"),
    _index(
        "idx_job_queue_claim_by_type",
        "job_queue",
        "(job_type, priority, scheduled_for, id) where status = 'pending'",
    ),
    # Holds neither lease nor heartbeat: with room in the page (fillfactor), renewing a lease touches no index.
    _index("idx_job_queue_processing", "job_queue", "(worker_id, id) where status = 'processing'"),
    _index("idx_job_queue_created", "job_queue", "(created_at, id)"),
    _index("idx_job_queue_status_created", "job_queue", "(status, created_at, id)"),
    _index("idx_job_queue_type_created", "job_queue", "(job_type, created_at, id)"),
    _index("idx_job_queue_user_created", "job_queue", "(user_id, created_at, id)"),
    _index("idx_job_queue_user_status_created", "job_queue", "(user_id, status, created_at, id)"),
    _index("idx_job_queue_finished", "job_queue", "(finished_at, id) where finished_at is not null"),
    _index(
        "idx_job_queue_cache",
        "job_queue",
        "(job_type, cache_key, coalesce(user_id, ''), cache_expires_at)"
        " where status = 'completed' and cache_expires_at is not null",
    ),
    _index("idx_job_log_job", "job_log", "(job_id, id)"),
    _index("idx_job_log_job_attempt", "job_log", "(job_id, attempt, id)"),
    _index("idx_job_log_created", "job_log", "(created_at, id)"),
    _index("idx_job_log_errors", "job_log", "(created_at, id) where level = 'error'"),
    # The fifth index of the table is its unique key on stripe_event_id: a second delivery finds the first.
    _index(
        "idx_stripe_webhook_events_due",
        "stripe_webhook_events",
        "(next_attempt_at, id) where status in ('received', 'failed')",
    ),
    _index("idx_stripe_webhook_events_received", "stripe_webhook_events", "(received_at, id)"),
    _index("idx_stripe_webhook_events_status_received", "stripe_webhook_events", "(status, received_at, id)"),
    _index(
        "idx_stripe_webhook_events_type_received", "stripe_webhook_events", "(event_type, received_at, id)"
    ),
)

_CREATE_JOB = ", jsonb, integer, timestamptz, integer, text, text"

# Every function and the roles of the platform that may call it; nobody else but its owner, until he is granted.
_CALLERS: tuple[tuple[_PinnedFunction, str], ...] = (
    (_function("touch_updated_at", ""), ""),
    (_function("notify_job_change", ""), ""),
    (_function("create_job", f"text, text{_CREATE_JOB}"), "authenticated, service_role"),
    (
        _function("create_job", f"uuid, text{_CREATE_JOB}", "create_job_for_auth_user"),
        "authenticated, service_role",
    ),
    (_function("claim_jobs", "text, integer, integer, text[]"), "service_role"),
    (_function("heartbeat_job", "uuid, bigint, integer"), "service_role"),
    (_function("update_job_progress", "uuid, bigint, integer, text"), "service_role"),
    (_function("complete_jobs", "uuid[], bigint[], jsonb[], integer, boolean"), "service_role"),
    (_function("fail_job", "uuid, bigint, text, boolean, integer"), "service_role"),
    (_function("cancel_job", "uuid, text"), "authenticated, service_role"),
    (_function("retry_job", "uuid, text"), "service_role"),
    (_function("requeue_stalled_jobs", "integer, integer"), "service_role"),
    (_function("get_job_stats", "interval"), "authenticated, service_role"),
    (
        _function("list_jobs", "text, text, text, integer, timestamptz, uuid"),
        "authenticated, service_role",
    ),
    (_function("get_cached_result", "text, text, text"), "authenticated, service_role"),
    (_function("cleanup_old_jobs", "integer, integer"), "service_role"),
    (_function("cleanup_old_webhook_events", "integer, integer"), "service_role"),
    (_function("record_webhook_event", "jsonb"), "service_role"),
    (_function("claim_webhook_events", "text, integer, integer, text"), "service_role"),
    (_function("finish_webhook_event", "text, bigint, boolean, text"), "service_role"),
)

_TRIGGERS: tuple[Step, ...] = (
    Trigger(
        "job_queue",
        "job_queue_touch_updated_at",
        "create trigger job_queue_touch_updated_at before update on job_queue"
        " for each row execute function touch_updated_at()",
    ),
    Trigger(
        "stripe_webhook_events",
        "stripe_webhook_events_touch_updated_at",
        "create trigger stripe_webhook_events_touch_updated_at before update on stripe_webhook_events"
        " for each row execute function touch_updated_at()",
    ),
    Trigger(
        "job_queue",
        "job_queue_notify_change",
        "create trigger job_queue_notify_change"
        " after insert or update of status, progress, progress_message on job_queue"
        " for each row execute function notify_job_change()",
    ),
)

_EVERYTHING = "for all to service_role using (true) with check (true)"
# Restrictive: whatever policy somebody adds one day, these roles stay outside.
_NOTHING = "as restrictive for all to {roles} using (false) with check (false)"

_POLICIES: tuple[Step, ...] = (
    RowSecurity("job_queue"),
    RowSecurity("job_log"),
    RowSecurity("stripe_webhook_events"),
    Policy(
        "job_queue",
        "job_queue_select_own",
        "for select to authenticated using (user_id = (select auth.uid())::text)",
    ),
    Policy("job_queue", "job_queue_service_all", _EVERYTHING),
    Policy("job_queue", "job_queue_anon_none", _NOTHING.format(roles="anon")),
    Policy(
        "job_log",
        "job_log_select_own",
        "for select to authenticated using (exists (select from job_queue q"
        " where q.id = job_log.job_id and q.user_id = (select auth.uid())::text))",
    ),
    Policy("job_log", "job_log_service_all", _EVERYTHING),
    Policy("job_log", "job_log_anon_none", _NOTHING.format(roles="anon")),
    Policy("stripe_webhook_events", "stripe_webhook_events_service_all", _EVERYTHING),
    Policy(
        "stripe_webhook_events",
        "stripe_webhook_events_users_none",
        _NOTHING.format(roles="anon, authenticated"),
    ),
)


def _grants() -> tuple[str, ...]:
    # Supabase grants everything on new objects to all three roles by default, TRUNCATE (which no policy sees)
    # and EXECUTE included: take it back by name, then grant what is meant.
    outsiders = "public, anon, authenticated"
    tables = "job_queue, job_log, stripe_webhook_events"
    statements = [
        f"revoke all on {tables} from {outsiders}",
        f"grant select, insert, update, delete on {tables} to service_role",
        "grant select on job_queue, job_log to authenticated",
    ]
    for function, callers in _CALLERS:
        signature = f"{function.name}({function.arguments})"
        statements.append(f"revoke all on function {signature} from {outsiders}")
        if callers:
            statements.append(f"grant execute on function {signature} to {callers}")
    return tuple(statements)


STEPS: tuple[Step, ...] = (
    _Requires("subscriptions", ("stripe_customer_id", "stripe_subscription_id", "stripe_price_id")),
    *(_role(name) for name in _ROLES),
    _AUTH_SCHEMA,
    _AUTH_UID,
    Ensure(
        "use of the schema",
        "select where has_schema_privilege('authenticated', current_schema(), 'usage')"
        " and has_schema_privilege('service_role', current_schema(), 'usage')",
        (
            "do $$ begin execute format('grant usage on schema %I to authenticated, service_role',"
            " current_schema()); end $$",
        ),
    ),
    *_TABLES,
    *_INDEXES,
    *(function for function, _ in _CALLERS),
    *_TRIGGERS,
    *_POLICIES,
    Ensure("grants of jobs and webhooks", "select where false", _grants()),
)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
