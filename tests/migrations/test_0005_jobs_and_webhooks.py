from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db import migration
from db.errors import Refused
from db.migration import checks
from db.migration.catalog import Kind, read

Connection = psycopg.Connection[tuple[Any, ...]]

TABLES = ("job_queue", "job_log", "stripe_webhook_events")
INDEXES = {
    "job_queue": {
        "job_queue_idempotency_key_key",
        "idx_job_queue_cache",
        "idx_job_queue_claim",
        "idx_job_queue_claim_by_type",
        "idx_job_queue_created",
        "idx_job_queue_finished",
        "idx_job_queue_processing",
        "idx_job_queue_status_created",
        "idx_job_queue_type_created",
        "idx_job_queue_user_created",
        "idx_job_queue_user_status_created",
    },
    "job_log": {
        "idx_job_log_created",
        "idx_job_log_errors",
        "idx_job_log_job",
        "idx_job_log_job_attempt",
    },
    "stripe_webhook_events": {
        "stripe_webhook_events_stripe_event_id_key",
        "idx_stripe_webhook_events_due",
        "idx_stripe_webhook_events_received",
        "idx_stripe_webhook_events_status_received",
        "idx_stripe_webhook_events_type_received",
    },
}
TRIGGERS = {
    "job_queue.job_queue_notify_change",
    "job_queue.job_queue_touch_updated_at",
    "stripe_webhook_events.stripe_webhook_events_touch_updated_at",
}
POLICIES = {
    "job_queue.job_queue_anon_none",
    "job_queue.job_queue_select_own",
    "job_queue.job_queue_service_all",
    "job_log.job_log_anon_none",
    "job_log.job_log_select_own",
    "job_log.job_log_service_all",
    "stripe_webhook_events.stripe_webhook_events_service_all",
    "stripe_webhook_events.stripe_webhook_events_users_none",
}
# What `auth` looks like where Supabase (or somebody else) provides it.
FOREIGN_AUTH = """
    create schema auth;
    comment on schema auth is 'theirs';
    create table auth.users (id uuid primary key);
    create function auth.uid() returns uuid language sql stable as $$
        select nullif(current_setting('their.user', true), '')::uuid
    $$;
    grant usage on schema auth to authenticated;
    alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
    alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
"""


def _upgrade(conninfo: str, target: str) -> None:
    migration.upgrade(conninfo, line="platform", target=target)


def _downgrade(conninfo: str, target: str) -> None:
    migration.downgrade(conninfo, line="platform", target=target)


@pytest.fixture
def before(empty_database: str) -> str:
    """Conninfo of a database at revision 0004."""
    _upgrade(empty_database, "0004")
    return empty_database


@pytest.fixture
def db(before: str) -> Iterator[Connection]:
    """A session of that database."""
    with psycopg.connect(before, autocommit=True) as session:
        yield session


def _catalog(session: Connection, schema: str = "public") -> dict[tuple[Kind, str], str]:
    with session.transaction():
        session.execute("select set_config('search_path', %s, true)", (schema,))
        return {
            (kind, name): definition
            for kind in Kind
            for name, definition in read(session, kind, schema).items()
        }


def _names(session: Connection, kind: Kind) -> set[str]:
    return set(read(session, kind, "public"))


def _functions(session: Connection) -> set[str]:
    rows = session.execute(
        "select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace"
    )
    return {row[0] for row in rows}


def test_it_makes_what_the_runbook_counts(before: str, db: Connection) -> None:
    kinds = (Kind.TABLE, Kind.INDEX, Kind.TRIGGER, Kind.POLICY)
    earlier = {kind: _names(db, kind) for kind in kinds}
    functions = _functions(db)
    _upgrade(before, "0005")
    made = {kind: _names(db, kind) - earlier[kind] for kind in kinds}
    assert made[Kind.TABLE] == set(TABLES)
    keys = {f"{table}.{table}_pkey" for table in TABLES}
    assert made[Kind.INDEX] - keys == {
        f"{table}.{name}" for table, names in INDEXES.items() for name in names
    }
    assert {table: len(names) for table, names in INDEXES.items()} == {
        "job_queue": 11,
        "job_log": 4,
        "stripe_webhook_events": 5,
    }
    assert len(_functions(db) - functions) == 20
    assert made[Kind.TRIGGER] == TRIGGERS
    assert made[Kind.POLICY] == POLICIES
    rows = db.execute("select relname from pg_class where relrowsecurity order by relname").fetchall()
    assert {name for (name,) in rows} == set(TABLES)


def test_the_runbooks_own_checks_hold(before: str, db: Connection) -> None:
    _upgrade(before, "0005")
    assert db.execute("select create_job(auth.uid(), 'sync_youtube', '{}'::jsonb)").fetchone() is not None
    db.execute(
        "insert into stripe_webhook_events (stripe_event_id, event_type, payload) values ('evt_1', 'x', '{}')"
    )
    assert db.execute("SELECT * FROM job_queue, stripe_webhook_events LIMIT 1").fetchone() is not None
    rows = db.execute(
        "SELECT * FROM pg_indexes WHERE tablename IN ('job_queue', 'stripe_webhook_events')"
    ).fetchall()
    assert len(rows) == 11 + 5 + 2


def test_running_it_again_changes_nothing(before: str, db: Connection) -> None:
    _upgrade(before, "0005")
    catalog = _catalog(db)
    db.execute("select create_job('ana', 'sync_youtube')")
    db.execute("update alembic_version set version_num = '0004'")
    _upgrade(before, "0005")
    assert _catalog(db) == catalog
    assert db.execute("select count(*) from job_queue").fetchone() == (1,)


def test_a_half_applied_database_converges(before: str, db: Connection) -> None:
    _upgrade(before, "0005")
    catalog = _catalog(db)
    db.execute("update alembic_version set version_num = '0004'")
    db.execute("drop function cancel_job(uuid, text)")
    db.execute("drop index idx_job_queue_claim")
    db.execute("drop policy job_log_select_own on job_log")
    db.execute("drop trigger job_queue_notify_change on job_queue")
    db.execute("grant execute on function claim_jobs(text, integer, integer, text[]) to public")
    db.execute("alter table job_log disable row level security")
    db.execute("drop table stripe_webhook_events")
    _upgrade(before, "0005")
    assert _catalog(db) == catalog


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (
            "drop index idx_job_queue_claim; create index idx_job_queue_claim on job_queue (id)",
            "idx_job_queue_claim",
        ),
        (
            "create or replace function cancel_job(p_job_id uuid, p_reason text default null) returns boolean"
            " language sql as 'select true'",
            "cancel_job",
        ),
        ("alter table job_queue alter column payload drop not null", "job_queue"),
        ("alter policy job_queue_select_own on job_queue using (true)", "job_queue_select_own"),
    ],
)
def test_another_definition_is_refused_by_name(before: str, db: Connection, damage: str, named: str) -> None:
    _upgrade(before, "0005")
    db.execute("update alembic_version set version_num = '0004'")
    db.execute(damage.encode())
    with pytest.raises(Refused, match=named):
        _upgrade(before, "0005")


def test_a_downgrade_leaves_nothing(before: str, db: Connection) -> None:
    earlier = _catalog(db)
    schemas = db.execute("select nspname from pg_namespace order by 1").fetchall()
    _upgrade(before, "0005")
    _downgrade(before, "0004")
    assert _catalog(db) == earlier
    assert db.execute("select nspname from pg_namespace order by 1").fetchall() == schemas


def test_up_down_up_gives_the_same_catalog(before: str, db: Connection) -> None:
    _upgrade(before, "0005")
    first, auth = _catalog(db), _catalog(db, "auth")
    _downgrade(before, "0004")
    _upgrade(before, "0005")
    assert (_catalog(db), _catalog(db, "auth")) == (first, auth)


def test_missing_stripe_columns_are_named(before: str, db: Connection) -> None:
    db.execute("alter table subscriptions drop column stripe_price_id")
    with pytest.raises(Refused, match="stripe_price_id"):
        _upgrade(before, "0005")
    assert db.execute("select to_regclass('job_queue')").fetchone() == (None,)


@pytest.fixture
def _roles(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as session:
        for role in ("anon", "authenticated", "service_role"):
            session.execute(
                f"do $$ begin create role {role} nologin; exception when duplicate_object or unique_violation then end $$"
            )


@pytest.mark.usefixtures("_roles")
def test_what_supabase_provides_is_left_untouched(before: str, db: Connection) -> None:
    db.execute(FOREIGN_AUTH.encode())
    theirs = _catalog(db, "auth")
    _upgrade(before, "0005")
    assert _catalog(db, "auth") == theirs
    db.execute("select set_config('their.user', '6f1c2e4a-0000-4000-8000-00000000000a', false)")
    db.execute("select create_job(auth.uid(), 'sync_youtube', '{}'::jsonb)")
    db.execute("select create_job('ben', 'sync_youtube', '{}'::jsonb)")
    db.execute("set role authenticated")
    assert db.execute("select count(*) from job_queue").fetchone() == (1,)
    db.execute("reset role")
    _downgrade(before, "0004")
    assert _catalog(db, "auth") == theirs
    assert db.execute("select obj_description('auth'::regnamespace)").fetchone() == ("theirs",)


@pytest.mark.usefixtures("_roles")
def test_what_supabase_grants_by_default_is_taken_back(before: str, db: Connection) -> None:
    db.execute(FOREIGN_AUTH.encode())
    _upgrade(before, "0005")
    rows = db.execute(
        "select t, r, p from unnest(%s::text[]) t, unnest(array['anon', 'authenticated']) r,"
        " unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p"
        " where has_table_privilege(r, t, p) order by 1",
        (list(TABLES),),
    ).fetchall()
    assert rows == [("job_log", "authenticated", "select"), ("job_queue", "authenticated", "select")]
    exposed = db.execute(
        "select count(*) from pg_proc where pronamespace = 'public'::regnamespace"
        " and proname ~ 'job|webhook' and has_function_privilege('anon', oid, 'execute')"
    ).fetchone()
    assert exposed == (0,)


def test_a_stub_that_gained_foreign_objects_survives_the_downgrade(before: str, db: Connection) -> None:
    _upgrade(before, "0005")
    db.execute("create table auth.users (id uuid primary key)")
    _downgrade(before, "0004")
    assert db.execute("select to_regclass('auth.users') is not null").fetchone() == (True,)


def _verdicts(session: Connection, phase: str) -> dict[str, str]:
    return {result.check.name: str(result.verdict) for result in checks.run_checks(session, "0005", phase)}


def _unmet(verdicts: dict[str, str]) -> set[str]:
    return {name for name, verdict in verdicts.items() if verdict != "pass"}


PG_CRON = {
    "pg_cron is installed",
    "the clean-ups and the reaper are scheduled in pg_cron",
    "api_url and service_role_key are set for scheduled HTTP calls",
    "Stripe delivers",
}


def test_the_preflight_checks_pass_or_warn_of_what_is_missing_here(before: str, db: Connection) -> None:
    verdicts = _verdicts(db, "preflight")
    assert _unmet(verdicts) <= {"a backup is younger than a day", "pg_cron is available"}
    assert set(verdicts.values()) <= {"pass", "warn"}
    db.execute("alter table subscriptions drop column stripe_price_id")
    assert _verdicts(db, "preflight")["the Stripe columns of subscriptions are there"] == "fail"


def test_the_verification_checks_pass_and_write_nothing(before: str, db: Connection) -> None:
    _upgrade(before, "0005")
    verdicts = _verdicts(db, "verification")
    assert _unmet(verdicts) == PG_CRON
    assert {verdicts[name] for name in PG_CRON} == {"warn"}
    assert db.execute("select count(*) from job_queue").fetchone() == (0,)


def test_the_schedules_are_found_in_pg_cron(before: str, db: Connection) -> None:
    _upgrade(before, "0005")
    db.execute(
        "create schema cron; create table cron.job (command text, active boolean not null default true)"
    )
    scheduled = "the clean-ups and the reaper are scheduled in pg_cron"
    assert _verdicts(db, "verification")[scheduled] == "warn"
    for name in ("cleanup_old_jobs", "cleanup_old_webhook_events", "requeue_stalled_jobs"):
        db.execute("insert into cron.job (command) values (%s)", (f"select {name}()",))
    assert _verdicts(db, "verification")[scheduled] == "pass"


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("drop index idx_job_log_errors", "20 indexes besides primary keys: 11, 4 and 5"),
        ("drop function list_jobs", "20 functions, each with its search_path pinned"),
        ("alter function retry_job reset search_path", "20 functions, each with its search_path pinned"),
        ("grant execute on function claim_jobs to public", "no function may be called by everybody"),
        ("grant execute on function claim_jobs to anon", "no function may be called by everybody"),
        ("alter table job_queue disable trigger user", "three triggers, switched on"),
        ("alter table job_log disable row level security", "row security is on, with 8 policies"),
        ("drop policy job_queue_anon_none on job_queue", "row security is on, with 8 policies"),
        (
            "alter table stripe_webhook_events drop constraint stripe_webhook_events_stripe_event_id_key",
            "one Stripe event has one row",
        ),
        ("drop table job_log", "three tables"),
    ],
)
def test_each_verification_check_notices_its_damage(
    before: str, db: Connection, damage: str, check: str
) -> None:
    _upgrade(before, "0005")
    db.execute(damage.encode())
    assert _verdicts(db, "verification")[check] == "fail"


def test_a_platform_in_another_schema_works_there(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as session:
        session.execute('create schema "Night Desk"')
        migration.upgrade(empty_database, line="platform", target="0005", schema="Night Desk")
        session.execute("set search_path = pg_catalog")
        job = session.execute("""select "Night Desk".create_job(auth.uid(), 'sync_youtube')""").fetchone()
        assert session.execute("""select id from "Night Desk".claim_jobs('w')""").fetchone() == job
        session.execute("set role service_role")
        assert session.execute('select count(*) from "Night Desk".job_log').fetchone() == (1,)
        session.execute("reset role")
        migration.downgrade(empty_database, line="platform", target="0004", schema="Night Desk")
        assert session.execute("""select to_regclass('"Night Desk".job_queue')""").fetchone() == (None,)


@pytest.fixture
def ordinary_owner(empty_database: str) -> Iterator[str]:
    """Conninfo of the database for its owner, who is no superuser and may not create roles."""
    owner = f"test_owner_{uuid4().hex[:8]}"
    with psycopg.connect(empty_database, autocommit=True) as session:
        name = sql.Identifier(owner)
        session.execute(sql.SQL("create role {} login").format(name))
        database = sql.Identifier(str(conninfo_to_dict(empty_database)["dbname"]))
        session.execute(sql.SQL("alter database {} owner to {}").format(database, name))
        session.execute(sql.SQL("alter schema public owner to {}").format(name))
        yield make_conninfo(empty_database, user=owner)
        session.execute(sql.SQL("reassign owned by {} to postgres").format(name))
        session.execute(sql.SQL("drop owned by {}").format(name))
        session.execute(sql.SQL("drop role {}").format(name))


@pytest.mark.usefixtures("_roles")
def test_an_ordinary_owner_migrates_and_his_functions_work(empty_database: str, ordinary_owner: str) -> None:
    _upgrade(ordinary_owner, "0005")
    with psycopg.connect(ordinary_owner, autocommit=True) as owner:
        assert _unmet(_verdicts(owner, "verification")) == PG_CRON
    user = "6f1c2e4a-0000-4000-8000-00000000000a"
    with psycopg.connect(empty_database, autocommit=True) as session:
        session.execute("select set_config('request.jwt.claim.sub', %s, false)", (user,))
        session.execute("set role authenticated")
        session.execute("select create_job(auth.uid(), 'sync_youtube')")
        assert session.execute("select user_id from job_queue").fetchall() == [(user,)]
        session.execute("set role service_role")
        assert session.execute("select count(*) from claim_jobs('w')").fetchone() == (1,)
    _downgrade(ordinary_owner, "0004")
