from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.capabilities import Capabilities
from db.page import Page
from screens.list_view import PageRequest
from screens.reservations import ReservationsScreen
from screens.sheet import Query, Sheet
from tests import postgres
from tests.console.consoles import add_reservations, area, running
from tests.coroutines import until
from tests.terminal import Terminal

AsRole = Callable[[str, str], str]

SECRETS = ("hunter2", "sk_live_51Habcdefghij", "eyJhbGciOi.eyJzdWIiOiJ1c3IifQ.c2lnbmF0dXJl")

CRASHING = """
import os, sys
from pathlib import Path
from db.connection.target import resolve_target
from console import app, shell

def explode(self, event):
    database_url = "postgresql://ops:hunter2@db.internal/app"
    key = "sk_live_51Habcdefghij"
    raise RuntimeError(f"cannot parse {database_url} with {key} eyJhbGciOi.eyJzdWIiOiJ1c3IifQ.c2lnbmF0dXJl")

shell.Console.on_key = explode
target = resolve_target(url=sys.argv[1], env=None, environ={}, cwd=Path("/"), config=None)
sys.exit(app.run(target))
"""


def _reports(state: Path) -> list[Path]:
    return [path for path in state.rglob("*") if path.is_file()]


def test_a_crash_shows_a_sentence_and_leaks_nothing(
    platform_database: str, as_role: AsRole, tmp_path: Path
) -> None:
    url = postgres.as_url(as_role(platform_database, "support"))
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    environ["NIGHTDESK_STATE"] = str(tmp_path)
    with Terminal([sys.executable, "-c", CRASHING, url], environ, columns=200) as terminal:
        terminal.until("as of")
        terminal.press("x")
        assert terminal.exit_code() == 70
        written = terminal.written.decode()
        assert terminal.modes == terminal.modes_before
    (report,) = _reports(tmp_path)
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    told = report.read_text()
    assert "explode" in told
    assert "did not expect (RuntimeError, NC-" in written
    for secret in SECRETS:
        assert secret not in written
        assert secret not in told
    assert "database_url =" not in written


async def test_a_worker_that_fails_unexpectedly_leaves_the_console_running(
    platform_database: str, as_role: AsRole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTDESK_STATE", str(tmp_path))
    add_reservations(platform_database, 3)
    sheet = ReservationsScreen.SHEETS[0]

    def broken(connection: Any, capabilities: Capabilities, request: PageRequest, query: Query) -> Page[Any]:
        if query.text:
            conninfo = "host=db password=hunter2"
            raise RuntimeError(f"no route for {conninfo}")
        return sheet.read_page(connection, capabilities, request, query)

    failing: Sheet[Any] = Sheet("reservations", sheet.columns, sheet.key, broken, sheet.read_detail)
    monkeypatch.setattr(ReservationsScreen, "SHEETS", (failing,))
    async with running(as_role(platform_database, "support")) as (console, pilot):
        await area(console).show_filter("state:overdue")
        await until(pilot, lambda: "NC-" in area(console).status.message)
        assert "hunter2" not in area(console).status.message
        await area(console).show_filter("")
        await until(pilot, lambda: len(area(console).active.rows.rows) == 3)
    (report,) = _reports(tmp_path)
    assert "hunter2" not in report.read_text()
    assert "broken" in report.read_text()
