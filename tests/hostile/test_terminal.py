"""The whole corpus against the whole program, on a real terminal: what reaches it is text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from screens.places import Place
from tests import postgres
from tests.hostile.corpus import CONTROLS, PAYLOADS, fill
from tests.hostile.raw import offences
from tests.terminal import Terminal

AsRole = Callable[[str, str], str]

COMMANDS = (
    ("reservations", "list", "--limit", "300"),
    ("webhooks", "list", "--limit", "300"),
    ("sessions", "list", "--limit", "300"),
    ("clients", "list", "--limit", "300"),
    ("migrations", "status"),
    ("audit", "list"),
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


@pytest.fixture
def hostile_url(platform_database: str, as_role: AsRole) -> str:
    fill(platform_database)
    return postgres.as_url(as_role(platform_database, "support"))


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


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments[:2]))
def test_no_payload_reaches_the_terminal_from_a_command(
    hostile_url: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "console", *arguments, "--url", hostile_url]
    with Terminal(command, _environ(tmp_path), columns=200, lines=50) as terminal:
        assert terminal.exit_code() == 0, terminal.text
        assert list(offences(bytes(terminal.written)))[:5] == []
    if "list" in arguments and arguments[0] != "audit":
        machine = subprocess.run(
            [*command, "--json"], capture_output=True, env=_environ(tmp_path), check=True
        )
        assert machine.stdout.isascii()
        assert list(offences(machine.stdout))[:5] == []
