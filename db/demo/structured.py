"""JSON documents written as Python values with SQL expressions in their leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias, Union

from db.demo.chance import quoted


@dataclass(frozen=True)
class Sql:
    """A leaf whose value the database computes for each row."""

    text: str


Json: TypeAlias = Union[Sql, str, int, float, bool, "list[Json]", "dict[str, Json]", None]


def json_sql(value: Json) -> str:
    """Return a jsonb expression for a document; parts without SQL become constants."""
    if isinstance(value, Sql):
        return value.text
    if _constant(value):
        return f"{quoted(json.dumps(value, ensure_ascii=False))}::jsonb"
    if isinstance(value, list):
        return f"jsonb_build_array({', '.join(json_sql(part) for part in value)})"
    assert isinstance(value, dict)
    pairs = ", ".join(f"{quoted(key)}, {json_sql(part)}" for key, part in value.items())
    return f"jsonb_build_object({pairs})"


def _constant(value: Json) -> bool:
    if isinstance(value, Sql):
        return False
    if isinstance(value, list):
        return all(_constant(part) for part in value)
    if isinstance(value, dict):
        return all(_constant(part) for part in value.values())
    return True
