"""Verify-and-stamp: recognising which revision a database without a version row stands at."""

from __future__ import annotations

from collections.abc import Callable


def stamp_if_present(
    conninfo: str, *, schema: str, target: str, progress: Callable[[str], None] | None
) -> None:
    """Stamp placeholder."""
    del conninfo, schema, target, progress
