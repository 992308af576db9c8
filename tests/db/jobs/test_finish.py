from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.db.jobs.conftest import Connection, Jobs, wait_until_blocked

COMPLETE = "select complete_jobs(array[%s], array[%s::bigint])"
FAIL = "select fail_job(%s, %s, 'boom')"
HEARTBEAT = "select heartbeat_job(%s, %s)"
PROGRESS = "select update_job_progress(%s, %s, 10)"
WORKER_CALLS = (COMPLETE, FAIL, HEARTBEAT, PROGRESS)


def _is_refused(jobs: Jobs, call: str, job: UUID, token: int) -> bool:
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="is not leased"):
        jobs.session.execute(call.encode(), (job, token))
    return True


def test_a_completed_job_holds_its_result(jobs: Jobs) -> None:
    job, token = jobs.running()
    done = jobs.value(
        "select complete_jobs(array[%s], array[%s::bigint], array['{\"videos\": 3}'::jsonb])", job, token
    )
    row = jobs.session.execute(
        "select status, result, progress, finished_at is not null, lease_expires_at, cache_expires_at from job_queue"
    ).fetchone()
    assert done == job
    assert row == ("completed", {"videos": 3}, 100, True, None, None)
    assert jobs.events(job) == ["claimed", "completed"]


def test_a_batch_is_completed_in_one_call(jobs: Jobs) -> None:
    for _ in range(5):
        jobs.create()
    claimed = jobs.claim(limit=5)
    results = [f'{{"n": {number}}}' for number in range(5)]
    jobs.session.execute(
        "select complete_jobs(%s::uuid[], %s::bigint[], %s::jsonb[])",
        ([job for job, _ in claimed], [token for _, token in claimed], results),
    )
    assert [jobs.column(job, "result") for job, _ in claimed] == [{"n": number} for number in range(5)]


def test_a_batch_with_a_lost_job_is_refused_whole_or_completed_without_it(jobs: Jobs) -> None:
    for _ in range(2):
        jobs.create()
    (kept, kept_token), (lost, lost_token) = jobs.claim(limit=2)
    jobs.value("select cancel_job(%s)", lost)
    batch = ([kept, lost], [kept_token, lost_token])
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match=str(lost)):
        jobs.session.execute("select complete_jobs(%s::uuid[], %s::bigint[])", batch)
    assert jobs.status(kept) == "processing"
    rows = jobs.session.execute("select complete_jobs(%s::uuid[], %s::bigint[], null, null, true)", batch)
    assert rows.fetchall() == [(kept,)]
    assert (jobs.status(kept), jobs.status(lost)) == ("completed", "cancelled")


@pytest.mark.parametrize(
    "arguments",
    [
        "'{}', '{}'",
        "null, null",
        "array[gen_random_uuid()], '{}'",
        "array[gen_random_uuid()], null",
        "array[null]::uuid[], array[1]",
        "array[gen_random_uuid()], array[1], '{}'::jsonb[]",
        "array[gen_random_uuid()], array[1], null, 0",
    ],
)
def test_senseless_batches_are_refused(jobs: Jobs, arguments: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        jobs.session.execute(f"select complete_jobs({arguments})")


@pytest.mark.parametrize("call", WORKER_CALLS)
def test_a_zombie_is_refused_once_its_job_was_requeued(jobs: Jobs, call: str) -> None:
    job, zombie = jobs.running()
    jobs.expire_lease(job)
    jobs.session.execute("select requeue_stalled_jobs()")
    assert _is_refused(jobs, call, job, zombie)
    [(again, token)] = jobs.claim("worker-2")
    assert again == job
    assert token > zombie
    assert _is_refused(jobs, call, job, zombie)
    assert jobs.value(COMPLETE, job, token) == job
    assert _is_refused(jobs, call, job, token)


@pytest.mark.parametrize("call", WORKER_CALLS)
def test_a_worker_is_refused_after_a_cancel(jobs: Jobs, call: str) -> None:
    job, token = jobs.running()
    jobs.value("select cancel_job(%s)", job)
    assert _is_refused(jobs, call, job, token)


@pytest.mark.parametrize("call", WORKER_CALLS)
def test_a_job_that_was_never_claimed_is_nobodys(jobs: Jobs, call: str) -> None:
    job = jobs.create()
    assert _is_refused(jobs, call, job, 0)
    assert _is_refused(jobs, call, job, 1)


def test_a_zombie_that_waits_for_the_row_is_refused_too(
    jobs: Jobs, connect: Callable[..., Connection]
) -> None:
    job, zombie = jobs.running()
    jobs.expire_lease(job)
    reaper, worker = connect(autocommit=False), Jobs(connect())
    reaper.execute("select requeue_stalled_jobs()")
    with ThreadPoolExecutor(1) as pool:
        attempt = pool.submit(_is_refused, worker, COMPLETE, job, zombie)
        wait_until_blocked(jobs.session, worker.session)
        reaper.commit()
        assert attempt.result()
    assert jobs.status(job) == "pending"


def test_a_late_worker_may_finish_while_nobody_took_over(jobs: Jobs) -> None:
    job, token = jobs.running()
    jobs.expire_lease(job)
    assert jobs.value(COMPLETE, job, token) == job


def test_a_failed_job_comes_back_later_and_later(jobs: Jobs) -> None:
    job = jobs.create(max_attempts=5)
    delays = []
    for _ in range(4):
        jobs.make_due(job)
        [(_, token)] = jobs.claim()
        before = jobs.value("select clock_timestamp()")
        delays.append((jobs.value(FAIL, job, token) - before).total_seconds())
        assert jobs.status(job) == "pending"
        assert jobs.claim() == []
    for delay, expected in zip(delays, (10, 20, 40, 80), strict=True):
        assert expected <= delay < expected * 1.1 + 1
    jobs.make_due(job)
    [(_, token)] = jobs.claim()
    assert jobs.value(FAIL, job, token) is None
    assert jobs.status(job) == "failed"
    assert jobs.events(job) == ["claimed", "retry_scheduled"] * 4 + ["claimed", "failed"]


def test_back_off_ends_at_an_hour(jobs: Jobs) -> None:
    job = jobs.create(max_attempts=100)
    jobs.session.execute("update job_queue set attempts = 90")
    [(_, token)] = jobs.claim()
    assert jobs.value("select fail_job(%s, %s, 'boom') < clock_timestamp() + interval '67 min'", job, token)


def test_an_error_that_no_retry_mends_ends_the_job(jobs: Jobs) -> None:
    job, token = jobs.running()
    assert jobs.value("select fail_job(%s, %s, 'no such channel', false)", job, token) is None
    assert jobs.status(job) == "failed"
    assert jobs.column(job, "error_message") == "no such channel"


def test_cancel_ends_a_waiting_or_running_job_once(jobs: Jobs) -> None:
    waiting = jobs.create(scheduled_for=jobs.value("select clock_timestamp() + interval '1 hour'"))
    running, _ = jobs.running()
    for job in (waiting, running):
        assert jobs.value("select cancel_job(%s, 'not needed')", job) is True
        assert jobs.value("select cancel_job(%s)", job) is False
        assert jobs.status(job) == "cancelled"
        assert jobs.events(job)[-1] == "cancelled"
    assert jobs.claim() == []


@pytest.mark.parametrize("call", ["cancel_job", "retry_job"])
def test_an_unknown_job_is_named(jobs: Jobs, call: str) -> None:
    unknown = uuid4()
    with pytest.raises(psycopg.errors.NoDataFound, match=str(unknown)):
        jobs.value(f"select {call}(%s)", unknown)


def test_retry_gives_a_full_budget(jobs: Jobs) -> None:
    job, token = jobs.running(max_attempts=1)
    jobs.value(FAIL, job, token)
    assert jobs.value("select retry_job(%s, 'fixed upstream')", job) is True
    assert jobs.value("select retry_job(%s)", job) is False
    assert (jobs.status(job), jobs.column(job, "attempts")) == ("pending", 0)
    [(again, new_token)] = jobs.claim()
    assert again == job
    assert new_token > token
    assert jobs.events(job) == ["claimed", "failed", "retried", "claimed"]


def test_a_completed_job_is_not_done_twice(jobs: Jobs) -> None:
    job, token = jobs.running()
    jobs.value(COMPLETE, job, token)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="completed"):
        jobs.value("select retry_job(%s)", job)


def test_only_expired_leases_are_requeued(jobs: Jobs) -> None:
    dead, _ = jobs.running()
    alive, _ = jobs.running()
    jobs.expire_lease(dead)
    rows = jobs.session.execute("select * from requeue_stalled_jobs()").fetchall()
    assert rows == [(dead, "pending")]
    assert jobs.status(alive) == "processing"
    assert jobs.events(dead) == ["claimed", "lease_lost"]


def test_a_lost_lease_costs_no_attempt_but_the_fifth_ends_the_job(jobs: Jobs) -> None:
    job = jobs.create(max_attempts=1)
    outcomes = []
    for _ in range(5):
        jobs.claim()
        jobs.expire_lease(job)
        outcomes += jobs.session.execute("select new_status from requeue_stalled_jobs()").fetchall()
    assert outcomes == [("pending",)] * 4 + [("failed",)]
    assert (jobs.column(job, "attempts"), jobs.column(job, "lease_losses")) == (0, 5)


def test_two_reapers_count_one_loss(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    job, _ = jobs.running()
    jobs.expire_lease(job)
    first = connect(autocommit=False)
    assert len(first.execute("select * from requeue_stalled_jobs()").fetchall()) == 1
    jobs.session.execute("set lock_timeout = '1s'")
    assert jobs.session.execute("select * from requeue_stalled_jobs()").fetchall() == []
    first.commit()
    assert jobs.column(job, "lease_losses") == 1


def test_whoever_cancels_retries_or_requeues_is_on_record(
    jobs: Jobs, connect: Callable[..., Connection], person: str
) -> None:
    retried, token = jobs.running(max_attempts=1)
    jobs.value(FAIL, retried, token)
    lost, _ = jobs.running()
    jobs.expire_lease(lost)
    cancelled = jobs.create()
    session = Jobs(connect())
    session.session.execute(f"set session authorization {person}")
    session.value("select retry_job(%s, 'fixed upstream')", retried)
    session.value("select cancel_job(%s, 'not needed')", cancelled)
    session.session.execute("select requeue_stalled_jobs()")
    rows = jobs.session.execute(
        "select job_id, event, details from job_log where event in ('retried', 'cancelled', 'lease_lost')"
    ).fetchall()
    by = {"by": person}
    assert {row[0]: row[1:] for row in rows} == {
        retried: ("retried", by),
        cancelled: ("cancelled", by),
        lost: ("lease_lost", by),
    }


def test_a_cancel_through_a_gateway_names_the_user(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    user = str(uuid4())
    job = jobs.create(user=user)
    session = connect(role="authenticated")
    session.execute("select set_config('request.jwt.claim.sub', %s, false)", (user,))
    session.execute("select cancel_job(%s)", (job,))
    assert jobs.value("select details ->> 'user' from job_log where event = 'cancelled'") == user


@pytest.fixture
def person(db: Connection) -> Iterator[str]:
    """A login that may act on jobs, dropped afterwards."""
    name = f"test_person_{uuid4().hex[:8]}"
    db.execute(f"create role {name} login")
    for function in (
        "retry_job(uuid, text)",
        "cancel_job(uuid, text)",
        "requeue_stalled_jobs(integer, integer)",
    ):
        db.execute(f"grant execute on function {function} to {name}")
    yield name
    db.execute(f"drop owned by {name}")
    db.execute(f"drop role {name}")
