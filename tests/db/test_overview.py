from __future__ import annotations

from collections.abc import Callable

import psycopg

from db.capabilities import read_capabilities
from db.overview import Finding, Urgency, read_overview
from tests.db.round_trips import round_trips

AsRole = Callable[[str, str], str]


def _findings(conninfo: str) -> tuple[Finding, ...]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("set search_path = public")
        return read_overview(connection, read_capabilities(connection)).rows


def _execute(conninfo: str, statement: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statement)


def _add_user(conninfo: str, name: str, expires: str) -> None:
    _execute(
        conninfo,
        "insert into users (id, email, username, status, reservation_expires_at, created_at, updated_at)"
        f" values ('{name}', '{name}@x.org', '{name}', 'PENDING', {expires}, now(), now())",
    )


def test_an_empty_platform_needs_nobody(platform_database: str) -> None:
    findings = _findings(platform_database)
    assert {finding.urgency for finding in findings} == {Urgency.FINE}
    assert all(finding.count is not None and finding.count.value == 0 for finding in findings)


def test_what_was_asked_is_counted_and_comes_harm_first(platform_database: str, as_role: AsRole) -> None:
    _add_user(platform_database, "late", "now() at time zone 'utc' - interval '1 day'")
    _add_user(platform_database, "endless", "null")
    found = {
        finding.filter: finding
        for finding in _findings(as_role(platform_database, "support"))
        if finding.filter
    }
    assert str(found["state:overdue"].count) == "1"
    assert found["state:overdue"].urgency is Urgency.LOOK
    assert str(found["state:no-expiry"].count) == "1"
    assert found["state:no-expiry"].urgency is Urgency.ACT
    order = [finding.urgency for finding in _findings(platform_database)]
    assert order == sorted(order, key=list(Urgency).index)


def test_a_missing_table_is_said_once_and_counted_nowhere(platform_database: str) -> None:
    _execute(platform_database, "drop table stripe_webhook_events cascade")
    webhooks = [finding for finding in _findings(platform_database) if finding.area == "webhooks"]
    assert len(webhooks) == 1
    assert webhooks[0].urgency is Urgency.BLIND
    assert webhooks[0].count is None
    assert "0005 is pending" in webhooks[0].sentence


def test_rows_behind_row_security_are_not_called_none(platform_database: str, as_role: AsRole) -> None:
    _execute(platform_database, "alter table clients enable row level security")
    with psycopg.connect(platform_database, autocommit=True) as connection:
        policies = connection.execute(
            "select quote_ident(policyname) from pg_policies where tablename = 'clients'"
        ).fetchall()
        for (policy,) in policies:
            connection.execute(f"drop policy {policy} on clients")
    clients = [f for f in _findings(as_role(platform_database, "support")) if f.area == "clients"]
    assert [finding.sentence for finding in clients] == ["rows may be hidden by row security"]
    assert clients[0].count is None
    assert clients[0].urgency is Urgency.BLIND


def test_a_pending_migration_wants_a_look(platform_database: str) -> None:
    _execute(platform_database, "update alembic_version set version_num = '0009'")
    (migrations,) = [finding for finding in _findings(platform_database) if finding.area == "migrations"]
    assert migrations.urgency is Urgency.LOOK
    assert str(migrations.count) == "1"


def _add_pending_users(conninfo: str, count: int) -> None:
    """Pending users that nobody paid for, more than one window holds."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "insert into users (id, email, username, status, reservation_expires_at, created_at, updated_at)"
            " select 'u' || i, i || '@x.org', 'u' || i, 'PENDING', timestamp '2031-01-01' + i * interval '1 minute',"
            " now(), now() from generate_series(1, %s) as i",
            (count,),
        )


def _paid(conninfo: str) -> Finding:
    (finding,) = [each for each in _findings(conninfo) if "paid and are still pending" in each.what]
    return finding


def test_none_in_a_full_window_is_not_known_and_no_alarm(platform_database: str) -> None:
    _add_pending_users(platform_database, 20_500)
    paid = _paid(platform_database)
    assert paid.urgency is Urgency.BLIND
    assert paid.count is None
    assert paid.sentence == "none among the first 20,000"


def test_one_in_a_full_window_is_an_alarm(platform_database: str) -> None:
    _add_pending_users(platform_database, 20_500)
    _execute(
        platform_database,
        "insert into subscriptions (user_id, status, plan_id, stripe_customer_id, stripe_subscription_id)"
        " select 'u7', 'active', id, 'cus_7', 'sub_7' from subscription_plans limit 1",
    )
    paid = _paid(platform_database)
    assert paid.urgency is Urgency.ACT
    assert str(paid.count) == "1+ in the first 20,000 rows"


def test_everything_is_counted_in_one_round_trip(platform_database: str) -> None:
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute("set search_path = public")
        caps = read_capabilities(connection)
        with round_trips(connection) as sent:
            read_overview(connection, caps)
    # The counts are one; where the migrations stand are four: schema and version table may be missing or closed.
    assert sent.count == 5
