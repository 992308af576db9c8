"""Every list and show command: for people, for programs, page by page, as every role."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from console.__main__ import run
from db.visible import visible
from tests.db.areas.platform import filled
from tests.postgres import ROLES, as_role, as_url

Capture = pytest.CaptureFixture[str]
LISTS = (
    ("reservations", "list"),
    ("webhooks", "list"),
    ("sessions", "list"),
    ("sessions", "blacklist"),
    ("clients", "list"),
    ("jobs", "list"),
)
SHOWS = (
    ("reservations", "show", "usr_1"),
    ("webhooks", "show", "evt_1"),
    ("sessions", "show", "ses_1"),
    ("sessions", "blacklist", "bl_1"),
    ("clients", "show", "cus_1"),
)


def document(capture: Capture, *arguments: str) -> Any:
    assert run(arguments) == 0, capture.readouterr().err
    return json.loads(capture.readouterr().out)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_gets_every_list_and_record(platform_database: str, capsys: Capture, role: str) -> None:
    url = ("--url", as_url(as_role(filled(platform_database), role)))
    for command in LISTS:
        assert document(capsys, *command, "--json", *url)["rows"]
        assert run((*command, *url)) == 0
        assert len(capsys.readouterr().out.splitlines()) > 1
    for record in SHOWS:
        assert document(capsys, *record, "--json", *url)["id"]
        assert run((*record, *url)) == 0
        capsys.readouterr()


@pytest.mark.parametrize("command", LISTS)
def test_pages_follow_each_other_to_the_end_and_back(
    platform_database: str, capsys: Capture, command: tuple[str, str]
) -> None:
    url = ("--json", "--url", as_url(filled(platform_database)))
    every = document(capsys, *command, *url)["rows"]
    page = document(capsys, *command, "--limit", "7", *url)
    rows = page["rows"]
    while page["after"]:
        page = document(capsys, *command, "--limit", "7", "--after", page["after"], *url)
        rows = rows + page["rows"]
    assert rows == every
    assert document(capsys, *command, "--limit", "7", "--last", *url)["rows"] == every[-7:]
    back = document(capsys, *command, "--limit", "3", "--before", page["before"], *url)
    assert back["rows"] == every[-len(page["rows"]) - 3 : -len(page["rows"])]


def test_filters_and_sorts_are_those_of_the_console(platform_database: str, capsys: Capture) -> None:
    url = ("--json", "--url", as_url(filled(platform_database)))
    failed = document(capsys, "webhooks", "list", "--status", "failed", *url)["rows"]
    assert {row["status"] for row in failed} == {"failed"}
    some = document(capsys, "webhooks", "list", "--where", "status:failed !state:dead", *url)
    assert {row["state"] for row in some["rows"]} == {"failed"}
    assert some["note"] is None
    paused = document(capsys, "clients", "list", "--where", "outbound-paused:yes", *url)["rows"]
    assert all(row["outbound_paused"] for row in paused)
    created = document(capsys, "reservations", "list", "--sort", "-created", *url)["rows"]
    assert created == sorted(created, key=lambda row: str(row["created_at"]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("webhooks", "list", "--after", "garbage"), "not a page position"),
        (("webhooks", "list", "--sort", "colour"), "known sorts: received"),
        (("webhooks", "list", "--status", "broken"), "one of received"),
        (("webhooks", "list", "--where", "colour:red"), "known filters: status, state"),
        (("reservations", "list", "--username", ""), "username: needs a value."),
        (("webhooks", "list", "--limit", "0"), "--limit"),
        (("webhooks", "list", "--last", "--after", "WzEsImEiLCJiIiwiYyJd"), "one starting point"),
    ],
)
def test_a_malformed_request_is_usage(
    platform_database: str, capsys: Capture, arguments: tuple[str, ...], sentence: str
) -> None:
    assert run((*arguments, "--url", as_url(platform_database))) == 2
    assert sentence in capsys.readouterr().err


def test_what_is_not_there_or_not_allowed_has_its_exit_code(
    empty_database: str, platform_database: str, capsys: Capture
) -> None:
    assert run(("webhooks", "list", "--url", as_url(empty_database))) == 1
    assert "migration 0005 is pending" in capsys.readouterr().err
    assert run(("webhooks", "show", "evt_none", "--url", as_url(platform_database))) == 1
    assert "No event 'evt_none'" in capsys.readouterr().err
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute("revoke select on stripe_webhook_events from nightdesk_viewer")
        connection.execute("revoke usage on schema public from nightdesk_viewer, public")
    assert run(("webhooks", "list", "--url", as_url(as_role(platform_database, "viewer")))) == 3
    assert "may not look into schema public" in capsys.readouterr().err


def test_the_payload_keeps_every_digit_and_reaches_no_terminal_raw(
    platform_database: str, capsys: Capture
) -> None:
    url = ("--url", as_url(filled(platform_database)))
    shown = document(capsys, "webhooks", "show", "evt_1", "--json", *url)
    assert "12345678901234567890.10" in shown["payload"]
    hostile = "\x1b]52;c;eA==\x07\u202e[bold]\u200b"
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute("update users set username = %s where id = 'usr_1'", (hostile,))
        connection.execute("update clients set name = %s", (hostile,))
        connection.execute('update sessions set "deviceInfo" = %s', (hostile,))
        connection.execute("update stripe_webhook_events set error_message = %s", (hostile,))
    for command in (*LISTS, *SHOWS):
        for flag in ((), ("--json",)):
            assert run((*command, *flag, *url)) == 0
            out = capsys.readouterr().out
            assert "\x1b" not in out
            assert "\u202e" not in out
    assert run(("clients", "list", *url)) == 0
    assert visible(hostile) in capsys.readouterr().out


def test_hidden_rows_and_hidden_columns_are_no_absence(platform_database: str, capsys: Capture) -> None:
    filled(platform_database)
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute("drop policy if exists nightdesk_read on clients")
        connection.execute("alter table clients enable row level security")
    url = as_url(as_role(platform_database, "support"))
    assert run(("clients", "list", "--url", url)) == 0
    veil = "none visible to you: row security may hide rows of `clients` from test_support"
    assert veil in capsys.readouterr().err
    assert veil in document(capsys, "clients", "list", "--json", "--url", url)["note"]
    url = as_url(as_role(platform_database, "viewer"))
    for command in (
        ("reservations", "show", "user1@example.com"),
        ("reservations", "list", "--email", "user1@example.com"),
        ("sessions", "list", "--where", "address:203.0.113.1"),
    ):
        assert run((*command, "--url", url)) == 3
        assert "test_viewer may not read" in capsys.readouterr().err


def test_a_schema_that_does_not_exist_is_named(platform_database: str, capsys: Capture) -> None:
    url = f"{as_url(platform_database)}&schema=app"
    for command in LISTS:
        assert run((*command, "--url", url)) == 1
        assert "schema app does not exist in" in capsys.readouterr().err
    assert run(("migrations", "status", "--url", url)) == 0
    captured = capsys.readouterr()
    assert "schema app does not exist in" in captured.err
    assert "platform  0001      pending" not in captured.out


def test_an_empty_list_says_so(platform_database: str, capsys: Capture) -> None:
    assert run(("jobs", "list", "--url", as_url(platform_database))) == 0
    captured = capsys.readouterr()
    assert "nothing matches" in captured.err
    assert captured.out.split() == [
        "id",
        "type",
        "state",
        "attempts",
        "progress",
        "created",
        "finished",
        "user",
        "error",
    ]


def test_migrations_are_listed_with_their_state(
    platform_database: str, empty_database: str, capsys: Capture
) -> None:
    rows = document(capsys, "migrations", "status", "--json", "--url", as_url(platform_database))
    assert {row["state"] for row in rows} == {"applied"}
    assert [row["revision"] for row in rows if row["line"] == "platform"][-1] == "0010"
    rows = document(capsys, "migrations", "status", "--json", "--url", as_url(empty_database))
    assert {row["state"] for row in rows} == {"pending"}
    assert run(("migrations", "status", "--line", "platform", "--url", as_url(platform_database))) == 0
    assert "applied, current" in capsys.readouterr().out
