from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import psycopg
import pytest

from tests.db.jobs.conftest import Connection, Jobs


def _claimed_types(jobs: Jobs, limit: int, types: list[str] | None = None) -> list[str]:
    rows = jobs.session.execute("select job_type from claim_jobs('w', %s, 60, %s)", (limit, types))
    return [row[0] for row in rows]


def test_a_claim_leases_the_job_under_a_new_token(jobs: Jobs) -> None:
    job = jobs.create()
    [(claimed, token)] = jobs.claim("worker-7")
    row = jobs.session.execute(
        "select id, status, attempts, worker_id, lease_token, started_at is not null,"
        " lease_expires_at between clock_timestamp() + interval '299 s' and clock_timestamp() + interval '300 s'"
        " from job_queue"
    ).fetchone()
    assert (claimed, token) == (job, 1)
    assert row == (job, "processing", 1, "worker-7", 1, True, True)
    assert jobs.events(job) == ["claimed"]


def test_a_claimed_job_is_not_claimed_again(jobs: Jobs) -> None:
    jobs.create()
    assert len(jobs.claim()) == 1
    assert jobs.claim() == []


def test_urgent_jobs_come_first_then_the_oldest(jobs: Jobs) -> None:
    for name, priority in (("a", 5), ("b", 0), ("c", 9), ("d", 0)):
        jobs.create(name, priority=priority)
    assert _claimed_types(jobs, 3) == ["b", "d", "a"]
    assert _claimed_types(jobs, 3) == ["c"]


def test_a_job_waits_for_its_time(jobs: Jobs) -> None:
    later = jobs.create(scheduled_for=jobs.value("select clock_timestamp() + interval '1 hour'"))
    assert jobs.claim() == []
    jobs.make_due(later)
    assert [job for job, _ in jobs.claim()] == [later]


def test_a_worker_may_take_some_types_only(jobs: Jobs) -> None:
    for name in ("mail", "sync", "mail", "report"):
        jobs.create(name)
    assert _claimed_types(jobs, 10, ["mail"]) == ["mail", "mail"]
    assert _claimed_types(jobs, 10, ["mail", "none"]) == []
    assert Counter(_claimed_types(jobs, 10, ["report", "sync"])) == Counter(["sync", "report"])


def test_priority_holds_across_types(jobs: Jobs) -> None:
    jobs.create("mail", priority=5)
    jobs.create("sync", priority=1)
    assert _claimed_types(jobs, 1, ["mail", "sync"]) == ["sync"]


def test_a_second_claimer_takes_the_next_job_without_waiting(
    jobs: Jobs, connect: Callable[..., Connection]
) -> None:
    first, second = jobs.create(), jobs.create()
    holder = Jobs(connect(autocommit=False))
    assert [job for job, _ in holder.claim()] == [first]
    jobs.session.execute("set lock_timeout = '1s'")
    assert [job for job, _ in jobs.claim()] == [second]


def test_many_claimers_share_the_queue_without_overlap(
    jobs: Jobs, connect: Callable[..., Connection]
) -> None:
    jobs.session.execute("select create_job(null, 't' || i % 3) from generate_series(1, 400) i")
    start = Barrier(6)
    claimers = [Jobs(connect()) for _ in range(6)]

    def drain(number: int) -> list[UUID]:
        taken: list[UUID] = []
        start.wait()
        while batch := claimers[number].claim(f"worker-{number}", 7):
            taken.extend(job for job, _ in batch)
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [job for share in pool.map(drain, range(6)) for job in share]
    # SKIP LOCKED may end a claimer's loop early while another still holds the last rows, never lose them.
    taken += [job for job, _ in jobs.claim(limit=400)]
    assert len(taken) == len(set(taken)) == 400


def test_claiming_reads_the_partial_index_only(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    jobs.session.execute("alter table job_queue disable trigger user")
    jobs.session.execute(
        "insert into job_queue (job_type, status, scheduled_for, finished_at)"
        " select 't' || i % 5, case when i % 20 = 0 then 'pending' else 'completed' end,"
        " clock_timestamp() + case when i % 40 = 0 then interval '1 day' else interval '-1 day' end,"
        " case when i % 20 > 0 then clock_timestamp() end from generate_series(1, 20000) i"
    )
    jobs.session.execute("analyze job_queue")
    session = connect(autocommit=False)
    scans = "select pg_stat_get_xact_numscans(%s::regclass), pg_stat_get_xact_numscans('job_queue'::regclass)"
    session.execute("select * from claim_jobs('w', 100)")
    assert session.execute(scans, ("idx_job_queue_claim",)).fetchone() == (6, 0)
    session.execute("select * from claim_jobs('w', 10, 60, array['t1', 't2'])")
    row = session.execute(scans, ("idx_job_queue_claim_by_type",)).fetchone()
    assert row is not None
    assert row[0] > 0
    assert row[1] == 0


@pytest.mark.parametrize(
    "arguments", ["''", "null", "'w', 0", "'w', 1001", "'w', null", "'w', 1, 0", "'w', 1, 86401"]
)
def test_senseless_claims_are_refused(jobs: Jobs, arguments: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        jobs.session.execute(f"select * from claim_jobs({arguments})")


def test_a_heartbeat_renews_the_lease(jobs: Jobs) -> None:
    job, token = jobs.running()
    until = jobs.value("select heartbeat_job(%s, %s, 3600)", job, token)
    assert until == jobs.column(job, "lease_expires_at")
    assert jobs.value("select %s::timestamptz > clock_timestamp() + interval '59 min'", until)


def test_a_heartbeat_in_a_long_transaction_uses_the_real_time(
    jobs: Jobs, connect: Callable[..., Connection]
) -> None:
    job, token = jobs.running()
    slow = Jobs(connect(autocommit=False))
    began = slow.value("select now()")
    first = slow.value("select heartbeat_job(%s, %s, 1)", job, token)
    second = slow.value("select heartbeat_job(%s, %s, 1)", job, token)
    assert slow.value("select now()") == began
    assert began < first < second


def test_a_heartbeat_touches_no_index(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    job, token = jobs.running()
    session = connect(autocommit=False)
    session.execute("select heartbeat_job(%s, %s)", (job, token))
    row = session.execute("select pg_stat_get_xact_tuples_hot_updated('job_queue'::regclass)").fetchone()
    assert row == (1,)


def test_progress_is_stored_and_announced(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    job, token = jobs.running(user="ana")
    listener = connect()
    listener.execute("listen job_queue")
    jobs.value("select update_job_progress(%s, %s, 40, 'page 4 of 10')", job, token)
    jobs.value("select heartbeat_job(%s, %s)", job, token)
    jobs.value("select update_job_progress(%s, %s, 50)", job, token)
    heard = [json.loads(notice.payload) for notice in listener.notifies(timeout=5, stop_after=2)]
    assert [message["progress"] for message in heard] == [40, 50]
    assert heard[0] == {"id": str(job), "job_type": "sync_youtube", "status": "processing", "progress": 40}
    assert jobs.column(job, "progress_message") == "page 4 of 10"


def test_every_change_of_status_is_announced(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    listener = connect()
    listener.execute("listen job_queue")
    job, token = jobs.running()
    jobs.value("select complete_jobs(array[%s], array[%s::bigint])", job, token)
    heard = [json.loads(notice.payload)["status"] for notice in listener.notifies(timeout=5, stop_after=3)]
    assert heard == ["pending", "processing", "completed"]


@pytest.mark.parametrize("progress", ["-1", "101", "null"])
def test_progress_is_a_percentage(jobs: Jobs, progress: str) -> None:
    job, token = jobs.running()
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        jobs.value(f"select update_job_progress(%s, %s, {progress})", job, token)


def test_a_change_moves_updated_at_by_the_clock(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    session = Jobs(connect(autocommit=False))
    began = session.value("select now()")
    job = session.create()
    session.session.execute("update job_queue set updated_at = 'epoch' where id = %s", (job,))
    assert session.column(job, "updated_at") > began
