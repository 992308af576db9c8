from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.db.jobs.conftest import Connection, Jobs, wait_until_blocked

EVENT: dict[str, Any] = {
    "id": "evt_1",
    "type": "invoice.payment_succeeded",
    "api_version": "2026-10-28.endive",
    "livemode": True,
    "created": 1_767_225_600,
    "data": {"object": {"object": "invoice", "id": "in_1", "customer": "cus_1"}},
}


def _record(jobs: Jobs, event: dict[str, Any] | None = None) -> tuple[Any, ...]:
    payload = json.dumps(EVENT if event is None else event)
    row = jobs.session.execute("select * from record_webhook_event(%s)", (payload,)).fetchone()
    assert row is not None
    return row


def _claim(jobs: Jobs, event: str | None = None, limit: int = 10) -> list[tuple[str, int]]:
    rows = jobs.session.execute(
        "select stripe_event_id, lease_token from claim_webhook_events('w', %s, 60, %s)", (limit, event)
    )
    return [(row[0], row[1]) for row in rows]


def _make_due(jobs: Jobs) -> None:
    jobs.session.execute(
        "update stripe_webhook_events set next_attempt_at = clock_timestamp() where next_attempt_at is not null"
    )


def _expire_leases(jobs: Jobs) -> None:
    jobs.session.execute(
        "update stripe_webhook_events set lease_expires_at = clock_timestamp() - interval '1 s'"
        " where status = 'processing'"
    )


def test_an_event_is_recorded_once(jobs: Jobs) -> None:
    first = _record(jobs)
    assert first[1:] == (True, "received")
    changed = {**EVENT, "api_version": "2024-06-20"}
    assert _record(jobs, changed) == (first[0], False, "received")
    assert jobs.value("select count(*) from stripe_webhook_events") == 1
    assert jobs.value("select payload from stripe_webhook_events") == EVENT


def test_two_deliveries_at_once_are_one_event(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    winner, loser = Jobs(connect(autocommit=False)), Jobs(connect())
    with ThreadPoolExecutor(1) as pool:
        first = _record(winner)
        second = pool.submit(_record, loser)
        wait_until_blocked(jobs.session, loser.session)
        winner.session.commit()
        assert second.result() == (first[0], False, "received")
    assert jobs.value("select count(*) from stripe_webhook_events") == 1


def test_the_envelope_is_read(jobs: Jobs) -> None:
    _record(jobs)
    row = jobs.session.execute(
        "select event_type, api_version, livemode, stripe_created_at = '2026-01-01 00:00:00Z', stripe_customer_id,"
        " stripe_subscription_id from stripe_webhook_events"
    ).fetchone()
    assert row == ("invoice.payment_succeeded", "2026-10-28.endive", True, True, "cus_1", None)


@pytest.mark.parametrize(
    ("shape", "customer", "subscription"),
    [
        ({"object": "invoice", "customer": "cus_1", "subscription": "sub_1"}, "cus_1", "sub_1"),
        (
            {
                "object": "invoice",
                "customer": "cus_1",
                "parent": {"subscription_details": {"subscription": "sub_1"}},
            },
            "cus_1",
            "sub_1",
        ),
        (
            {
                "object": "invoice",
                "customer": {"id": "cus_1", "object": "customer"},
                "parent": {"subscription_details": {"subscription": {"id": "sub_1"}}},
            },
            "cus_1",
            "sub_1",
        ),
        (
            {"object": "invoice", "customer": "cus_1", "parent": None, "subscription": "sub_1"},
            "cus_1",
            "sub_1",
        ),
        (
            {
                "object": "invoice",
                "parent": {"subscription_details": {"subscription": None}},
                "subscription": "sub_1",
            },
            None,
            "sub_1",
        ),
        ({"object": "subscription", "id": "sub_1", "customer": {"id": "cus_1"}}, "cus_1", "sub_1"),
        (
            {"object": "checkout.session", "customer": "cus_1", "subscription": {"id": "sub_1"}},
            "cus_1",
            "sub_1",
        ),
        ({"object": "customer", "id": "cus_1"}, "cus_1", None),
        ({"object": "checkout.session", "customer": None, "subscription": None}, None, None),
        ({}, None, None),
        (None, None, None),
    ],
)
def test_links_are_read_in_every_shape(
    jobs: Jobs, shape: object, customer: str | None, subscription: str | None
) -> None:
    _record(jobs, {"id": "evt_1", "type": "x", "data": {"object": shape}})
    row = jobs.session.execute(
        "select stripe_customer_id, stripe_subscription_id from stripe_webhook_events"
    ).fetchone()
    assert row == (customer, subscription)


@pytest.mark.parametrize("created", ["yesterday", None, -1, 1e30, True])
def test_an_odd_envelope_still_gets_a_row(jobs: Jobs, created: object) -> None:
    _record(jobs, {"id": "evt_1", "type": "x", "created": created, "livemode": "yes", "data": []})
    row = jobs.session.execute("select livemode, stripe_created_at from stripe_webhook_events").fetchone()
    assert row == (None, None)


@pytest.mark.parametrize("event", [{}, {"id": "evt_1"}, {"type": "x"}, {"id": "", "type": "x"}, [], "text"])
def test_what_is_no_event_is_refused(jobs: Jobs, event: Any) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        _record(jobs, event)


def test_an_event_is_processed_once(jobs: Jobs) -> None:
    _record(jobs)
    [(event, token)] = _claim(jobs)
    assert _claim(jobs) == []
    assert jobs.value("select status from stripe_webhook_events") == "processing"
    assert jobs.value("select finish_webhook_event(%s, %s, true)", event, token) == "processed"
    assert jobs.value("select processed_at is not null from stripe_webhook_events")
    assert _claim(jobs) == []
    assert _record(jobs)[1:] == (False, "processed")


def test_one_event_is_claimed_by_its_id(jobs: Jobs) -> None:
    for number in range(3):
        _record(jobs, {**EVENT, "id": f"evt_{number}"})
    assert _claim(jobs, "evt_1") == [("evt_1", 1)]
    assert _claim(jobs, "evt_1") == []
    assert _claim(jobs, "evt_9") == []


def test_two_claimers_never_get_the_same_event(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    for number in range(4):
        _record(jobs, {**EVENT, "id": f"evt_{number}"})
    holder = Jobs(connect(autocommit=False))
    held = _claim(holder, limit=2)
    jobs.session.execute("set lock_timeout = '1s'")
    rest = _claim(jobs)
    assert {event for event, _ in held} | {event for event, _ in rest} == {f"evt_{n}" for n in range(4)}
    assert len(held) == len(rest) == 2


def test_a_failed_event_is_retried_three_times_later_and_later(jobs: Jobs) -> None:
    _record(jobs)
    delays = []
    for retries in range(4):
        [(event, token)] = _claim(jobs)
        assert jobs.value("select retry_count from stripe_webhook_events") == retries
        before = jobs.value("select clock_timestamp()")
        assert jobs.value("select finish_webhook_event(%s, %s, false, 'boom')", event, token) == "failed"
        due = jobs.value("select next_attempt_at from stripe_webhook_events")
        delays.append(None if due is None else (due - before).total_seconds())
        assert _claim(jobs) == []
        _make_due(jobs)
    assert _claim(jobs) == []
    assert delays[3] is None
    for delay, expected in zip(delays[:3], (60, 300, 1500), strict=True):
        assert delay is not None
        assert expected <= delay < expected * 1.1 + 1
    assert jobs.value("select error_message from stripe_webhook_events") == "boom"


def test_an_event_that_another_writer_gave_up_is_not_retried(jobs: Jobs) -> None:
    insert = (
        "insert into stripe_webhook_events (stripe_event_id, event_type, payload, status, retry_count)"
        " values (%s, 'x', '{}', 'failed', %s)"
    )
    jobs.session.execute(insert, ("evt_given_up", 3))
    jobs.session.execute(insert, ("evt_retried", 2))
    assert _claim(jobs, "evt_given_up") == []
    assert _claim(jobs) == [("evt_retried", 1)]


def test_a_success_after_a_failure_clears_the_error(jobs: Jobs) -> None:
    _record(jobs)
    [(event, token)] = _claim(jobs)
    jobs.value("select finish_webhook_event(%s, %s, false, 'boom')", event, token)
    _make_due(jobs)
    [(event, token)] = _claim(jobs)
    jobs.value("select finish_webhook_event(%s, %s, true)", event, token)
    row = jobs.session.execute(
        "select status, error_message, retry_count from stripe_webhook_events"
    ).fetchone()
    assert row == ("processed", None, 1)


def test_a_zombie_is_refused_once_its_event_was_taken_over(jobs: Jobs) -> None:
    _record(jobs)
    [(event, zombie)] = _claim(jobs)
    _expire_leases(jobs)
    [(event, token)] = _claim(jobs)
    finish = "select finish_webhook_event(%s, %s, true)"
    for stale in (zombie, token + 1, 0):
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            jobs.value(finish, event, stale)
    assert jobs.value(finish, event, token) == "processed"
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        jobs.value(finish, event, token)


def test_a_lost_lease_is_no_retry_but_the_fifth_ends_the_event(jobs: Jobs) -> None:
    _record(jobs)
    for _ in range(5):
        assert len(_claim(jobs)) == 1
        _expire_leases(jobs)
    assert _claim(jobs) == []
    row = jobs.session.execute(
        "select status, retry_count, lease_losses, next_attempt_at, error_message from stripe_webhook_events"
    ).fetchone()
    assert row == ("failed", 0, 5, None, "lease lost by w")


def test_an_outcome_must_be_said(jobs: Jobs) -> None:
    _record(jobs)
    [(event, token)] = _claim(jobs)
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        jobs.value("select finish_webhook_event(%s, %s, null)", event, token)


@pytest.mark.parametrize("arguments", ["''", "null", "'w', 0", "'w', 1001", "'w', 1, 0", "'w', 1, 3601"])
def test_senseless_claims_are_refused(jobs: Jobs, arguments: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        jobs.session.execute(f"select * from claim_webhook_events({arguments})")


def test_claiming_reads_the_index_of_due_events(jobs: Jobs, connect: Callable[..., Connection]) -> None:
    jobs.session.execute(
        "insert into stripe_webhook_events (stripe_event_id, event_type, payload, status, processed_at, next_attempt_at)"
        " select 'evt_' || i, 'x', '{}', case when i % 50 = 0 then 'received' else 'processed' end, now(),"
        " case when i % 50 = 0 then now() end from generate_series(1, 20000) i"
    )
    jobs.session.execute("analyze stripe_webhook_events")
    session = connect(autocommit=False)
    session.execute("select * from claim_webhook_events('w', 10)")
    scans = "select pg_stat_get_xact_numscans(%s::regclass)"
    assert session.execute(scans, ("idx_stripe_webhook_events_due",)).fetchone() == (1,)
    assert session.execute(scans, ("stripe_webhook_events",)).fetchone() == (0,)
