"""The text form in which a value travels in a ChangeSet: what PostgreSQL itself would print and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import singledispatch
from typing import Any, TypeAlias
from uuid import UUID

from db.errors import UsageError


@dataclass(frozen=True, slots=True)
class Now:
    """Sentinel for a time that the database decides when it applies, so that a plan keeps its hash."""


NOW = Now()

Encoded: TypeAlias = str | Now | None
Row: TypeAlias = Mapping[str, Encoded]


def encode_row(row: Mapping[str, Any]) -> dict[str, Encoded]:
    """Encode the values of a row; the order of columns does not matter.

    Raises:
        UsageError: A value cannot be stored by PostgreSQL (NUL, lone surrogate).
    """
    return {column: encode(value) for column, value in row.items()}


def encode(value: Any) -> Encoded:
    """Encode one typed Python value as PostgreSQL text; None stays NULL.

    Numbers of any size stay exact because they travel as text; a dict is a jsonb value, a list an array.
    """
    if value is None or isinstance(value, Now):
        return value
    text = _text(value)
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError("the value holds a character that PostgreSQL cannot store (NUL or a lone surrogate)")
    return text


@singledispatch
def _text(value: Any) -> str:
    import psycopg
    from psycopg.adapt import PyFormat, Transformer

    try:
        dumped = Transformer().get_dumper(value, PyFormat.TEXT).dump(value)
    except psycopg.Error as error:
        raise UsageError(f"the value cannot be stored by PostgreSQL: {error}") from error
    return "" if dumped is None else bytes(dumped).decode("utf-8", "surrogatepass")


@_text.register
def _(value: str) -> str:
    return str(value.value) if isinstance(value, Enum) else value


@_text.register
def _(value: bool) -> str:
    return "true" if value else "false"


@_text.register
def _(value: Enum) -> str:
    return str(value.value)


@_text.register
def _(value: UUID) -> str:
    return str(value)


@_text.register
def _(value: bytes) -> str:
    return "\\x" + value.hex()


@_text.register
def _(value: dict) -> str:  # type: ignore[type-arg]  # singledispatch takes the plain class
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the value cannot be stored as JSON: {error}") from error
