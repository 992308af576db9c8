"""The fingerprint of a schema: every object as the server prints it, for comparing two databases or two moments."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from db.migration.catalog import Kind, read

# Objects of Alembic itself, present or not depending on how a database came to be.
VERSION_TABLE = "alembic_version"
STRUCTURE = frozenset({Kind.TABLE, Kind.COLUMN, Kind.CONSTRAINT, Kind.INDEX, Kind.ENUM, Kind.SEQUENCE})

Entry = tuple[Kind, str]


@dataclass(frozen=True)
class Fingerprint:
    """What a schema holds.

    Args:
        schema: Its name; not part of the comparison.
        objects: Definition by kind and name.
    """

    schema: str
    objects: Mapping[Entry, str]

    @property
    def digest(self) -> str:
        """Return a SHA-256 over all objects, for a quick equality test."""
        digest = hashlib.sha256()
        for (kind, name), definition in sorted(self.objects.items()):
            digest.update(f"{kind}\0{name}\0{definition}\0".encode())
        return digest.hexdigest()


class Move(StrEnum):
    """How an object differs between two fingerprints."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Difference:
    """One object that differs.

    Args:
        move: Added to, removed from or changed in the second fingerprint.
        kind: What it is.
        name: Which one.
        before: Its definition in the first.
        after: Its definition in the second.
    """

    move: Move
    kind: Kind
    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """Say it in one line."""
        if self.move is Move.CHANGED:
            return f"{self.kind} {self.name} changed: `{self.before}` → `{self.after}`"
        return f"{self.kind} {self.name} {self.move}"


def take(
    connection: psycopg.Connection[Any],
    schema: str = "public",
    kinds: Collection[Kind] = frozenset(Kind),
    *,
    path: tuple[str, ...] = (),
) -> Fingerprint:
    """Read the fingerprint of one schema; writes nothing.

    Column order, the names' schema, Alembic's version table and NOT NULL as a constraint (PostgreSQL 18) are
    no part of it, so that databases of different histories and versions compare.

    Args:
        connection: Any connection; its search_path is untouched afterwards.
        schema: Which schema.
        kinds: Which kinds of objects.
        path: Further schemas whose names print unqualified (when `schema` is a scratch schema).

    Returns:
        The fingerprint.
    """
    objects: dict[Entry, str] = {}
    with connection.transaction(force_rollback=True):
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in (schema, *path))
        connection.execute("select set_config('search_path', %s, true)", (names,))
        for kind in sorted(kinds):
            for name, definition in read(connection, kind, schema).items():
                if name.split(".", 1)[0] != VERSION_TABLE:
                    objects[kind, name] = definition
    return Fingerprint(schema, objects)


def difference(first: Fingerprint, second: Fingerprint) -> tuple[Difference, ...]:
    """List what differs from the first to the second, sorted by kind and name."""
    return tuple(_differences(first.objects, second.objects))


def _differences(first: Mapping[Entry, str], second: Mapping[Entry, str]) -> Iterable[Difference]:
    for entry in sorted(first.keys() | second.keys()):
        before, after = first.get(entry), second.get(entry)
        if before == after:
            continue
        move = Move.ADDED if before is None else Move.REMOVED if after is None else Move.CHANGED
        yield Difference(move, entry[0], entry[1], before, after)
