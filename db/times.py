"""Times as the platform stores them: without zone, in UTC, and sometimes beyond what Python can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.types.datetime import TimestampLoader, TimestamptzLoader


class _Timestamp(TimestampLoader):
    """Reads `infinity` and years beyond Python's as the nearest value it has, instead of failing the whole page."""

    def load(self, data: psycopg.abc.Buffer) -> datetime:
        try:
            return super().load(data)
        except psycopg.DataError:
            return _nearest(bytes(data))


class _Timestamptz(TimestamptzLoader):
    def load(self, data: psycopg.abc.Buffer) -> datetime:
        try:
            return super().load(data)
        except psycopg.DataError:
            return _nearest(bytes(data)).replace(tzinfo=UTC)


def _nearest(data: bytes) -> datetime:
    return datetime.min if data.startswith(b"-") or data.endswith(b"BC") else datetime.max


def tolerant_cursor(conn: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """A cursor that no stored time can break; columns without zone stay naive and mean UTC."""
    cursor = conn.cursor(row_factory=psycopg.rows.tuple_row)
    cursor.adapters.register_loader("timestamp", _Timestamp)
    cursor.adapters.register_loader("timestamptz", _Timestamptz)
    return cursor
