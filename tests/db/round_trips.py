"""Counts what a connection really sends: libpq's own trace, one Sync or Query message a round trip."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


class Sent:
    """Round trips of a block, known when it has ended."""

    count = 0


@contextmanager
def round_trips(connection: psycopg.Connection[Any]) -> Iterator[Sent]:
    """Count the round trips that the block makes."""
    sent = Sent()
    with tempfile.TemporaryFile("w+b") as trace:
        connection.pgconn.trace(trace.fileno())
        try:
            yield sent
        finally:
            connection.pgconn.untrace()
        trace.seek(0)
        lines = [line.split("\t") for line in trace.read().decode().splitlines()]
        sent.count = sum(len(line) > 3 and line[1] == "F" and line[3] in {"Sync", "Query"} for line in lines)
