from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from screens.places import Place
from tests import postgres
from tests.terminal import Terminal

AsRole = Callable[[str, str], str]

HEAVY = ("sqlalchemy", "alembic", "stripe", "jwt", "cryptography", "markdown_it", "psycopg_pool", "pygments")

# Of our own and the standard library, what only a later step needs; each costs the start a percent or more.
LATER = (
    "click",
    "tomllib",
    "hmac",
    "db.changes",
    "db.operators",
    "db.migration.checks",
    "db.billing.detail",
    "db.reservations.detail",
    "db.webhooks.detail",
)

FIRST_PICTURE = """
import asyncio, sys
from pathlib import Path
from console.opening import Opening
from console.shell import Console
from db.connection.database import Database
from db.connection.target import resolve_target
from screens.desk import Desk
from screens.places import Place

async def main():
    target = resolve_target(url=sys.argv[1], env=None, environ={}, cwd=Path("/"), config=None)
    with Database(target) as database:
        desk = Desk(database)
        opening = Opening(desk, Place(sys.argv[2]))
        opening.start()
        console = Console(desk, opening)
        async with console.run_test(size=(80, 24)) as pilot:
            while not (console.place_screen and console.place_screen.active.rows.rows):
                await pilot.pause()
            print(" ".join(sys.modules))

asyncio.run(main())
"""


def loaded(url: str, place: Place) -> set[str]:
    """Modules of a console whose first picture has its rows."""
    ran = subprocess.run(
        [sys.executable, "-c", FIRST_PICTURE, url, place.value], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize("place", [Place.OVERVIEW, Place.RESERVATIONS, Place.WEBHOOKS])
def test_the_first_picture_loads_nothing_heavy(demo_database: str, as_role: AsRole, place: Place) -> None:
    modules = loaded(postgres.as_url(as_role(demo_database, "support")), place)
    assert "textual" in modules
    assert not modules & set(HEAVY)


def test_the_overview_opens_without_what_only_a_later_step_needs(demo_database: str, as_role: AsRole) -> None:
    modules = loaded(postgres.as_url(as_role(demo_database, "support")), Place.OVERVIEW)
    assert "db.overview" in modules
    assert not modules & set(LATER)


def test_the_line_carries_little(demo_database: str, as_role: AsRole, tmp_path: Path) -> None:
    url = postgres.as_url(as_role(demo_database, "support"))
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    environ |= {"COLORTERM": "truecolor", "NIGHTDESK_CONFIG": "/nonexistent/nightdesk.toml"}
    command = [sys.executable, "-m", "console", "--url", url]
    with Terminal(command, environ, columns=120, lines=40) as terminal:
        terminal.until("as of")
        terminal.settle()
        # One picture of 120×40 with its rows in it; a second one would double this.
        assert len(terminal.written) < 27_000
        terminal.press("4")
        terminal.until("[4 Webhooks]")
        terminal.until("100+ rows")
        terminal.settle()
        before = len(terminal.written)
        terminal.press("j")
        terminal.settle()
        # Two lines of the list and nothing else: docs on performance allow a tenth of harlequin's 7,687.
        assert 0 < len(terminal.written) - before < 768
        before = len(terminal.written)
        terminal.read(1.0)
        assert len(terminal.written) == before, "something was written although nothing changed"
        terminal.press("3")
        terminal.until("[3 Reservations]")
        terminal.until("100+ rows")
        terminal.settle()
        before = len(terminal.written)
        terminal.press("r")
        terminal.settle()
        # A refresh that brings the same rows writes the status line twice: without and with the new time.
        assert len(terminal.written) - before < 700
        terminal.press("q")
        assert terminal.exit_code() == 0
