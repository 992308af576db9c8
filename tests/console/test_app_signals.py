from __future__ import annotations

import os
import re
import select
import signal
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import postgres
from tests.console.consoles import add_reservations
from tests.terminal import Terminal

AsRole = Callable[[str, str], str]

# Generous against a loaded machine; unloaded it is a quarter of that.
SOON = 5.0


def _console(conninfo: str, state: Path) -> Terminal:
    url = postgres.as_url(conninfo)
    environ = {"PATH": os.environ["PATH"], "HOME": str(state), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    environ |= {"NIGHTDESK_STATE": str(state), "NIGHTDESK_CONFIG": "/nonexistent/nightdesk.toml"}
    return Terminal([sys.executable, "-m", "console", "--url", url], environ)


def _modes_left_on(written: bytes | bytearray) -> set[str]:
    """Private modes that were switched and not switched back to how a terminal starts."""
    initial = {"25": True, "7": True}
    now: dict[str, bool] = {}
    for number, switch in re.findall(rb"\x1b\[\?(\d+)([hl])", written):
        now[number.decode()] = switch == b"h"
    return {mode for mode, on in now.items() if on is not initial.get(mode, False)}


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)], ids=["SIGHUP", "SIGTERM"]
)
def test_a_signal_ends_the_console_cleanly(
    platform_database: str, as_role: AsRole, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    add_reservations(platform_database)
    with _console(as_role(platform_database, "support"), tmp_path) as terminal:
        terminal.until("reservations never end")
        terminal.signal(number)
        assert terminal.seconds_to_exit() < SOON
        assert terminal.exit_code() == code
        assert _modes_left_on(terminal.written) == set()
        assert terminal.modes == terminal.modes_before
    assert not list(tmp_path.rglob("*.txt"))


def test_quitting_leaves_the_terminal_as_it_was(
    platform_database: str, as_role: AsRole, tmp_path: Path
) -> None:
    with _console(as_role(platform_database, "support"), tmp_path) as terminal:
        terminal.until("as of")
        assert not terminal.modes[3] & termios.ECHO
        terminal.press("q")
        assert terminal.exit_code() == 0
        assert _modes_left_on(terminal.written) == set()
        assert terminal.modes == terminal.modes_before


@pytest.mark.parametrize("ignored", [False, True], ids=["default", "SIGHUP ignored"])
def test_a_dropped_line_ends_the_console(
    platform_database: str, as_role: AsRole, tmp_path: Path, ignored: bool
) -> None:
    terminal = _console(as_role(platform_database, "support"), tmp_path)
    if ignored:
        terminal.command = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *terminal.command]
    with terminal:
        terminal.until("as of")
        terminal.hang_up()
        assert terminal.seconds_to_exit() < SOON
        assert terminal.exit_code() == 129
    assert not list(tmp_path.rglob("*.txt"))


def test_coming_back_from_the_shell_draws_everything(
    platform_database: str, as_role: AsRole, tmp_path: Path
) -> None:
    with _console(as_role(platform_database, "support"), tmp_path) as terminal:
        terminal.until("as of")
        terminal.settle()
        terminal.press("\x1a")
        _wait_for_state(terminal, "T")
        while select.select([terminal.master], [], [], 0.1)[0]:
            terminal.read()
        terminal.clear()
        assert "as of" not in terminal.text
        terminal.signal(signal.SIGCONT)
        terminal.until("as of")
        terminal.until("quit")
        terminal.press("q")
        assert terminal.exit_code() == 0


def _wait_for_state(terminal: Terminal, state: str) -> None:
    """Wait until the kernel calls the process by this letter (proc_pid_stat(5), field 3)."""
    stat = Path(f"/proc/{terminal.process.pid}/stat")
    deadline = time.monotonic() + SOON
    while stat.read_text().rpartition(")")[2].split()[0] != state:
        assert time.monotonic() < deadline, "the console was never suspended"
        terminal.read()
