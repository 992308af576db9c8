from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import psycopg
import pytest

from tests.db.jobs.conftest import Connection, Jobs

COMPLETE = "select complete_jobs(array[%s], array[%s::bigint], array['{\"videos\": 3}'::jsonb], 60)"


def _page(jobs: Jobs, **filters: object) -> list[tuple[UUID, datetime]]:
    named = ", ".join(f"p_{name} => %s" for name in filters)
    rows = jobs.session.execute(f"select id, created_at from list_jobs({named})", tuple(filters.values()))
    return [(row[0], row[1]) for row in rows]


def test_pages_hold_every_job_once_newest_first(jobs: Jobs) -> None:
    created = [jobs.create() for _ in range(7)]
    # Rows of one instant are told apart by their id.
    jobs.session.execute("update job_queue set created_at = '2026-01-01' where id = any(%s)", (created[:4],))
    seen: list[UUID] = []
    cursor: dict[str, object] = {}
    while page := _page(jobs, limit=2, **cursor):
        seen += [job for job, _ in page]
        cursor = {"after_created_at": page[-1][1], "after_id": page[-1][0]}
    assert seen == list(reversed(created[4:])) + sorted(created[:4], reverse=True)


def test_filters_combine(jobs: Jobs) -> None:
    wanted = jobs.create("mail", user="ana")
    jobs.create("mail", user="ben")
    jobs.create("sync", user="ana")
    [(claimed, _)] = jobs.claim()
    assert claimed == wanted
    assert _page(jobs, user_id="ana", status="processing", job_type="mail")[0][0] == wanted
    assert len(_page(jobs, user_id="ana")) == 2
    assert len(_page(jobs, status="pending")) == 2
    assert len(_page(jobs, job_type="mail")) == 2


def test_a_filter_is_a_value_never_sql(jobs: Jobs) -> None:
    jobs.create()
    assert _page(jobs, user_id="' or true --") == []


@pytest.mark.parametrize(
    "arguments",
    ["p_limit => 0", "p_limit => 501", "p_after_created_at => now()", "p_after_id => gen_random_uuid()"],
)
def test_senseless_pages_are_refused(jobs: Jobs, arguments: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        jobs.session.execute(f"select * from list_jobs({arguments})")


@pytest.mark.parametrize(
    ("arguments", "index"),
    [
        ("", "idx_job_queue_created"),
        ("p_user_id => 'u7'", "idx_job_queue_user_created"),
        ("p_user_id => 'u7', p_status => 'failed'", "idx_job_queue_user_status_created"),
        ("p_status => 'failed'", "idx_job_queue_status_created"),
        ("p_job_type => 't3'", "idx_job_queue_type_created"),
    ],
)
def test_each_filter_reads_its_index(
    jobs: Jobs, connect: Callable[..., Connection], arguments: str, index: str
) -> None:
    _fill(jobs)
    session = connect(autocommit=False)
    session.execute(f"select * from list_jobs({arguments})")
    assert _scans(session, index) == (1, 0)


def test_a_cached_result_is_found_until_it_expires(jobs: Jobs) -> None:
    job, token = jobs.running(user="ana", cache_key="channel-1")
    find = "select job_id, result from get_cached_result('ana', 'sync_youtube', 'channel-1')"
    assert jobs.session.execute(find).fetchall() == []
    jobs.value(COMPLETE, job, token)
    assert jobs.session.execute(find).fetchall() == [(job, {"videos": 3})]
    jobs.session.execute("update job_queue set cache_expires_at = clock_timestamp()")
    assert jobs.session.execute(find).fetchall() == []


def test_a_cached_result_belongs_to_its_user_type_and_key(jobs: Jobs) -> None:
    job, token = jobs.running(cache_key="channel-1")
    jobs.value(COMPLETE, job, token)
    found = "select count(*) from get_cached_result({})"
    assert jobs.value(found.format("null, 'sync_youtube', 'channel-1'")) == 1
    for other in (
        "'ana', 'sync_youtube', 'channel-1'",
        "null, 'sync_tiktok', 'channel-1'",
        "null, 'sync_youtube', 'channel-2'",
        "null, 'sync_youtube', null",
    ):
        assert jobs.value(found.format(other)) == 0


def test_a_result_is_not_cached_unless_asked_for(jobs: Jobs) -> None:
    job, token = jobs.running()
    jobs.value(COMPLETE, job, token)
    assert jobs.column(job, "cache_expires_at") is None


def test_the_cache_reads_its_index(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    _fill(jobs)
    session = connect(autocommit=False)
    session.execute("select * from get_cached_result('u7', 't3', 'key')")
    assert _scans(session, "idx_job_queue_cache") == (1, 0)


def test_statistics_count_what_waits_runs_and_ended(jobs: Jobs) -> None:
    done, token = jobs.running()
    jobs.value(COMPLETE, done, token)
    stalled, _ = jobs.running()
    jobs.expire_lease(stalled)
    jobs.running()
    jobs.create(scheduled_for=jobs.value("select clock_timestamp() + interval '1 hour'"))
    jobs.create()
    jobs.create()
    old = jobs.create("report")
    jobs.value("select cancel_job(%s)", old)
    jobs.session.execute("update job_queue set finished_at = now() - interval '2 days' where id = %s", (old,))
    rows = jobs.session.execute(
        "select job_type, pending, scheduled, processing, stalled, completed, failed, cancelled,"
        " oldest_wait_seconds >= 0, average_wait_seconds >= 0, average_run_seconds > 0 from get_job_stats()"
    ).fetchall()
    assert rows == [("sync_youtube", 2, 1, 1, 1, 1, 0, 0, True, True, True)]
    assert jobs.value("select cancelled from get_job_stats('3 days') where job_type = 'report'") == 1


def _fill(jobs: Jobs) -> None:
    jobs.session.execute("alter table job_queue disable trigger user")
    jobs.session.execute(
        "insert into job_queue (job_type, user_id, status, created_at, finished_at, cache_key, cache_expires_at)"
        " select 't' || i % 5, 'u' || i % 50, case (i / 50) % 10 when 0 then 'failed' else 'completed' end, now() - i * interval '1 s', now(),"
        " 'k' || i, case when i % 3 = 0 then now() + interval '1 day' end from generate_series(1, 20000) i"
    )
    jobs.session.execute("vacuum analyze job_queue")


def _scans(session: Connection, index: str) -> tuple[int, int]:
    row = session.execute(
        "select pg_stat_get_xact_numscans(%s::regclass), pg_stat_get_xact_numscans('job_queue'::regclass)",
        (index,),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
