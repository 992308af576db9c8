from __future__ import annotations

from collections.abc import Callable

import psycopg

from db.capabilities import read_capabilities
from db.overview import Finding, Urgency, read_overview

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
