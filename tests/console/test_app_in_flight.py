"""An operation whose answer is awaited: its id is on screen, and stays on the terminal when the console ends."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from textual.pilot import Pilot

from console.shell import Console
from screens.ask import Ask
from screens.confirm import Confirm
from screens.confirm.screen import Stage
from screens.help import Help
from tests import postgres
from tests.console.consoles import add_reservations, expiry, heard, running, settled, text_of
from tests.coroutines import until
from tests.terminal import Terminal

AsRole = Callable[[str, str], str]
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def slow(platform_database: str) -> str:
    """Reservations whose change takes the server longer than any test."""
    add_reservations(platform_database, 3)
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute(
            "create function slow() returns trigger language plpgsql"
            " as $$ begin perform pg_sleep(50); return new; end $$"
        )
        connection.execute("create trigger slow before update on users for each row execute function slow()")
    return platform_database


async def _applying(console: Console, pilot: Pilot[Any]) -> Confirm:
    await pilot.press("e")
    await until(pilot, lambda: isinstance(console.screen, Ask))
    await pilot.press("enter")
    dialog = await heard(console, pilot)
    await pilot.press("tab", *"slow", "enter")
    await until(pilot, lambda: not dialog.deaf)
    await pilot.press("enter")
    await until(pilot, lambda: dialog.stage is Stage.APPLYING and bool(console.desk.in_flight))
    return dialog


def _flat(console: Console) -> str:
    return " ".join(text_of(console).replace("│", " ").split())


async def test_the_id_is_on_screen_while_it_is_applied_and_ctrl_c_and_z_say_it(
    slow: str, as_role: AsRole
) -> None:
    async with running(as_role(slow, "support"), size=(100, 30)) as (console, pilot):
        await _applying(console, pilot)
        (operation,) = console.desk.in_flight
        await until(pilot, lambda: f"applying… operation {operation}" in _flat(console))
        await pilot.press("escape")
        await until(pilot, lambda: f"{operation}; Esc closes when it is answered" in _flat(console))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: f"suspend: operation {operation} is being applied" in _flat(console))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: f"nightdesk resolve {operation}" in _flat(console))
        assert console.is_running
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not console.is_running)
    assert console.farewell().strip().endswith(f"nightdesk resolve {operation}")
    assert console.farewell() == ""


async def test_what_was_answered_leaves_nothing_to_say(platform_database: str, as_role: AsRole) -> None:
    add_reservations(platform_database, 3)
    async with running(as_role(platform_database, "support")) as (console, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.press("enter")
        dialog = await heard(console, pilot)
        await pilot.press("tab", *"quick", "enter")
        await until(pilot, lambda: not dialog.deaf)
        await pilot.press("enter")
        await until(pilot, lambda: dialog.stage is Stage.DONE)
        await until(pilot, lambda: "u plans the undo" in _flat(console))
        assert console.desk.in_flight == ()
    assert console.farewell() == ""
    assert expiry(platform_database, "u1") == "2031-01-08 01:00:00"


@pytest.mark.parametrize(("key", "dialog"), [("e", Ask), ("question_mark", Help)])
async def test_ctrl_c_twice_ends_the_console_from_any_dialog(
    platform_database: str, as_role: AsRole, key: str, dialog: type[Any]
) -> None:
    add_reservations(platform_database, 3)
    async with running(as_role(platform_database, "support")) as (console, pilot):
        await settled(console, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(console.screen, dialog))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "Ctrl+C again ends the console." in _flat(console))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not console.is_running)


async def test_u_undoes_only_above_a_receipt(platform_database: str, as_role: AsRole) -> None:
    add_reservations(platform_database, 3)
    async with running(as_role(platform_database, "support")) as (console, pilot):
        assert console.check_action("perform", ("operation.undo",)) is False
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.press("enter")
        dialog = await heard(console, pilot)
        await pilot.press("tab", *"undo u")
        assert console.screen is dialog
        assert dialog.receipt is None
        assert console.check_action("perform", ("operation.undo",)) is False


@pytest.mark.parametrize(
    ("leave", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), ("\x03\x03", 0)],
    ids=["SIGTERM", "SIGHUP", "Ctrl+C"],
)
def test_the_command_that_asks_stays_on_the_terminal(
    slow: str, as_role: AsRole, tmp_path: Path, leave: signal.Signals | str, code: int
) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    environ |= {"NIGHTDESK_STATE": str(tmp_path), "NIGHTDESK_CONFIG": "/nonexistent/nightdesk.toml"}
    url = postgres.as_url(as_role(slow, "support"))
    with Terminal([sys.executable, "-m", "console", "--url", url], environ) as terminal:
        terminal.until("as of")
        terminal.press("3")
        terminal.until("[3 ")
        terminal.until("u1")
        terminal.press("e")
        terminal.until("by how many days?")
        terminal.settle()
        terminal.press("\r")
        terminal.until("Apply")
        # The dialog is deaf for a moment after it opened, and again after the reason.
        _insist(terminal, "x", "reason x")
        _insist(terminal, "\r", "applying…")
        if isinstance(leave, str):
            terminal.press(leave)
        else:
            terminal.signal(leave)
        assert terminal.exit_code() == code
        after = bytes(terminal.written).rpartition(b"\x1b[?1049l")[2].decode()
    assert re.search(rf"nightdesk: operation ({UUID}) was sent; its outcome: nightdesk resolve \1\r\n", after)


def _insist(terminal: Terminal, key: str, text: str) -> None:
    """Press a key again and again until it was heard."""
    for _ in range(100):
        if text in terminal.text:
            return
        terminal.press(key)
        terminal.settle()
    pytest.fail(f"never saw {text!r}; the screen shows:\n{terminal.text}")
