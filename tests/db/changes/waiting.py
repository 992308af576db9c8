"""Waiting for conditions of the server instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.db.changes.ground import Connection, one


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"


def wait_for_lock(watcher: Connection, backend: int) -> None:
    """Wait until a backend waits for a lock."""
    wait_until(
        lambda: bool(one(watcher, "select cardinality(pg_blocking_pids(%s)) > 0", backend)),
        f"backend {backend} waits for a lock",
    )
