"""A ChangeSet: every write as data before it is an effect, with a hash that is its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from db.changes.values import NOW, Encoded, Now, Row, encode_row
from db.errors import UsageError
from db.verb import Verb

ROWS_AT_MOST = 5000
"""Rows that one operation may write and check; larger work is a batch."""

FORM = 1
"""Version of the text form; the database refuses any other."""


@dataclass(frozen=True)
class RowChange:
    """One row of one table, before and after; build it with insert(), update() or delete().

    A table without a schema is one of the platform's; columns have their physical names.
    """

    verb: Verb
    table: str
    key: Row
    before: Row | None
    after: Row | None

    @classmethod
    def insert(cls, table: str, *, key: Mapping[str, Any], after: Mapping[str, Any]) -> RowChange:
        """A new row; the planner creates its key, and no row may hold that key yet."""
        return cls(Verb.INSERT, table, _key(key), None, encode_row(after))

    @classmethod
    def update(
        cls, table: str, *, key: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> RowChange:
        """A changed row; before names every changed column and whatever else the plan relied on."""
        missing = sorted(set(after) - set(before))
        if missing:
            raise UsageError(f"an update of {table} names {', '.join(missing)} without the value before")
        return cls(Verb.UPDATE, table, _key(key), encode_row(before), encode_row(after))

    @classmethod
    def delete(cls, table: str, *, key: Mapping[str, Any], before: Mapping[str, Any]) -> RowChange:
        """A removed row; it can be undone only if before names every column."""
        return cls(Verb.DELETE, table, _key(key), encode_row(before), None)

    def columns(self) -> Iterator[tuple[str, Encoded, Encoded]]:
        """Yield (column, before, after) of every column whose value changes."""
        before, after = self.before or {}, self.after or {}
        for column in sorted(after if self.verb is not Verb.DELETE else before):
            if self.verb is not Verb.UPDATE or before.get(column) != after[column]:
                yield column, before.get(column), after.get(column)


@dataclass(frozen=True)
class RowCheck:
    """A fact the plan relied on, checked again under lock when it is applied."""

    kind: str
    table: str
    key: Row
    columns: Row

    @classmethod
    def looks(cls, table: str, *, key: Mapping[str, Any], columns: Mapping[str, Any]) -> RowCheck:
        """This row exists and holds these values."""
        return cls("looks", table, _key(key), encode_row(columns))

    @classmethod
    def absent(cls, table: str, *, key: Mapping[str, Any]) -> RowCheck:
        """No row matches these values."""
        return cls("absent", table, _key(key), {})


@dataclass(frozen=True)
class Guard:
    """A registered SQL guard of the schema nightdesk, such as `before` with {"moment": …}."""

    name: str
    arguments: Mapping[str, str]


@dataclass(frozen=True)
class Unit:
    """What is applied, skipped or refused together: one user, one event.

    Args:
        id: Stable name inside the ChangeSet; receipts and skips use it.
        label: The record's name for people; not part of the hash.
    """

    id: str
    changes: tuple[RowChange, ...]
    checks: tuple[RowCheck | Guard, ...] = ()
    label: str = ""


@dataclass(frozen=True)
class ChangeSet:
    """An ordered set of units for one database, with what an operator must know about it.

    Args:
        action: Id of the action, e.g. "reservation.extend".
        database: Identity of the database the plan was read from (`nightdesk.database_identity()`).
        summary: One sentence, for people.
        warnings: What the operator should weigh before confirming.
        undoes: The operation that this one reverses.
        schema: Where the platform's tables live.
    """

    action: str
    database: str
    units: tuple[Unit, ...]
    summary: str = ""
    warnings: tuple[str, ...] = ()
    undoes: UUID | None = None
    schema: str = "public"
    _text: str = field(init=False, repr=False, compare=False, default="")

    def __post_init__(self) -> None:
        ids = [unit.id for unit in self.units]
        if len(set(ids)) != len(ids):
            raise UsageError("two units of a change set have the same id")
        object.__setattr__(self, "_text", _dump(self._document()))

    @property
    def text(self) -> str:
        """The canonical text that is sent, hashed and approved."""
        return self._text

    @property
    def hash(self) -> str:
        """SHA-256 of the text, in hex: the identity of these changes (the database computes the same)."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    @property
    def rows(self) -> int:
        """How many rows it writes."""
        return sum(len(unit.changes) for unit in self.units)

    @classmethod
    def from_text(cls, text: str, *, summary: str = "", warnings: tuple[str, ...] = ()) -> ChangeSet:
        """Read a ChangeSet back from its text; the hash stays the same.

        Raises:
            UsageError: The text is not a ChangeSet of this form.
        """
        try:
            document = json.loads(text)
            if document["v"] != FORM:
                raise UsageError(f"the change set has form {document['v']}; this console reads form {FORM}")
            plan = cls(
                action=document["action"],
                database=document["database"],
                units=tuple(_read_unit(unit) for unit in document["units"]),
                summary=summary,
                warnings=warnings,
                undoes=UUID(document["undoes"]) if document.get("undoes") else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UsageError("the text is not a change set") from error
        if plan.text != text:
            raise UsageError("the text holds more than a change set, or is not in its canonical form")
        return plan

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "v": FORM,
            "action": self.action,
            "database": self.database,
            "units": [self._unit(unit) for unit in self.units],
        }
        if self.undoes is not None:
            document["undoes"] = str(self.undoes)
        return document

    def _unit(self, unit: Unit) -> dict[str, Any]:
        return {
            "unit": unit.id,
            "checks": [self._check(check) for check in unit.checks],
            "changes": [self._change(change) for change in unit.changes],
        }

    def _check(self, check: RowCheck | Guard) -> dict[str, Any]:
        if isinstance(check, Guard):
            return {"guard": check.name, "args": dict(check.arguments)}
        named = {"verb": check.kind, "table": self._qualified(check.table), "key": _plain(check.key)}
        return {**named, "before": _plain(check.columns)} if check.columns else named

    def _change(self, change: RowChange) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "verb": change.verb.value,
            "table": self._qualified(change.table),
            "key": _plain(change.key),
        }
        if change.before is not None:
            entry["before"] = _plain(change.before)
        if change.after is not None:
            entry["after"] = _plain(change.after)
        return entry

    def _qualified(self, table: str) -> str:
        return table if "." in table else f"{self.schema}.{table}"


def _key(key: Mapping[str, Any]) -> Row:
    encoded = encode_row(key)
    if not encoded or any(not isinstance(value, str) for value in encoded.values()):
        raise UsageError("a key names at least one column and has no NULL")
    return encoded


def _plain(row: Row) -> dict[str, Any]:
    return {column: {"$now": 1} if isinstance(value, Now) else value for column, value in row.items()}


def _typed(row: Mapping[str, Any]) -> Row:
    return {column: NOW if value == {"$now": 1} else value for column, value in row.items()}


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _read_unit(unit: Mapping[str, Any]) -> Unit:
    return Unit(
        id=unit["unit"],
        checks=tuple(_read_check(check) for check in unit["checks"]),
        changes=tuple(_read_change(change) for change in unit["changes"]),
    )


def _read_check(check: Mapping[str, Any]) -> RowCheck | Guard:
    if "guard" in check:
        return Guard(check["guard"], check["args"])
    return RowCheck(check["verb"], check["table"], _typed(check["key"]), _typed(check.get("before", {})))


def _read_change(change: Mapping[str, Any]) -> RowChange:
    before, after = change.get("before"), change.get("after")
    return RowChange(
        Verb(change["verb"]),
        change["table"],
        _typed(change["key"]),
        None if before is None else _typed(before),
        None if after is None else _typed(after),
    )
