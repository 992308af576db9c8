"""From a refusal for want of approval to the change, on the command line, with two operators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from console.__main__ import run
from tests.db.areas.platform import Connection
from tests.postgres import as_role, as_url

Capture = pytest.CaptureFixture[str]
EXTEND = ("reservations", "extend", "ana", "--days", "3", "--reason", "ticket 4711")


@pytest.fixture
def owner(platform_database: str) -> Iterator[Connection]:
    """One overdue reservation, and a rule that every change of users needs a second operator."""
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute(
            "insert into users (id, email, username, status, reservation_expires_at)"
            " values ('usr_ana', 'ana@example.com', 'ana', 'PENDING', '2031-03-01')"
        )
        connection.execute("update nightdesk.permission set approval_from_rows = 1")
        yield connection


@pytest.fixture
def asker(platform_database: str, owner: Connection) -> tuple[str, str]:
    return "--url", as_url(as_role(platform_database, "support"))


@pytest.fixture
def second(platform_database: str, owner: Connection) -> Iterator[tuple[str, str]]:
    name = f"second_{uuid4().hex[:12]}"
    role = sql.Identifier(name)
    owner.execute(sql.SQL("create role {} login in role nightdesk_support").format(role))
    yield "--url", as_url(make_conninfo(platform_database, user=name))
    owner.execute(sql.SQL("drop role {}").format(role))


def operations(connection: Connection) -> int:
    record = connection.execute("select count(*) from nightdesk.operation").fetchone()
    assert record is not None
    return int(record[0])


def printed(capture: Capture) -> Any:
    return json.loads(capture.readouterr().out)


def test_a_refused_change_is_asked_for_looked_at_approved_and_made(
    asker: tuple[str, str], second: tuple[str, str], owner: Connection, capsys: Capture
) -> None:
    assert run((*EXTEND, *asker)) == 3
    assert "--request-approval" in capsys.readouterr().err
    assert run((*EXTEND, "--request-approval", "--json", *asker)) == 3
    asked = printed(capsys)
    assert operations(owner) == 0

    assert run(("approvals", "list", *second)) == 0
    assert asked["id"] in capsys.readouterr().out
    assert run(("approvals", "show", asked["id"], *second)) == 0
    shown = capsys.readouterr().out
    for word in (
        "ticket 4711",
        "reservation.extend",
        "2031-03-01 00:00:00",
        "2031-03-04 00:00:00",
        asked["hash"],
    ):
        assert word in shown
    decision = ("approvals", "approve", asked["id"], "--reason", "looked")
    assert run((*decision, "--expect", asked["hash"], *asker)) == 3
    assert run((*decision, "--expect", "0" * 64, *second)) == 1
    assert run((*decision, *second)) == 2
    assert run((*decision, "--expect", asked["hash"], *second)) == 0
    capsys.readouterr()

    assert run((*EXTEND, "--json", *asker)) == 0
    receipt = printed(capsys)
    assert (receipt["hash"], receipt["changed"]) == (asked["hash"], 1)
    assert run(("approvals", "show", asked["id"], "--json", *second)) == 0
    assert printed(capsys)["approval"]["used_by"] == receipt["operation_id"]
    assert run(("approvals", "list", "--json", *asker)) == 0
    assert printed(capsys) == []


def test_a_rejected_change_stays_undone(
    asker: tuple[str, str], second: tuple[str, str], owner: Connection, capsys: Capture
) -> None:
    assert run((*EXTEND, "--request-approval", "--json", *asker)) == 3
    asked = printed(capsys)["id"]
    assert run(("approvals", "reject", asked, "--reason", "why three days?", *second)) == 0
    assert "Rejected" in capsys.readouterr().out
    assert run((*EXTEND, *asker)) == 3
    assert run(("approvals", "approve", str(uuid4()), "--expect", "0", "--reason", "r", *second)) == 1
    assert operations(owner) == 0


def test_commands_of_one_operator_are_one_chain_whose_heads_are_printed_and_compared(
    asker: tuple[str, str], owner: Connection, capsys: Capture, tmp_path: Any
) -> None:
    owner.execute("update nightdesk.permission set approval_from_rows = null")
    sessions = set()
    for _ in range(2):
        assert run((*EXTEND, "--json", *asker)) == 0
        sessions.add(printed(capsys)["console_session"])
    assert len(sessions) == 1
    assert run(("audit", "heads", "--json", *asker)) == 0
    kept = tmp_path / "heads.json"
    kept.write_text(capsys.readouterr().out)
    assert run(("audit", "verify", "--heads", str(kept), *asker)) == 0
    kept.write_text(kept.read_text().replace('"chain_seq": 2', '"chain_seq": 3'))
    assert run(("audit", "verify", "--heads", str(kept), *asker)) == 1
    assert "is not the one kept" in capsys.readouterr().out
    kept.write_text("nonsense")
    assert run(("audit", "verify", "--heads", str(kept), *asker)) == 2
    assert run(("audit", "drop-month", "2020-01", *asker)) == 3
