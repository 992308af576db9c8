"""Loads: one insert … select each, repeated over ranges of people so that even a large one shows progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

Progress = Callable[[str], None]

BATCH = 50_000
QUIET_SECONDS = 2.0
"""A long load says where it is this often."""
NOW = "(now() at time zone 'utc')"
"""The platform's clock: UTC without zone, one moment for the whole seeding."""


@dataclass(frozen=True)
class Load:
    """One set-based statement.

    Attributes:
        what: What it makes, for the progress line.
        statement: An insert that reads `people as p` (see db/demo/people.py), or `numbers (n)` where the
            people are made; executed once a range.
        whole: It reads neither and is executed once.
    """

    what: str
    statement: str
    whole: bool = False


def run(connection: psycopg.Connection[Any], loads: Sequence[Load], people: int, progress: Progress) -> None:
    """Execute the loads in order over people 1 to `people`."""
    said = time.monotonic()
    for load in loads:
        if load.whole:
            connection.execute(load.statement)
            continue
        written = 0
        for first in range(1, people + 1, BATCH):
            last = min(people, first + BATCH - 1)
            # "numbers" is planned as a plain generate_series, "people" as a range of the primary key.
            batch = (
                f"with numbers (n) as (select * from generate_series({first}::bigint, {last}::bigint)), "
                f"people as (select * from demo_people where k between {first} and {last}) {load.statement}"
            )
            written += connection.execute(batch).rowcount
            if last < people and time.monotonic() - said >= QUIET_SECONDS:
                said = time.monotonic()
                progress(f"{load.what}: {written:,} rows, {last * 100 // people} %")
        said = time.monotonic()
        progress(f"{load.what}: {written:,} rows")
