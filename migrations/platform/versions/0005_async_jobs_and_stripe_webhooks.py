"""Async jobs and Stripe webhooks: queue, log, events, the functions that drive them, and who may see what.

Three tables, 20 indexes besides the primary keys, 20 functions, 3 triggers, 8 policies. What each function does,
and what is skipped without Supabase or pg_cron, is in docs/job-functions.md.

Create Date: 2025-11-18
"""

from __future__ import annotations

from pathlib import Path

from migrations.steps import (
    Ensure,
    Function,
    Index,
    Policy,
    Requires,
    RowSecurity,
    Step,
    Table,
    Trigger,
    downgrade_through,
    upgrade_through,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = Path(__file__).with_name("0005_tables")
_FUNCTIONS = Path(__file__).with_name("0005_functions")
_ROLES = ("anon", "authenticated", "service_role")
# Marks what this migration provided in place of Supabase, so that a downgrade takes back nothing else.
_STUB = "Stands in for Supabase; made by migration 0005 and dropped by its downgrade"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _function(name: str, arguments: str, file: str | None = None) -> Function:
    return Function(name, arguments, _text(_FUNCTIONS / f"{file or name}.sql"))


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
_CALLERS: tuple[tuple[Function, str], ...] = (
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
        f"revoke all on sequence job_log_id_seq from {outsiders}",
    ]
    for function, callers in _CALLERS:
        signature = f"{function.name}({function.arguments})"
        statements.append(f"revoke all on function {signature} from {outsiders}")
        if callers:
            statements.append(f"grant execute on function {signature} to {callers}")
    return tuple(statements)


STEPS: tuple[Step, ...] = (
    Requires(
        "subscriptions", ("stripe_customer_id", "stripe_subscription_id", "stripe_price_id"), made_by="0004"
    ),
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
    Table("job_queue", _text(_TABLES / "job_queue.sql")),
    Table("job_log", _text(_TABLES / "job_log.sql")),
    Table("stripe_webhook_events", _text(_TABLES / "stripe_webhook_events.sql")),
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
