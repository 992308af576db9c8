from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from tests.db.jobs.conftest import Connection, Jobs, wait_until_blocked


def test_the_runbooks_statement_creates_a_pending_job(jobs: Jobs) -> None:
    job = jobs.value("select create_job(auth.uid(), 'sync_youtube', '{}'::jsonb)")
    assert jobs.status(job) == "pending"
    assert jobs.column(job, "user_id") is None


@pytest.mark.parametrize(
    ("user", "stored"),
    [
        ("'usr_1'", "usr_1"),
        ("'usr_1'::text", "usr_1"),
        ("'6F1C2E4A-0000-4000-8000-000000000001'::uuid", "6f1c2e4a-0000-4000-8000-000000000001"),
        ("null", None),
        ("null::uuid", None),
        ("null::text", None),
    ],
)
def test_a_user_is_a_uuid_a_text_or_nobody(jobs: Jobs, user: str, stored: str | None) -> None:
    job = jobs.value(f"select create_job({user}, 'sync_youtube', '{{}}'::jsonb)")
    assert jobs.column(job, "user_id") == stored


def test_a_job_has_the_defaults_of_the_runbook(jobs: Jobs) -> None:
    job = jobs.create()
    row = jobs.session.execute(
        "select payload, priority, progress, attempts, max_attempts, scheduled_for <= clock_timestamp()"
        " from job_queue where id = %s",
        (job,),
    ).fetchone()
    assert row == ({}, 5, 0, 0, 3, True)


def test_the_same_key_gives_the_same_job(jobs: Jobs) -> None:
    first = jobs.create(user="ana", idempotency_key="k1")
    assert jobs.create(user="ana", idempotency_key="k1") == first
    assert jobs.value("select count(*) from job_queue") == 1


def test_a_key_belongs_to_its_user(jobs: Jobs) -> None:
    created = {jobs.create(user=user, idempotency_key="k1") for user in ("ana", "ben", None)}
    assert len(created) == 3
    assert jobs.create(idempotency_key="k1") in created


def test_a_key_of_another_job_is_refused(jobs: Jobs) -> None:
    jobs.create(idempotency_key="k1")
    with pytest.raises(psycopg.errors.UniqueViolation, match="another type or payload"):
        jobs.create("sync_tiktok", idempotency_key="k1")
    with pytest.raises(psycopg.errors.UniqueViolation, match="another type or payload"):
        jobs.create(payload='{"channel": 1}', idempotency_key="k1")


def test_two_sessions_racing_with_one_key_get_one_job(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    winner, loser = Jobs(connect(autocommit=False)), Jobs(connect())
    with ThreadPoolExecutor(1) as pool:
        first = winner.create(idempotency_key="k1")
        second = pool.submit(loser.create, idempotency_key="k1")
        wait_until_blocked(jobs.session, loser.session)
        winner.session.commit()
        assert second.result() == first
    assert jobs.value("select count(*) from job_queue") == 1


def test_a_loser_creates_the_job_when_the_winner_rolls_back(
    jobs: Jobs, connect: Callable[..., Connection]
) -> None:
    winner, loser = Jobs(connect(autocommit=False)), Jobs(connect())
    with ThreadPoolExecutor(1) as pool:
        first = winner.create(idempotency_key="k1")
        second = pool.submit(loser.create, idempotency_key="k1")
        wait_until_blocked(jobs.session, loser.session)
        winner.session.rollback()
        assert second.result() != first
    assert jobs.value("select count(*) from job_queue") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        "'', 'sync_youtube'",
        "'ana', ''",
        "'ana', repeat('x', 101)",
        "'ana', 'x', p_priority => 10",
        "'ana', 'x', p_priority => -1",
        "'ana', 'x', p_max_attempts => 0",
        "'ana', 'x', p_idempotency_key => ''",
        "'ana', 'x', p_cache_key => ''",
    ],
)
def test_senseless_jobs_are_refused(jobs: Jobs, arguments: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        jobs.value(f"select create_job({arguments})")


def test_a_fresh_cached_result_spares_the_work(jobs: Jobs) -> None:
    job, token = jobs.running(user="ana", cache_key="channel-1")
    jobs.value("select complete_jobs(array[%s], array[%s::bigint], array['{}'::jsonb], 60)", job, token)
    assert jobs.create(user="ana", cache_key="channel-1") == job
    assert jobs.create(user="ben", cache_key="channel-1") != job
    assert jobs.create("sync_tiktok", user="ana", cache_key="channel-1") != job
    jobs.session.execute("update job_queue set cache_expires_at = clock_timestamp() where id = %s", (job,))
    assert jobs.create(user="ana", cache_key="channel-1") != job


def test_a_random_uuid_user_needs_no_row_of_users(jobs: Jobs) -> None:
    user = uuid4()
    job = jobs.value("select create_job(%s::uuid, 'sync_youtube')", user)
    assert jobs.column(job, "user_id") == str(user)
