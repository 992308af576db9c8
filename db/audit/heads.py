"""The heads of the audit's chains: kept elsewhere, they prove that nothing was cut off behind them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from db.errors import UsageError


@dataclass(frozen=True)
class Head:
    """The last link of one console session.

    Args:
        chain_seq: Its number, from 1.
        digest: SHA-256 in hex over everything before and in it.
    """

    console_session: UUID
    operator: str
    chain_seq: int
    digest: str


@dataclass(frozen=True)
class Heads:
    """Every head, and one digest over them all."""

    digest: str
    heads: tuple[Head, ...]


def read_heads(connection: psycopg.Connection[Any]) -> Heads:
    """Read the last link of every console session."""
    rows = connection.execute(
        "select console_session, operator::text, chain_seq, encode(digest, 'hex') from nightdesk.chain_head"
        " order by console_session"
    ).fetchall()
    heads = tuple(Head(*row) for row in rows)
    joined = " ".join(f"{head.console_session}{head.digest}" for head in heads)
    return Heads(hashlib.sha256(joined.encode()).hexdigest(), heads)


def parse_heads(text: str) -> tuple[Head, ...]:
    """Read heads back from the JSON that `nightdesk audit heads --json` printed.

    Raises:
        UsageError: The text is something else.
    """
    try:
        return tuple(
            Head(
                UUID(entry["console_session"]),
                str(entry["operator"]),
                int(entry["chain_seq"]),
                str(entry["digest"]),
            )
            for entry in json.loads(text)["heads"]
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError("this is not what `nightdesk audit heads --json` printed") from error
