"""The whole corpus against the whole program, on a real terminal: what reaches it is text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from db import operators
from db.embedded.server import Server
from screens.places import Place
from tests import postgres
from tests.console.processes import nightdesk
from tests.hostile.corpus import ALL_IN_ONE, CONTROLS, PAYLOADS, fill
from tests.hostile.raw import offences
from tests.terminal import Terminal

USER = f"0{ALL_IN_ONE[:200]}"
OPERATION = "6f1d2c1e-58b4-4f0e-9a53-0d8f6b3f7a11"
# A name is a column, a login or an environment as well as a value.
NAME = "bob\x1b]0;x\x07\x9b31m\u202e"

LISTS = (
    ("reservations", "list", "--limit", "300"),
    ("webhooks", "list", "--limit", "300"),
    ("sessions", "list", "--limit", "300"),
    ("sessions", "blacklist", "--limit", "300"),
    ("clients", "list", "--limit", "300"),
    ("jobs", "list", "--limit", "300"),
    ("audit", "list"),
)
COMMANDS = (
    *LISTS,
    ("reservations", "show", USER),
    ("webhooks", "show", f"evt_{USER}"),
    ("sessions", "show", USER),
    ("sessions", "blacklist", USER),
    ("clients", "show", USER),
    ("audit", "show", OPERATION),
    ("audit", "verify"),
    ("audit", "export", "--format", "csv"),
    ("resolve", OPERATION),
    ("reservations", "extend", USER, "--days", "2", "--dry-run"),
    ("undo", OPERATION, "--dry-run"),
    ("approvals", "list"),
    ("migrations", "status"),
    ("environments",),
    ("doctor",),
)
# These end with a refusal, which quotes what it was given.
REFUSED = (
    ("reservations", "show", NAME),
    ("webhooks", "show", NAME),
    ("clients", "show", NAME),
    ("audit", "show", NAME),
    ("reservations", "list", "--where", f"state:{NAME}"),
    ("reservations", "list", "--sort", NAME),
    ("resolve", NAME),
    ("reservations", "list", "--env", f"not {NAME}"),
)


def _environ(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "NIGHTDESK_STATE": str(home),
        "NIGHTDESK_CONFIG": "/nonexistent/nightdesk.toml",
    }


@pytest.fixture(scope="module")
def hostile_database(postgres_server: Server) -> Iterator[str]:
    """Conninfo of the superuser for a database with every payload in it, shared by all tests that only look."""
    template = postgres.template(postgres_server, "template_platform", postgres.migrate)
    with postgres.database(postgres_server, template=template) as conninfo:
        fill(conninfo)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("alter table users add column {} text").format(sql.Identifier(NAME)))
        url = postgres.as_url(postgres.as_role(conninfo, "support"))
        done = nightdesk(
            "reservations", "extend", USER, "--days", "1", "--reason", ALL_IN_ONE[:1_000], "--operation", OPERATION,
            "--url", url,
        )  # fmt: skip
        assert done.code == 0, done.err
        yield conninfo


@pytest.fixture
def hostile_url(hostile_database: str) -> str:
    return postgres.as_url(postgres.as_role(hostile_database, "support"))


@pytest.fixture
def hostile_operator(hostile_database: str) -> Iterator[None]:
    """An operator whose login is hostile; logins belong to the whole server, so it is gone afterwards."""
    with psycopg.connect(hostile_database, autocommit=True) as connection:
        operators.add(connection, NAME, "viewer")
        try:
            yield
        finally:
            operators.remove(connection, NAME)
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(NAME)))


def test_the_detector_sees_what_it_must() -> None:
    assert not list(offences("\x1b[1;38;2;1;2;3mvisible \\x1b text ⏎\x1b[0m\x1b[3;4H\r\n".encode()))
    for control in CONTROLS:
        if control not in "\r\n":
            assert list(offences(f"a{control}b".encode())), repr(control)
    for payload in ("\x1b[31m", "\x1b[H", "\x1b[2J", "\x1b]0;x\x07", "\x1b[c", "\x1bc", "\u202e", "\u200b"):
        assert list(offences(payload.encode())), repr(payload)


def test_no_payload_reaches_the_terminal_from_the_console(hostile_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "console", "--url", hostile_url]
    with Terminal(command, _environ(tmp_path), columns=220, lines=60) as terminal:
        terminal.until("as of")
        for place in Place:
            terminal.press(place.key)
            terminal.until(f"[{place.key} {place.heading}]")
            terminal.until("as of")
            _visit(terminal, place)
        terminal.press("q")
        assert terminal.exit_code() == 0
        assert list(offences(bytes(terminal.written)))[:5] == []
    assert not list(tmp_path.rglob("*.txt")), "the console crashed on a payload"


def _visit(terminal: Terminal, place: Place) -> None:
    for _ in range(2 if place is Place.SESSIONS else 1):
        if place not in (Place.OVERVIEW, Place.MIGRATIONS):
            terminal.until("\\x1b")
            terminal.press("\r")
            terminal.until("(q quit)")
            terminal.settle()
            terminal.press("\r")
            for _page in range(6):
                terminal.press("\x1b[6~")
                terminal.settle()
            terminal.press("\x1b")
            terminal.until("   q quit")
            for _page in range(1 + len(PAYLOADS) // 20):
                terminal.press("\x1b[6~")
                terminal.settle()
            terminal.press("\x1b[H")
            terminal.settle()
        terminal.press("\t")
        terminal.settle()
    if place is Place.RESERVATIONS:
        terminal.press("e")
        terminal.until("by how many days?")
        terminal.press("\r")
        terminal.until("reason")
        terminal.settle()
        terminal.press("\x1b")
        terminal.until("Nothing was changed")


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments[:2])[:30])
def test_no_payload_reaches_the_terminal_from_a_command(
    hostile_url: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    told = _assert_harmless(arguments, hostile_url, tmp_path)
    if "migrations" not in arguments and "approvals" not in arguments and "verify" not in arguments:
        assert told.strip()
    if arguments in LISTS or "show" in arguments:
        command = [sys.executable, "-m", "console", *arguments, "--url", hostile_url, "--json"]
        machine = subprocess.run(command, capture_output=True, env=_environ(tmp_path), check=True)
        assert machine.stdout.isascii()
        assert list(offences(machine.stdout))[:5] == []


@pytest.mark.parametrize("arguments", REFUSED, ids=lambda arguments: " ".join(arguments[:3])[:30])
def test_no_refusal_quotes_raw_what_it_was_given(
    hostile_url: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    url = () if "--env" in arguments else ("--url", hostile_url)
    with _command((*arguments, *url), tmp_path) as terminal:
        assert terminal.exit_code() in (1, 2), terminal.text
        assert list(offences(bytes(terminal.written)))[:5] == []


@pytest.mark.usefixtures("hostile_operator")
def test_a_hostile_login_is_listed_harmlessly(hostile_url: str, tmp_path: Path) -> None:
    assert "bob\\x1b]0;x" in _assert_harmless(("operators", "list"), hostile_url, tmp_path)


def test_the_script_of_an_installation_is_harmless(hostile_database: str, tmp_path: Path) -> None:
    told = _assert_harmless(("install", "--dry-run"), postgres.as_url(hostile_database), tmp_path)
    assert "bob\\x1b]0;x" in told


def _assert_harmless(arguments: tuple[str, ...], url: str, home: Path) -> str:
    """Run a command on a terminal; return what it wrote when none of it acts."""
    place = () if arguments == ("environments",) else ("--url", url)
    with _command((*arguments, *place), home) as terminal:
        assert terminal.exit_code() == 0, terminal.text
        assert list(offences(bytes(terminal.written)))[:5] == []
        return bytes(terminal.written).decode()


def _command(arguments: tuple[str, ...], home: Path) -> Terminal:
    (home / "config.toml").write_text(f'[environments.{json.dumps(NAME)}]\nurl = "postgresql://a@b/c"\n')
    environ = _environ(home) | {"NIGHTDESK_CONFIG": str(home / "config.toml")}
    return Terminal([sys.executable, "-m", "console", *arguments], environ, columns=200, lines=50)
