from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.jobs.conftest import Connection, Jobs

ANA = "6f1c2e4a-0000-4000-8000-00000000000a"
BEN = "6f1c2e4a-0000-4000-8000-00000000000b"
FOR_USERS = {"cancel_job", "create_job", "get_cached_result", "get_job_stats", "list_jobs"}
FOR_NOBODY = {"notify_job_change", "touch_updated_at"}
OURS = """
    from pg_proc p where p.pronamespace = 'public'::regnamespace
    and (p.proname ~ '_jobs?(_|$)' or p.proname ~ 'webhook' or p.proname in ('touch_updated_at', 'get_cached_result'))
"""


@pytest.fixture
def as_user(connect: Callable[..., Connection]) -> Callable[[str | None], Jobs]:
    """Opens a session as PostgREST does for a signed-in user; None carries no user."""

    def open_session(user: str | None) -> Jobs:
        session = connect(role="authenticated")
        session.execute("select set_config('request.jwt.claim.sub', %s, false)", (user or "",))
        return Jobs(session)

    return open_session


@pytest.fixture
def login(db: Connection) -> Iterator[str]:
    """A login role of the cluster, dropped afterwards."""
    name = f"test_login_{uuid4().hex[:8]}"
    db.execute(f"create role {name} login")
    yield name
    db.execute(f"drop owned by {name}")
    db.execute(f"drop role {name}")


def test_a_user_sees_his_own_jobs_and_logs_only(jobs: Jobs, as_user: Callable[[str | None], Jobs]) -> None:
    mine, _ = jobs.running(user=ANA)
    jobs.running(user=BEN)
    jobs.running()
    ana = as_user(ANA).session
    assert ana.execute("select id from job_queue").fetchall() == [(mine,)]
    assert ana.execute("select distinct job_id from job_log").fetchall() == [(mine,)]
    assert ana.execute("select id from list_jobs()").fetchall() == [(mine,)]
    assert ana.execute("select processing from get_job_stats()").fetchall() == [(1,)]


@pytest.mark.parametrize("user", [None, "usr_1", "' or true --"])
def test_nobody_sees_nothing(jobs: Jobs, as_user: Callable[[str | None], Jobs], user: str | None) -> None:
    jobs.running()
    jobs.running(user="usr_1")
    nobody = as_user(user).session
    assert nobody.execute("select from job_queue").fetchall() == []
    assert nobody.execute("select from job_log").fetchall() == []


def test_the_claims_of_newer_gateways_are_read_too(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    mine = jobs.create(user=ANA)
    session = connect(role="authenticated")
    session.execute("select set_config('request.jwt.claims', %s, false)", (f'{{"sub": "{ANA}"}}',))
    assert session.execute("select id from job_queue").fetchall() == [(mine,)]


def test_a_cached_result_of_somebody_else_is_not_found(
    jobs: Jobs, as_user: Callable[[str | None], Jobs]
) -> None:
    job, token = jobs.running(user=BEN, cache_key="k")
    jobs.value("select complete_jobs(array[%s], array[%s::bigint], array['{}'::jsonb], 60)", job, token)
    find = "select count(*) from get_cached_result(%s, 'sync_youtube', 'k')"
    assert as_user(ANA).value(find, BEN) == 0
    assert as_user(BEN).value(find, BEN) == 1


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize(
    "statement",
    [
        "insert into job_queue (user_id, job_type) values (auth.uid()::text, 'x')",
        "update job_queue set status = 'cancelled'",
        "delete from job_queue",
        "truncate job_queue, job_log",
        "insert into job_log (job_id, message) select id, 'x' from job_queue",
        "delete from job_log",
        "select from stripe_webhook_events",
        "delete from stripe_webhook_events",
        "truncate stripe_webhook_events",
    ],
)
def test_users_write_nothing_and_read_no_webhook(
    connect: Callable[..., Connection], role: str, statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect(role=role).execute(statement.encode())


@pytest.mark.parametrize("table", ["job_queue", "job_log"])
def test_anon_reads_no_job(connect: Callable[..., Connection], table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect(role="anon").execute(f"select from {table}")


@pytest.mark.parametrize("table", ["job_queue", "job_log", "stripe_webhook_events"])
def test_a_careless_policy_and_grant_still_hide_rows_from_anon(
    jobs: Jobs, connect: Callable[..., Connection], table: str
) -> None:
    jobs.running()
    jobs.value('select is_new from record_webhook_event(\'{"id": "evt_1", "type": "x"}\')')
    session = connect(autocommit=False)
    session.execute(f"grant all on {table} to anon")
    session.execute(f"create policy careless on {table} using (true)")
    session.execute("set local role anon")
    assert session.execute(f"select from {table}").fetchall() == []
    session.rollback()


def test_the_service_role_does_everything(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    jobs.create(user=ANA)
    service = Jobs(connect(role="service_role"))
    service.create(user=BEN)
    [(job, token)] = service.claim()
    service.value("select update_job_progress(%s, %s, 10)", job, token)
    service.value("select complete_jobs(array[%s], array[%s::bigint])", job, token)
    service.session.execute("insert into job_log (job_id, message) values (%s, 'by hand')", (job,))
    service.value('select is_new from record_webhook_event(\'{"id": "evt_1", "type": "x"}\')')
    assert service.value("select count(*) from job_queue") == 2
    assert service.value("select count(*) from stripe_webhook_events") == 1
    service.session.execute("update stripe_webhook_events set error_message = 'x'")
    service.session.execute("delete from job_queue")


def test_a_user_creates_jobs_for_himself(jobs: Jobs, as_user: Callable[[str | None], Jobs]) -> None:
    ana = as_user(ANA)
    job = ana.value("select create_job(auth.uid(), 'sync_youtube', '{}'::jsonb)")
    assert jobs.column(job, "user_id") == ANA


@pytest.mark.parametrize("user", [f"'{BEN}'", f"'{BEN}'::uuid", "null", "'usr_1'"])
def test_a_user_creates_no_job_for_others(as_user: Callable[[str | None], Jobs], user: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="for himself only"):
        as_user(ANA).value(f"select create_job({user}, 'sync_youtube')")


@pytest.mark.parametrize("user", ["auth.uid()", "null", f"'{ANA}'"])
def test_a_session_without_user_creates_no_job(as_user: Callable[[str | None], Jobs], user: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="for himself only"):
        as_user(None).value(f"select create_job({user}, 'sync_youtube')")


def test_a_user_waits_his_turn(as_user: Callable[[str | None], Jobs]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="more urgent"):
        as_user(ANA).create(user=ANA, priority=4)


def test_a_user_cancels_his_own_job_only(jobs: Jobs, as_user: Callable[[str | None], Jobs]) -> None:
    mine, theirs, system = jobs.create(user=ANA), jobs.create(user=BEN), jobs.create()
    ana = as_user(ANA)
    assert ana.value("select cancel_job(%s)", mine) is True
    for other in (theirs, system, uuid4()):
        with pytest.raises(psycopg.errors.NoDataFound, match="does not exist"):
            ana.value("select cancel_job(%s)", other)
    with pytest.raises(psycopg.errors.NoDataFound, match="does not exist"):
        as_user(None).value("select cancel_job(%s)", system)
    assert [jobs.status(job) for job in (mine, theirs, system)] == ["cancelled", "pending", "pending"]


def test_a_login_that_inherits_the_users_role_is_a_user(
    jobs: Jobs, connect: Callable[..., Connection], login: str
) -> None:
    jobs.session.execute(f"grant authenticated to {login}")
    session = connect()
    session.execute(f"set session authorization {login}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="for himself only"):
        session.execute("select create_job('usr_1', 'sync_youtube')")


def test_an_operator_with_execute_acts_for_anyone(
    jobs: Jobs, connect: Callable[..., Connection], login: str
) -> None:
    session = connect()
    session.execute(f"set session authorization {login}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("select cancel_job(%s)", (uuid4(),))
    jobs.session.execute(f"grant execute on function cancel_job(uuid, text) to {login}")
    assert Jobs(session).value("select cancel_job(%s)", jobs.create(user=ANA)) is True


def test_each_function_is_for_those_it_names(db: Connection) -> None:
    rows = db.execute(
        f"""
        select proname, array(select r from unnest(array['anon', 'authenticated', 'service_role']) r
                              where has_function_privilege(r, p.oid, 'execute'))
        {OURS}"""
    ).fetchall()
    assert len(rows) == 20
    for name, callers in rows:
        if name in FOR_NOBODY:
            assert callers == [], name
        elif name in FOR_USERS:
            assert callers == ["authenticated", "service_role"], name
        else:
            assert callers == ["service_role"], name


def test_every_function_pins_its_search_path(db: Connection) -> None:
    rows = db.execute(f"select p.proname, p.proconfig {OURS}").fetchall()
    assert len(rows) == 20
    for name, settings in rows:
        assert settings == ["search_path=pg_catalog, pg_temp"], name


def test_shadows_in_the_temporary_schema_are_not_used(
    jobs: Jobs, as_user: Callable[[str | None], Jobs]
) -> None:
    ana = as_user(ANA)
    for table in ("job_queue", "job_log"):
        ana.session.execute(f"create temp table {table} (like public.{table})")
    ana.session.execute(
        "create function pg_temp.clock_timestamp() returns timestamptz language sql as 'select null::timestamptz'"
    )
    ana.session.execute("set search_path = pg_temp, public")
    job = ana.value("select public.create_job(auth.uid(), 'sync_youtube')")
    assert ana.value("select count(*) from pg_temp.job_queue") == 0
    assert ana.value("select id from public.job_queue") == UUID(str(job))
    assert ana.value("select public.cancel_job(%s)", job) is True
    assert jobs.events(job) == ["cancelled"]
