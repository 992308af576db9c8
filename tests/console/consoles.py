"""Consoles for tests: on a real database, as a role, with what an operator would see and press."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from textual.pilot import Pilot

from console.opening import Opening
from console.shell import Console
from db.connection.database import Database
from db.connection.target import Target, resolve_target
from screens.area import AreaScreen
from screens.confirm import Confirm
from screens.desk import Desk
from screens.places import Place
from tests import postgres
from tests.coroutines import until


def target_of(conninfo: str) -> Target:
    return resolve_target(
        url=postgres.as_url(conninfo), env=None, environ={}, cwd=Path("/nonexistent"), config=None
    )


@contextmanager
def console_on(conninfo: str, place: Place = Place.RESERVATIONS) -> Iterator[Console]:
    with Database(target_of(conninfo), screen="test") as database:
        desk = Desk(database)
        opening = Opening(desk, place)
        opening.start()
        yield Console(desk, opening)


@asynccontextmanager
async def running(
    conninfo: str, place: Place = Place.RESERVATIONS, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Console, Pilot[Any]]]:
    """A console that shows its first place, with its reads done."""
    with console_on(conninfo, place) as console:
        async with console.run_test(size=size) as pilot:
            await settled(console, pilot)
            yield console, pilot


def area(console: Console) -> AreaScreen:
    screen = console.place_screen
    assert isinstance(screen, AreaScreen)
    return screen


async def settled(console: Console, pilot: Pilot[Any]) -> None:
    """Wait until nothing is being read."""
    await until(pilot, lambda: console.place_screen is not None)
    await until(pilot, lambda: not any(view.rows.busy for view in area(console).sheets))
    await pilot.pause()


async def heard(console: Console, pilot: Pilot[Any]) -> Confirm:
    """Wait for the confirmation dialog until it hears."""
    await until(pilot, lambda: isinstance(console.screen, Confirm) and not console.screen.deaf)
    assert isinstance(console.screen, Confirm)
    return console.screen


def text_of(console: Console) -> str:
    """What the screen shows, line by line."""
    return "\n".join(strip.text.rstrip() for strip in console.screen._compositor.render_strips())


def add_reservations(conninfo: str, count: int = 40) -> None:
    """Pending users u1, u2, …: u1 ends first; every tenth has no expiry."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "insert into users (id, email, username, status, reservation_expires_at, created_at, updated_at)"
            " select 'usr_' || lpad(i::text, 4, '0'), 'u' || i || '@example.org', 'u' || i, 'PENDING',"
            " case when i %% 10 <> 0 then timestamp '2031-01-01' + i * interval '1 hour' end,"
            " now() at time zone 'utc', now() at time zone 'utc' from generate_series(1, %s) as i",
            (count,),
        )


def expiry(conninfo: str, user: str) -> str:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        row = connection.execute(
            "select reservation_expires_at::text from users where username = %s", (user,)
        ).fetchone()
    assert row is not None
    return str(row[0])


def audited(conninfo: str) -> int:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        row = connection.execute("select count(*) from nightdesk.operation").fetchone()
    assert row is not None
    return int(row[0])
