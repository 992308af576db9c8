"""Filters that a list declares, and the text in which operators ask for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from db.errors import UsageError

_TERM = re.compile(r"(?P<negate>!?)(?P<name>[a-z][a-z_-]*):(?P<value>.*)", re.DOTALL)
_AGE = re.compile(r"(?P<sign>[<>])(?P<count>\d{1,6})(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
Carried: TypeAlias = Callable[[str, str], bool]
UTC_NOW = "(now() at time zone 'utc')"


@dataclass(frozen=True)
class Term:
    """One condition as an operator writes it: `status:failed`, negated `!status:failed`."""

    name: str
    value: str
    negate: bool = False


@dataclass(frozen=True)
class Predicate:
    """A condition ready for SQL: `sql` has one %s for each parameter."""

    sql: str
    params: tuple[object, ...] = ()


@dataclass(frozen=True)
class Filter:
    """A declared filter.

    Args:
        name: What stands before the colon.
        accepts: What may stand after it, in words.
        predicate: Builds the condition from the value; raises UsageError for a value it does not know.
        carried: Whether, under the named sort, an index finds the rows with this value. Where none does, the list
            looks through a window of rows and says so.
        choices: The closed set of values, for completion; empty when it is open.
        implied: Value → a wider condition that an index does carry (under `carried`'s sorts), so that the window
            is looked for among those rows only.
    """

    name: str
    accepts: str
    predicate: Callable[[str], Predicate]
    carried: Carried
    choices: tuple[str, ...] = ()
    implied: Mapping[str, str] = field(default_factory=dict)


def never(sort: str, value: str) -> bool:
    """No index carries the filter."""
    del sort, value
    return False


def always(sort: str, value: str) -> bool:
    """An index finds the few rows with such a value, whatever the sort."""
    del sort, value
    return True


def when(present: bool) -> Carried:
    """An index carries the filter if this database has it."""
    return always if present else never


def under(*sorts: str, values: Collection[str] | None = None) -> Carried:
    """An index carries the filter under these sorts, for all values or the named ones."""

    def carried(sort: str, value: str) -> bool:
        return sort in sorts and (values is None or value in values)

    return carried


def parse_terms(text: str) -> tuple[Term, ...]:
    """Read the filter syntax: terms `name:value` between spaces, `!` before one inverts it.

    Raises:
        UsageError: A word is not a term.
    """
    terms = []
    for word in text.split():
        match = _TERM.fullmatch(word)
        if match is None:
            raise UsageError(f"{word!r} is not a filter; write name:value, for instance status:failed.")
        terms.append(Term(match["name"], match["value"], negate=match["negate"] == "!"))
    return tuple(terms)


def choice(name: str, column: str, choices: tuple[str, ...], *, carried: Carried = never) -> Filter:
    """A filter by one of a closed set of values."""

    def predicate(value: str) -> Predicate:
        if value not in choices:
            raise UsageError(f"{name}:{value} is not known; one of {', '.join(choices)}.")
        return Predicate(f"{column} = %s", (value,))

    return Filter(name, "one of " + ", ".join(choices), predicate, carried, choices)


def state(
    name: str,
    words: Mapping[str, str],
    *,
    carried: Carried = never,
    implied: Mapping[str, str] | None = None,
) -> Filter:
    """A filter by words that stand for a condition on the row (`state:overdue`)."""

    def predicate(value: str) -> Predicate:
        condition = words.get(value)
        if condition is None:
            raise UsageError(f"{name}:{value} is not known; one of {', '.join(words)}.")
        return Predicate(f"({condition})")

    return Filter(name, "one of " + ", ".join(words), predicate, carried, tuple(words), implied or {})


def flag(name: str, column: str, *, carried: Carried = never) -> Filter:
    """A filter by a boolean column, `yes` or `no`."""
    return state(name, {"yes": f"{column} is true", "no": f"{column} is false"}, carried=carried)


def text(name: str, column: str, *, carried: Carried = never, prefixes: Carried = never) -> Filter:
    """A filter by a text: exact, or by prefix when the value ends in `*`; `_` and `%` are themselves."""

    def predicate(value: str) -> Predicate:
        clean = _storable(name, value)
        if clean.endswith("*"):
            return starts_with(column, clean.removesuffix("*"))
        return Predicate(f"{column} = %s", (clean,))

    def either(sort: str, value: str) -> bool:
        return (prefixes if value.endswith("*") else carried)(sort, value)

    return Filter(name, "a value, or its beginning followed by *", predicate, either)


def folded(name: str, column: str, *, carried: Carried = never) -> Filter:
    """A filter by a text in either case, whole or by its beginning; its index is over lower(column)."""

    def predicate(value: str) -> Predicate:
        clean = _storable(name, value)
        if clean.endswith("*"):
            return Predicate(f"lower({column}) like lower(%s)", (_literal(clean.removesuffix("*")) + "%",))
        return Predicate(f"lower({column}) = lower(%s)", (clean,))

    return Filter(name, "a value in either case, or its beginning followed by *", predicate, carried)


def prefix(name: str, column: str, *, carried: Carried = never) -> Filter:
    """A filter by the beginning of a text; `_` and `%` are themselves."""

    def predicate(value: str) -> Predicate:
        return starts_with(column, _storable(name, value).removesuffix("*"))

    return Filter(name, "the beginning of the value", predicate, carried)


def contains(name: str, *columns: str) -> Filter:
    """A filter by a text anywhere in one of the columns, in either case; always looks through a window."""

    def predicate(value: str) -> Predicate:
        pattern = f"%{_literal(_storable(name, value))}%"
        alternatives = " or ".join(f"{column} ilike %s" for column in columns)
        return Predicate(f"({alternatives})", (pattern,) * len(columns))

    return Filter(name, "a part of the value", predicate, never)


def age(name: str, column: str, *, now: str = UTC_NOW, carried: Carried = never) -> Filter:
    """A filter by how long ago a time is: `>2h` is older than two hours, `<30m` younger.

    `now` is `now()` for columns with time zone; the default is for those that hold UTC without one.
    """

    def predicate(value: str) -> Predicate:
        match = _AGE.fullmatch(value)
        if match is None:
            raise UsageError(f"{name}:{value} is not an age; write >2h or <30m (s, m, h, d, w).")
        sign = "<" if match["sign"] == ">" else ">"
        interval = f"{match['count']} {_UNITS[match['unit']]}"
        return Predicate(f"{column} {sign} {now} - %s::interval", (interval,))

    return Filter(name, ">2h or <30m (s, m, h, d, w)", predicate, carried)


def starts_with(column: str, beginning: str) -> Predicate:
    """A prefix search in the one form that btree indexes answer: an escaped LIKE."""
    return Predicate(f"{column} like %s", (_literal(beginning) + "%",))


def _literal(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _storable(name: str, value: str) -> str:
    if not value or "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise UsageError(f"{name}: needs a value that PostgreSQL can store as text.")
    return value
