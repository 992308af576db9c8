from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest

from tests.db.jobs.conftest import Connection, Jobs

AGE_JOB = "update job_queue set finished_at = clock_timestamp() - %s::interval where id = %s"


def _ended(jobs: Jobs, age: str, status: str = "completed") -> UUID:
    job, token = jobs.running()
    if status == "completed":
        jobs.value("select complete_jobs(array[%s], array[%s::bigint])", job, token)
    elif status == "failed":
        jobs.value("select fail_job(%s, %s, 'boom', false)", job, token)
    else:
        jobs.value("select cancel_job(%s)", job)
    jobs.session.execute(AGE_JOB, (age, job))
    return job


def _left(jobs: Jobs) -> set[UUID]:
    return {row[0] for row in jobs.session.execute("select id from job_queue")}


def test_jobs_that_ended_thirty_days_ago_go_with_their_log(jobs: Jobs) -> None:
    for status in ("completed", "failed", "cancelled"):
        _ended(jobs, "31 days", status)
    young = _ended(jobs, "29 days")
    waiting = jobs.create(scheduled_for=jobs.value("select clock_timestamp() + interval '1 hour'"))
    running, _ = jobs.running()
    jobs.session.execute("update job_queue set created_at = created_at - interval '1 year'")
    assert jobs.value("select cleanup_old_jobs()") == 3
    assert _left(jobs) == {young, waiting, running}
    assert {row[0] for row in jobs.session.execute("select job_id from job_log")} == {young, running}


@pytest.mark.parametrize(
    ("status", "finished"),
    [("pending", "now()"), ("completed", "null"), ("failed", "null"), ("cancelled", "null")],
)
def test_a_job_has_an_end_exactly_when_it_has_ended(jobs: Jobs, status: str, finished: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="job_queue_finished_check"):
        jobs.session.execute(
            f"insert into job_queue (job_type, status, finished_at) values ('x', '{status}', {finished})"
        )


def test_jobs_go_in_batches_oldest_first(jobs: Jobs) -> None:
    youngest = _ended(jobs, "31 days")
    for age in ("33 days", "32 days"):
        _ended(jobs, age)
    assert jobs.value("select cleanup_old_jobs(30, 2)") == 2
    assert _left(jobs) == {youngest}
    assert jobs.value("select cleanup_old_jobs(30, 2)") == 1
    assert jobs.value("select cleanup_old_jobs(30, 2)") == 0


def test_a_cached_result_is_kept_until_it_expires(jobs: Jobs) -> None:
    job, token = jobs.running(cache_key="k")
    jobs.value("select complete_jobs(array[%s], array[%s::bigint], null, 86400)", job, token)
    jobs.session.execute(AGE_JOB, ("31 days", job))
    assert jobs.value("select cleanup_old_jobs()") == 0
    jobs.session.execute("update job_queue set cache_expires_at = clock_timestamp()")
    assert jobs.value("select cleanup_old_jobs()") == 1


def test_a_clean_up_waits_for_nobody(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    held = _ended(jobs, "31 days")
    _ended(jobs, "31 days")
    holder = connect(autocommit=False)
    holder.execute("select from job_queue where id = %s for update", (held,))
    jobs.session.execute("set lock_timeout = '1s'")
    assert jobs.value("select cleanup_old_jobs()") == 1
    assert _left(jobs) == {held}


@pytest.mark.parametrize(
    "call",
    [
        "cleanup_old_jobs(0)",
        "cleanup_old_jobs(null)",
        "cleanup_old_jobs(30, 0)",
        "cleanup_old_webhook_events(30)",
        "cleanup_old_webhook_events(null)",
        "cleanup_old_webhook_events(90, 0)",
    ],
)
def test_senseless_clean_ups_are_refused(jobs: Jobs, call: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        jobs.value(f"select {call}")


def test_webhooks_that_failed_or_were_not_processed_are_never_removed(jobs: Jobs) -> None:
    states = {
        "evt_old": ("processed", "91 days", "91 days"),
        "evt_young": ("processed", "89 days", "89 days"),
        "evt_replayed": ("processed", "200 days", "1 day"),
        "evt_failed": ("failed", "400 days", "400 days"),
        "evt_received": ("received", "400 days", None),
        "evt_stuck": ("processing", "400 days", None),
    }
    for event, (status, received, processed) in states.items():
        jobs.session.execute(
            "insert into stripe_webhook_events (stripe_event_id, event_type, payload, status, received_at,"
            " processed_at, worker_id, lease_expires_at, retry_count)"
            " values (%(event)s, 'invoice.payment_failed', '{}', %(status)s, now() - %(received)s::interval,"
            " now() - %(processed)s::interval, 'w', case when %(status)s = 'processing' then now() end, 3)",
            {"event": event, "status": status, "received": received, "processed": processed},
        )
    assert jobs.value("select cleanup_old_webhook_events()") == 1
    left = {row[0] for row in jobs.session.execute("select stripe_event_id from stripe_webhook_events")}
    assert left == set(states) - {"evt_old"}


def test_webhooks_go_in_batches(jobs: Jobs) -> None:
    jobs.session.execute(
        "insert into stripe_webhook_events (stripe_event_id, event_type, payload, status, received_at, processed_at)"
        " select 'evt_' || i, 'invoice.payment_failed', '{}', 'processed', now() - interval '91 days',"
        " now() - interval '91 days' from generate_series(1, 5) i"
    )
    assert [jobs.value("select cleanup_old_webhook_events(90, 3)") for _ in range(3)] == [3, 2, 0]


def test_a_clean_up_says_in_the_servers_log_what_it_removed(jobs: Jobs) -> None:
    said: list[str] = []
    jobs.session.add_notice_handler(lambda notice: said.append(f"{notice.severity} {notice.message_primary}"))
    jobs.session.execute("set client_min_messages = log")
    assert jobs.value("select cleanup_old_jobs()") == 0
    _ended(jobs, "31 days")
    jobs.value("select cleanup_old_jobs()")
    jobs.session.execute(
        "insert into stripe_webhook_events (stripe_event_id, event_type, payload, status, received_at, processed_at)"
        " values ('evt_1', 'x', '{}', 'processed', now() - interval '91 days', now() - interval '91 days')"
    )
    jobs.value("select cleanup_old_webhook_events()")
    assert said == [
        "LOG cleanup_old_jobs: 1 jobs older than 30 days deleted by postgres",
        "LOG cleanup_old_webhook_events: 1 webhook events older than 90 days deleted by postgres",
    ]
