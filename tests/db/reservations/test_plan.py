"""Extending moves the expiry by exactly what was asked, or says why not (decision of the runbook's owners)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from db.capabilities import read_capabilities
from db.changes import apply, diff, undo_plan
from db.errors import NightdeskError, NotFound, PermissionDenied, Refused, RowsMoved, UsageError
from db.page import fetch_page, parse_terms
from db.reservations import reservations
from db.reservations.detail import find_reservation, look_up
from db.reservations.plan import plan_extend
from tests.db.areas.platform import Connection, connected

AsRole = Callable[[str, str], str]
EXPIRY = datetime(2031, 3, 29, 23, 30, 0, 123456)


def fill(connection: Connection) -> None:
    for name, status, expires in (
        ("ana", "PENDING", EXPIRY),
        ("late", "PENDING", datetime(2020, 1, 1)),
        ("endless", "PENDING", None),
        ("active", "ACTIVE", EXPIRY),
        ("expired", "EXPIRED", EXPIRY),
    ):
        connection.execute(
            "insert into users (id, email, username, status, reservation_expires_at) values (%s, %s, %s, %s, %s)",
            (f"usr_{name}", f"{name}@example.com", name, status, expires),
        )


def expiry(connection: Connection, name: str = "ana") -> datetime | None:
    record = connection.execute(
        "select reservation_expires_at from users where username = %s", (name,)
    ).fetchone()
    assert record is not None
    stored: datetime | None = record[0]
    return stored


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_days_are_added_to_the_expiry_that_stands(platform_database: str, as_role: AsRole, zone: str) -> None:
    with connected(platform_database) as (owner, _):
        fill(owner)
        with connected(as_role(platform_database, "support")) as (support, _):
            support.execute("select set_config('TimeZone', %s, false)", (zone,))
            for reference in ("ana", "usr_ana", "ana@example.com"):
                before = expiry(owner)
                assert before is not None
                plan = plan_extend(support, reference, days=3)
                assert plan.rows == 1
                receipt = apply(support, plan, operation_id=uuid4(), reason="customer asked")
                assert receipt.changed == 1
                # Exactly 72 hours, also over the night on which clocks change in Berlin.
                assert expiry(owner) == before + timedelta(days=3)


@pytest.mark.parametrize("analysed", [True, False])
def test_a_user_is_found_in_another_case_where_only_one_is_meant(
    platform_database: str, as_role: AsRole, analysed: bool
) -> None:
    with connected(platform_database) as (owner, _):
        fill(owner)
        owner.execute("update users set username = 'ANA' where id = 'usr_late'")
        if analysed:
            owner.execute("analyze users")
    with connected(as_role(platform_database, "support")) as (support, caps):
        for reference in ("Ana@Example.com", "ENDLESS"):
            assert look_up(support, caps, reference, ("u.id",))[0] in ("usr_ana", "usr_endless")
        assert look_up(support, caps, "ana", ("u.id",)) == ("usr_ana",)
        assert look_up(support, caps, "ANA", ("u.id",)) == ("usr_late",)
        if analysed:
            with pytest.raises(Refused, match="more than one user: usr_ana, usr_late"):
                look_up(support, caps, "Ana", ("u.id",))
        tried = "in either case" if analysed else "as written and in lower case"
        with pytest.raises(
            NotFound, match=f"No user 'Ana Silva' here, looked for by id or username or email, {tried}"
        ):
            look_up(support, caps, "Ana Silva", ("u.id",))


def test_who_may_not_read_addresses_is_not_told_that_nobody_has_one(
    platform_database: str, as_role: AsRole
) -> None:
    with connected(platform_database) as (owner, _):
        fill(owner)
    with connected(as_role(platform_database, "viewer")) as (viewer, caps):
        with pytest.raises(PermissionDenied, match=r"test_viewer may not read users\.email"):
            look_up(viewer, caps, "ana@example.com", ("u.id",))
        with pytest.raises(NotFound, match="by id or username,"):
            look_up(viewer, caps, "nobody", ("u.id",))


def test_a_user_of_a_database_with_other_key_types_is_found(empty_database: str) -> None:
    key = "0b0c1c9e-6a0e-4c58-9d3a-0d8c43a6e2b1"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("create type \"UserStatus\" as enum ('PENDING', 'ACTIVE', 'EXPIRED')")
        connection.execute(
            "create table users (id uuid primary key, username varchar(40), email text,"
            ' status "UserStatus" not null, reservation_expires_at timestamp)'
        )
        connection.execute("insert into users values (%s, 'ana', 'a@b.c', 'PENDING', null)", (key,))
        caps = read_capabilities(connection)
        for reference in (key, "ana", "Ana", "a@b.c"):
            assert find_reservation(connection, caps, reference).id == key
        with pytest.raises(NotFound):
            find_reservation(connection, caps, "nobody")
        connection.execute(
            "insert into users select gen_random_uuid(), 'user_' || i, null, 'PENDING', now() from generate_series(1, 4) i"
        )
        every = {row.id for row in fetch_page(connection, reservations(caps)).rows}
        assert len(every) == 5
        page, walked = fetch_page(connection, reservations(caps), limit=1), set[str]()
        while page.after is not None:
            walked |= {row.id for row in page.rows}
            page = fetch_page(connection, reservations(caps), limit=1, after=page.after)
        assert walked | {row.id for row in page.rows} == every
        where = parse_terms(f"id:{key[:8]}")
        assert [row.id for row in fetch_page(connection, reservations(caps), where=where).rows] == [key]


def test_the_plan_is_the_same_a_minute_later_and_names_one_column(platform_database: str) -> None:
    with connected(platform_database) as (connection, _):
        fill(connection)
        plan = plan_extend(connection, "ana", days=7)
        assert plan.hash == plan_extend(connection, "usr_ana", days=7).hash
        (line,) = diff(plan)
        assert (line.table, line.key, line.column) == ("users", "usr_ana", "reservation_expires_at")
        assert (line.before, line.after) == ("2031-03-29 23:30:00.123456", "2031-04-05 23:30:00.123456")
        assert plan.warnings == ()


def test_until_names_the_time_in_utc(platform_database: str) -> None:
    target = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    with connected(platform_database) as (connection, _):
        fill(connection)
        apply(connection, plan_extend(connection, "endless", until=target), operation_id=uuid4(), reason="r")
        assert expiry(connection, "endless") == target.replace(tzinfo=None)
        shorter = plan_extend(connection, "ana", until=target)
        assert "shortens" in shorter.warnings[0]


def test_an_overdue_one_warns_and_names_the_result(platform_database: str) -> None:
    with connected(platform_database) as (connection, _):
        fill(connection)
        warnings = plan_extend(connection, "late", days=2).warnings
        assert "overdue since 2020-01-01 00:00:00Z; the result is 2020-01-03 00:00:00Z" in warnings[0]
        assert "still in the past" in warnings[1]


@pytest.mark.parametrize(
    ("user", "days", "until", "kind", "sentence"),
    [
        ("endless", 3, None, Refused, "--until"),
        ("active", 3, None, Refused, "is ACTIVE"),
        ("expired", 3, None, Refused, "is EXPIRED"),
        ("nobody", 3, None, NotFound, "No user 'nobody'"),
        ("ana", 0, None, UsageError, "1 to 365"),
        ("ana", -3, None, UsageError, "1 to 365"),
        ("ana", 366, None, UsageError, "1 to 365"),
        ("ana", None, None, UsageError, "by how much"),
        ("ana", 3, datetime(2031, 1, 1), UsageError, "one of them"),
        ("ana", None, datetime(2020, 1, 1), UsageError, "already past"),
        ("ana", None, datetime(9999, 1, 1), UsageError, "365 days ahead"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    platform_database: str,
    user: str,
    days: int | None,
    until: datetime | None,
    kind: type[NightdeskError],
    sentence: str,
) -> None:
    with connected(platform_database) as (connection, _):
        fill(connection)
        with pytest.raises(kind, match=sentence):
            plan_extend(connection, user, days=days, until=until)


@pytest.mark.parametrize("statement", ["set status = 'ACTIVE'", "set reservation_expires_at = now()"])
def test_a_row_that_moved_since_the_preview_is_left_alone(platform_database: str, statement: str) -> None:
    with connected(platform_database) as (connection, _):
        fill(connection)
        plan = plan_extend(connection, "ana", days=3)
        connection.execute(f"update users {statement} where username = 'ana'")
        moved = expiry(connection)
        with pytest.raises(RowsMoved):
            apply(connection, plan, operation_id=uuid4(), reason="r")
        assert expiry(connection) == moved


def test_a_viewer_sees_the_plan_and_may_not_apply_it(platform_database: str, as_role: AsRole) -> None:
    with (
        connected(platform_database) as (owner, _),
        connected(as_role(platform_database, "viewer")) as (viewer, _),
    ):
        fill(owner)
        with pytest.raises(PermissionDenied, match=r"users\.email"):
            plan_extend(viewer, "ana@example.com", days=3)
        plan = plan_extend(viewer, "ana", days=3)
        with pytest.raises(PermissionDenied):
            apply(viewer, plan, operation_id=uuid4(), reason="r")
        assert expiry(owner) == EXPIRY


def test_undo_puts_the_expiry_back(platform_database: str, as_role: AsRole) -> None:
    with (
        connected(platform_database) as (owner, _),
        connected(as_role(platform_database, "support")) as (conn, _),
    ):
        fill(owner)
        receipt = apply(conn, plan_extend(conn, "ana", days=3), operation_id=uuid4(), reason="r")
        apply(conn, undo_plan(conn, receipt.code), operation_id=uuid4(), reason="mistake")
        assert expiry(owner) == EXPIRY


def test_an_expiry_beyond_the_calendar_needs_a_named_time(platform_database: str) -> None:
    target = datetime.now(UTC) + timedelta(days=10)
    with connected(platform_database) as (connection, _):
        fill(connection)
        for stored in ("infinity", "29999-01-01"):
            connection.execute(
                "update users set reservation_expires_at = %s::timestamp where username = 'ana'", (stored,)
            )
            with pytest.raises(Refused, match="beyond any calendar"):
                plan_extend(connection, "ana", days=3)
            apply(connection, plan_extend(connection, "ana", until=target), operation_id=uuid4(), reason="r")
            assert expiry(connection) == target.replace(tzinfo=None)


def test_without_our_schema_the_plan_says_how_to_install_it(platform_database: str) -> None:
    with psycopg.connect(platform_database, autocommit=True) as connection:
        fill(connection)
        connection.execute("drop schema nightdesk cascade")
        with pytest.raises(Refused, match="nightdesk install"):
            plan_extend(connection, "ana", days=3)
