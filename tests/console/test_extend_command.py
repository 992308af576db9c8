"""`nightdesk reservations extend` from preview to receipt, and what it says when it may or can not."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from console.__main__ import run
from tests.console.processes import environment, nightdesk, started
from tests.db.areas.platform import Connection
from tests.db.waiting import until
from tests.postgres import as_role, as_url

Capture = pytest.CaptureFixture[str]
EXPIRY = datetime(2031, 3, 1, 12, 0)
OPERATION = "6f1d2c1e-58b4-4f0e-9a53-0d8f6b3f7a11"
EXTEND = ("reservations", "extend", "ana", "--days", "3")


@pytest.fixture
def owner(platform_database: str) -> Iterator[Connection]:
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute(
            "insert into users (id, email, username, status, reservation_expires_at)"
            " values ('usr_ana', 'ana@example.com', 'ana', 'PENDING', %s)",
            (EXPIRY,),
        )
        yield connection


def as_support(database: str) -> tuple[str, str]:
    return "--url", as_url(as_role(database, "support"))


def expiry(connection: Connection) -> datetime:
    record = connection.execute("select reservation_expires_at from users where id = 'usr_ana'").fetchone()
    assert record is not None
    stored: datetime = record[0]
    return stored


def operations(connection: Connection) -> int:
    record = connection.execute("select count(*) from nightdesk.operation").fetchone()
    assert record is not None
    return int(record[0])


def printed(capture: Capture) -> Any:
    return json.loads(capture.readouterr().out)


def test_a_dry_run_shows_and_changes_nothing(
    platform_database: str, owner: Connection, capsys: Capture
) -> None:
    assert run((*EXTEND, "--dry-run", *as_support(platform_database))) == 0
    out = capsys.readouterr().out
    for word in (
        "ana",
        "public.users",
        "usr_ana",
        "reservation_expires_at",
        "2031-03-01 12:00:00",
        "2031-03-04 12:00:00",
    ):
        assert word.removeprefix("public.") in out
    assert run((*EXTEND, "--dry-run", "--json", *as_support(platform_database))) == 0
    plan = printed(capsys)
    assert plan["hash"] in out
    assert plan["changes"][0]["column"] == "reservation_expires_at"
    assert expiry(owner) == EXPIRY
    assert operations(owner) == 0


def test_apply_what_was_shown_then_undo_is_possible(
    platform_database: str, owner: Connection, capsys: Capture
) -> None:
    where = as_support(platform_database)
    assert run((*EXTEND, "--dry-run", "--json", *where)) == 0
    seen = printed(capsys)["hash"]
    assert run((*EXTEND, "--reason", "ticket 4711", "--expect", seen, "--json", *where)) == 0
    receipt = printed(capsys)
    assert set(receipt) >= {"operation_id", "code", "hash", "changed", "skipped"}
    assert (receipt["hash"], receipt["changed"], receipt["skipped"]) == (seen, 1, [])
    assert receipt["reason"] == "ticket 4711"
    assert expiry(owner) == EXPIRY + timedelta(days=3)
    # The same request again is another plan: the expiry has moved.
    assert run((*EXTEND, "--reason", "again", "--expect", seen, *where)) == 1
    assert "not the expected one" in capsys.readouterr().err
    assert expiry(owner) == EXPIRY + timedelta(days=3)


def add_ben(connection: Connection) -> None:
    connection.execute(
        "insert into users (id, email, username, status, reservation_expires_at)"
        " values ('usr_ben', 'ben@example.com', 'ben', 'PENDING', %s)",
        (EXPIRY,),
    )


def test_the_same_change_under_the_same_id_is_answered_and_not_done_twice(
    platform_database: str, owner: Connection, capsys: Capture
) -> None:
    where = (*as_support(platform_database), "--operation", OPERATION, "--reason", "r")
    assert run((*EXTEND, *where)) == 0
    capsys.readouterr()
    assert run((*EXTEND, *where)) == 0
    assert "was done already" in capsys.readouterr().out
    assert (expiry(owner), operations(owner)) == (EXPIRY + timedelta(days=3), 1)


def test_another_change_under_the_same_id_is_refused_by_name(
    platform_database: str, owner: Connection, capsys: Capture
) -> None:
    add_ben(owner)
    where = (*as_support(platform_database), "--operation", OPERATION, "--reason", "r")
    assert run((*EXTEND, *where)) == 0
    code = capsys.readouterr().out.split("ND-")[1].split()[0]
    assert run(("reservations", "extend", "ben", "--days", "9", *where)) == 1
    captured = capsys.readouterr()
    assert f"ND-{code} (reservation.extend, 1 row)" in captured.err
    assert "another change" in captured.err
    assert "done already" not in captured.out
    assert operations(owner) == 1


def test_the_same_id_with_another_expected_hash_is_refused(
    platform_database: str, owner: Connection, capsys: Capture
) -> None:
    where = (*as_support(platform_database), "--operation", OPERATION, "--reason", "r")
    assert run((*EXTEND, "--json", *where)) == 0
    done = printed(capsys)
    assert run((*EXTEND, "--expect", "0" * 64, *where)) == 1
    assert done["hash"] in capsys.readouterr().err
    assert run((*EXTEND, "--expect", done["hash"].upper(), *where)) == 0
    assert "was done already" in capsys.readouterr().out


def test_what_cannot_be_planned_again_is_answered_only_by_its_hash(
    platform_database: str, owner: Connection, capsys: Capture
) -> None:
    where = (*as_support(platform_database), "--operation", OPERATION, "--reason", "r")
    assert run((*EXTEND, "--json", *where)) == 0
    done = printed(capsys)
    owner.execute("update users set status = 'ACTIVE' where id = 'usr_ana'")
    assert run((*EXTEND, *where)) == 1
    assert "cannot be planned again" in capsys.readouterr().err
    assert run((*EXTEND, "--expect", done["hash"], *where)) == 0


def test_an_undo_under_the_same_id_answers_for_that_undo_only(
    platform_database: str, owner: Connection, capsys: Capture
) -> None:
    where = (*as_support(platform_database), "--reason", "r")
    assert run((*EXTEND, "--json", *where)) == 0
    first = printed(capsys)["code"]
    assert run(("undo", first, "--operation", OPERATION, *where)) == 0
    capsys.readouterr()
    assert run(("undo", first, "--operation", OPERATION, *where)) == 0
    assert "was done already" in capsys.readouterr().out
    assert run((*EXTEND, "--json", *where)) == 0
    second = printed(capsys)["code"]
    assert run(("undo", second, "--operation", OPERATION, *where)) == 1
    assert run((*EXTEND, "--operation", OPERATION, *where)) == 1
    assert capsys.readouterr().err.count("another change") == 2
    assert expiry(owner) == EXPIRY + timedelta(days=3)


def test_people_get_diff_hash_and_receipt(platform_database: str, owner: Connection, capsys: Capture) -> None:
    assert run((*EXTEND, "--reason", "asked", *as_support(platform_database))) == 0
    captured = capsys.readouterr()
    assert "hash " in captured.out
    assert "is done: 1 row changed." in captured.out
    assert "nightdesk undo ND-" in captured.err
    assert expiry(owner) == EXPIRY + timedelta(days=3)


@pytest.mark.parametrize("reason", [(), ("--reason", ""), ("--reason", "  ")])
def test_no_reason_no_change(
    platform_database: str, owner: Connection, capsys: Capture, reason: tuple[str, ...]
) -> None:
    assert run((*EXTEND, *reason, *as_support(platform_database))) == 2
    assert "reason" in capsys.readouterr().err
    assert expiry(owner) == EXPIRY


def test_a_viewer_is_refused(platform_database: str, owner: Connection, capsys: Capture) -> None:
    url = as_url(as_role(platform_database, "viewer"))
    assert run((*EXTEND, "--reason", "r", "--url", url)) == 3
    assert capsys.readouterr().err
    assert (expiry(owner), operations(owner)) == (EXPIRY, 0)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("nobody", "--days", "3"), 1, "No user"),
        (("ana",), 2, "by how much"),
        (("ana", "--days", "three"), 2, "--days"),
        (("ana", "--until", "tomorrow"), 2, "not a time"),
        (("ana", "--until", "2020-01-01"), 2, "already past"),
    ],
)
def test_what_cannot_be_planned_has_a_sentence(
    platform_database: str,
    owner: Connection,
    capsys: Capture,
    arguments: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    line = ("reservations", "extend", *arguments, "--reason", "r", *as_support(platform_database))
    assert run(line) == code
    assert sentence in capsys.readouterr().err
    assert expiry(owner) == EXPIRY


@pytest.mark.parametrize(("answer", "code", "days"), [("y", 0, 3), ("n", 1, 0), ("", 1, 0)])
def test_a_person_at_a_terminal_is_asked(
    platform_database: str, owner: Connection, answer: str, code: int, days: int
) -> None:
    line = [*EXTEND, "--reason", "r", *as_support(platform_database)]
    leader, follower = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "console", *line],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=environment(None),
        )
        shown = b""
        while b"[y/N]" not in shown:
            shown += os.read(leader, 4096)
        assert b"hash " in shown
        os.write(leader, answer.encode() + b"\n")
        os.close(follower)
        assert process.wait(60) == code
    finally:
        os.close(leader)
    assert expiry(owner) == EXPIRY + timedelta(days=days)


def test_ctrl_c_while_the_change_runs_names_the_operation(platform_database: str, owner: Connection) -> None:
    with (
        held(platform_database) as release,
        started(
            (*EXTEND, "--reason", "r", "--operation", OPERATION, *as_support(platform_database))
        ) as process,
    ):
        until(lambda: waiting(owner))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        release()
    assert process.returncode == 5, err
    assert f"nightdesk resolve {OPERATION}" in err


def test_a_line_lost_before_the_change_is_not_done(platform_database: str, owner: Connection) -> None:
    with (
        held(platform_database) as release,
        started((*EXTEND, "--reason", "r", *as_support(platform_database))) as process,
    ):
        until(lambda: waiting(owner))
        terminate(owner)
        release()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "NOT DONE" in err
    assert (expiry(owner), operations(owner)) == (EXPIRY, 0)


def test_an_outcome_that_nobody_can_tell_names_the_operation(
    postgres_server: Any, platform_database: str, owner: Connection
) -> None:
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as outside:
        name = owner.info.dbname
        with (
            held(platform_database) as release,
            started((*EXTEND, "--reason", "r", *as_support(platform_database))) as process,
        ):
            until(lambda: waiting(owner))
            outside.execute(f'alter database "{name}" with allow_connections false')
            terminate(owner)
            release()
            _, err = process.communicate(timeout=60)
        outside.execute(f'alter database "{name}" with allow_connections true')
    assert process.returncode == 5, err
    assert "nightdesk resolve " in err
    operation = err.split("nightdesk resolve ")[1].split("`")[0]
    resolved = nightdesk("resolve", operation, "--json", *as_support(platform_database))
    assert "NOT" in resolved.out.upper()
    assert expiry(owner) == EXPIRY


class held:  # noqa: N801 - reads as a phrase
    """Locks the user's row in another session until released."""

    def __init__(self, conninfo: str) -> None:
        self._connection = psycopg.connect(conninfo)

    def __enter__(self) -> Any:
        self._connection.execute("select 1 from users where id = 'usr_ana' for update")
        return self._connection.rollback

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def waiting(connection: Connection) -> bool:
    record = connection.execute(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    ).fetchone()
    return record is not None and record[0] > 0


def terminate(connection: Connection) -> None:
    connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
