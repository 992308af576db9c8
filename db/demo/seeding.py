"""Fills an empty platform: people first, then everything they did, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from db.demo import (
    clients,
    discovery,
    hostile_rows,
    indexes,
    logins,
    money,
    people,
    queue,
    rooms,
    runbook_users,
    stripe_events,
)
from db.demo.chance import Chance
from db.demo.load import BATCH, Load, Progress, run
from db.errors import Refused

DEFAULT_ROWS = 3_000
# Below, some state of an account, of a subscription or of an event has nobody in it.
SMALLEST = 300
SEED = 3

# The order of the tables is that of their foreign keys, which are checked as ever.
_AREAS: tuple[Callable[[Chance], tuple[Load, ...]], ...] = (
    money.prices,
    people.loads,
    money.loads,
    runbook_users.loads,
    clients.loads,
    logins.loads,
    stripe_events.loads,
    queue.loads,
    rooms.loads,
    discovery.loads,
    hostile_rows.loads,
)


def seed(
    connection: psycopg.Connection[Any],
    *,
    rows: int | None = None,
    progress: Callable[[str], None] | None = None,
    seed: int = SEED,
) -> None:
    """Fill an empty platform with people in every state and all that belongs to them.

    The same seed and rows give the same platform, with times relative to the moment of seeding. Besides the
    people there are the two users of the runbook and one for each hostile text.

    Args:
        connection: The owner of the platform's tables or a superuser, at the head of both lines, in autocommit
            mode. Everything is written in one transaction: an interrupted seeding leaves the database empty.
        rows: How many people; at least SMALLEST are made.
        progress: Receives a line for each kind of row, and more of them on the way to a million.
        seed: Chooses among platforms of equal size.

    Raises:
        Refused: The database has users already.
    """
    report: Progress = progress if progress is not None else _quiet
    count = max(rows or DEFAULT_ROWS, SMALLEST)
    chance = Chance(seed)
    with connection.transaction():
        _refuse_unless_empty(connection)
        _settle(connection)
        people.prepare(connection)
        stripe_events.prepare(connection)
        aside = indexes.set_aside(connection) if count > BATCH else ()
        for area in _AREAS:
            run(connection, area(chance), count, report)
        indexes.put_back(connection, aside, report)
    report("gathering statistics")
    _gather_statistics(connection)


def _refuse_unless_empty(connection: psycopg.Connection[Any]) -> None:
    if connection.execute("select from users limit 1").fetchone() is not None:
        raise Refused(
            "This database has users already. The demo is written into an empty platform only: "
            "create a new database, migrate it and seed that one."
        )


def _settle(connection: psycopg.Connection[Any]) -> None:
    # The statements are long and their cost is guessed high: compiling them takes longer than running them.
    connection.execute("set local jit = off")
    connection.execute("set local work_mem = '64MB'")
    connection.execute("set local synchronous_commit = off")
    connection.execute("set local timezone = 'UTC'")


def _gather_statistics(connection: psycopg.Connection[Any]) -> None:
    """Plans and index-only scans are those of a platform that has been running for a while."""
    tables = connection.execute(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = current_schema()"
    ).fetchall()
    connection.execute(f"vacuum (analyze) {', '.join(name for (name,) in tables)}")


def _quiet(_: str) -> None:
    """Discard a progress line."""
