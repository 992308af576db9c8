"""What stands out about a reservation is decided by the server's clock, in UTC, whatever the session's zone."""

from __future__ import annotations

import psycopg
import pytest

from db.errors import NotFound, Refused
from db.page import Term, fetch_page
from db.reservations import ReservationState, reservations
from db.reservations.detail import find_reservation
from tests.db.areas.platform import Connection, connected

S = ReservationState
# id, expiry, created, day 2 sent, paid → what stands out, the reminder due
CASES = {
    "held": ("+6 days", "-1 day", False, False, (), None),
    "due": ("+23 hours", "-1 day", False, False, (S.DUE,), None),
    "just_held": ("+25 hours", "-1 day", False, False, (), None),
    "overdue": ("-1 hour", "-8 days", False, False, (S.OVERDUE,), None),
    "endless": (None, "-1 day", False, False, (S.NO_EXPIRY,), None),
    "paid_late": ("-1 hour", "-8 days", False, True, (S.PAID, S.OVERDUE), None),
    "paid": ("+6 days", "-1 day", False, True, (S.PAID,), None),
    "day_two": ("+4 days", "-49 hours", False, False, (S.REMINDER_DUE,), "day 2"),
    "reminded": ("+4 days", "-49 hours", True, False, (), None),
    "day_five": ("+2 days", "-121 hours", True, False, (S.REMINDER_DUE,), "day 5"),
    "both_due": ("+2 days", "-121 hours", False, False, (S.REMINDER_DUE,), "day 5"),
    "near_midnight": ("+30 minutes", "-1 day", False, False, (S.DUE,), None),
}


def fill(connection: Connection) -> None:
    for name, (expires, created, reminded, paid, _, _) in CASES.items():
        connection.execute(
            "insert into users (id, email, username, status, reservation_expires_at, created_at, updated_at,"
            " day2_reminder_sent_at) values (%(id)s, %(id)s || '@example.com', %(id)s, 'PENDING',"
            " now() at time zone 'utc' + %(expires)s::interval, now() at time zone 'utc' + %(created)s::interval,"
            " now() at time zone 'utc', case when %(reminded)s then now() at time zone 'utc' end)",
            {"id": name, "expires": expires, "created": created, "reminded": reminded},
        )
        connection.execute(
            "insert into subscriptions (user_id, plan_id, status, stripe_subscription_id)"
            " select %s, id, 'active', %s from subscription_plans limit 1",
            (name, f"sub_{name}" if paid else None),
        )
    connection.execute(
        "insert into users (id, email, username, status, reservation_expires_at) values"
        " ('active', 'a@example.com', 'active', 'ACTIVE', now() - interval '1 day')"
    )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_every_state_by_the_servers_clock(platform_database: str, zone: str) -> None:
    with connected(platform_database) as (connection, caps):
        fill(connection)
        connection.execute("select set_config('TimeZone', %s, false)", (zone,))
        rows = {row.id: row for row in fetch_page(connection, reservations(caps)).rows}
        assert set(rows) == set(CASES)
        for name, (*_, states, reminder) in CASES.items():
            assert (rows[name].states, rows[name].reminder) == (states, reminder), name
            detail = find_reservation(connection, caps, name)
            assert (detail.states, detail.reminder, detail.expires_at) == (
                states,
                reminder,
                rows[name].expires_at,
            )


def test_each_state_can_be_asked_for(platform_database: str) -> None:
    with connected(platform_database) as (connection, caps):
        fill(connection)
        for state in ReservationState:
            expected = {name for name, case in CASES.items() if state in case[4]}
            for sort in ("expires", "-expires", "created"):
                where = (Term("state", state.replace(" ", "-")),)
                page = fetch_page(connection, reservations(caps), where=where, sort=sort)
                assert {row.id for row in page.rows} == expected, (state, sort)


def test_a_user_is_found_by_id_name_or_mail_and_never_guessed(platform_database: str) -> None:
    with connected(platform_database) as (connection, caps):
        fill(connection)
        connection.execute("update users set email = 'overdue' where id = 'held'")
        assert find_reservation(connection, caps, "due@example.com").id == "due"
        assert find_reservation(connection, caps, "active").states == ()
        with pytest.raises(Refused, match="more than one user: held, overdue"):
            find_reservation(connection, caps, "overdue")
        assert find_reservation(connection, caps, "due@EXAMPLE.com").id == "due"
        for nobody in ("DUD", "due%", "", "x\u0301"):
            with pytest.raises(NotFound, match="looked for by id or username or email"):
                find_reservation(connection, caps, nobody)


def test_who_may_not_see_payments_is_not_told_that_nobody_paid(platform_database: str) -> None:
    with connected(platform_database) as (connection, _):
        fill(connection)
        connection.execute("drop table subscriptions cascade")
    with connected(platform_database) as (connection, caps):
        page = fetch_page(connection, reservations(caps))
        assert "not in this database: subscriptions" in str(page.note)
        with pytest.raises(Exception, match="paid-but-pending is not known"):
            fetch_page(connection, reservations(caps), where=(Term("state", "paid-but-pending"),))


def test_stored_infinity_breaks_nothing(platform_database: str) -> None:
    with connected(platform_database) as (connection, caps):
        fill(connection)
        connection.execute("update users set reservation_expires_at = 'infinity' where id = 'held'")
        rows = fetch_page(connection, reservations(caps)).rows
        last = {row.id: row.expires_at for row in rows[-2:]}
        assert last.keys() == {"held", "endless"}
        assert last["held"] is not None
        assert last["held"].year == 9999


def test_a_lost_line_is_no_page(platform_database: str) -> None:
    with connected(platform_database) as (connection, caps):
        connection.close()
        with pytest.raises(psycopg.OperationalError):
            fetch_page(connection, reservations(caps))
