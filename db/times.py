"""Times as the platform stores them: without zone, in UTC, and sometimes beyond what Python can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.types.datetime import TimestampLoader, TimestamptzLoader

# What `infinity`, and years that Python does not have, are read as.
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


class _Timestamp(TimestampLoader):
    """Reads a time without zone as the UTC it is; a value beyond Python's does not fail the whole page."""

    def load(self, data: psycopg.abc.Buffer) -> datetime:
        try:
            # Five times as fast as the general loader; it knows only the ISO DateStyle.
            return datetime.fromisoformat(bytes(data).decode()).replace(tzinfo=UTC)
        except ValueError:
            return self._in_another_style(data)

    def _in_another_style(self, data: psycopg.abc.Buffer) -> datetime:
        try:
            return super().load(data).replace(tzinfo=UTC)
        except psycopg.DataError:
            return _nearest(bytes(data))


class _Timestamptz(TimestamptzLoader):
    """Reads a time with zone in UTC, with the same tolerance."""

    def load(self, data: psycopg.abc.Buffer) -> datetime:
        try:
            return datetime.fromisoformat(bytes(data).decode()).astimezone(UTC)
        except (ValueError, OverflowError):
            return self._in_another_style(data)

    def _in_another_style(self, data: psycopg.abc.Buffer) -> datetime:
        try:
            return super().load(data).astimezone(UTC)
        except (psycopg.DataError, OverflowError):
            return _nearest(bytes(data))


def _nearest(data: bytes) -> datetime:
    return EARLIEST if data.startswith(b"-") or data.endswith(b"BC") else LATEST


def tolerant_cursor(conn: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """A cursor whose times are all aware and in UTC, and that no stored time can break."""
    cursor = conn.cursor(row_factory=psycopg.rows.tuple_row)
    cursor.adapters.register_loader("timestamp", _Timestamp)
    cursor.adapters.register_loader("timestamptz", _Timestamptz)
    return cursor
