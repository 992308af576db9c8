"""Filters that a list declares, and the text in which operators ask for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from db.errors import UsageError

_TERM = re.compile(r"(?P<negate>!?)(?P<name>[a-z][a-z_-]*):(?P<value>.*)", re.DOTALL | re.IGNORECASE)
_AGE = re.compile(r"(?P<sign>[<>])(?P<count>\d{1,6})(?P<unit>[smhdw])")
# The name of a term that was written without one.
BARE = ""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
Carried: TypeAlias = Callable[[str, str], bool]
UTC_NOW = "(now() at time zone 'utc')"
WITH_STARS = "a value, with * for any part of it"


@dataclass(frozen=True)
class Term:
    """One condition as an operator writes it: `status:failed`, negated `!status:failed`; a bare word has no name."""

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
    """Read the filter syntax: terms `name:value` or bare words between spaces, `!` before one inverts it.

    Raises:
        UsageError: Nothing stands behind a `!`.
    """
    terms = []
    for word in text.split():
        match = _TERM.fullmatch(word)
        if match is not None:
            terms.append(Term(match["name"].lower(), match["value"], negate=match["negate"] == "!"))
            continue
        bare = word.removeprefix("!")
        if not bare:
            raise UsageError("! inverts the term behind it; write !status:failed, without a space.")
        terms.append(Term(BARE, bare, negate=word.startswith("!")))
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
    """A filter by a text: exact, or with `*` for any part of it; `_` and `%` are themselves."""

    def predicate(value: str) -> Predicate:
        clean = storable(name, value)
        if "*" in clean:
            return like(column, clean)
        return Predicate(f"{column} = %s", (clean,))

    return Filter(name, WITH_STARS, predicate, either(carried, prefixes))


def folded(name: str, column: str, *, carried: Carried = never) -> Filter:
    """A filter by a text in either case, whole or with `*`; its index is over lower(column)."""

    def predicate(value: str) -> Predicate:
        clean = storable(name, value)
        if "*" in clean:
            return Predicate(f"lower({column}) like lower(%s)", (pattern(clean),))
        return Predicate(f"lower({column}) = lower(%s)", (clean,))

    return Filter(name, f"{WITH_STARS}, in either case", predicate, either(carried, carried))


def prefix(name: str, column: str, *, carried: Carried = never) -> Filter:
    """A filter by the beginning of a text, or by parts of it between `*`; `_` and `%` are themselves."""

    def predicate(value: str) -> Predicate:
        return like(column, storable(name, value).removesuffix("*") + "*")

    return Filter(name, "the beginning of the value", predicate, either(carried, carried))


def contains(name: str, *columns: str) -> Filter:
    """A filter by a text anywhere in one of the columns, in either case; always looks through a window."""

    def predicate(value: str) -> Predicate:
        wanted = pattern(f"*{storable(name, value)}*")
        alternatives = " or ".join(f"{column} ilike %s" for column in columns)
        return Predicate(f"({alternatives})", (wanted,) * len(columns))

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


def moment(name: str, column: str, *, walked: str | None = None, carried: Carried = never) -> Filter:
    """A filter by when a time comes: `<24h` is before 24 hours from now, `>now` not yet past, `<2026-03-01` a date.

    Args:
        name: What stands before the colon.
        column: The time, UTC without zone; a row without one never matches.
        walked: The expression that the index has instead, where it puts a time in the place of NULL.
        carried: As for every filter.
    """
    condition = column if walked is None else f"{column} is not null and {walked}"

    def predicate(value: str) -> Predicate:
        if value in {"<now", ">now"}:
            return Predicate(f"({condition} {value[0]} {UTC_NOW})")
        match = _AGE.fullmatch(value)
        if match is not None:
            interval = f"{match['count']} {_UNITS[match['unit']]}"
            return Predicate(f"({condition} {match['sign']} {UTC_NOW} + %s::interval)", (interval,))
        return Predicate(f"({condition} {value[:1]} %s::timestamp)", (_named_time(name, value),))

    return Filter(name, "<24h, >now or <2026-03-01", predicate, carried)


def _named_time(name: str, value: str) -> str:
    try:
        if not value.startswith(("<", ">")):
            raise ValueError(value)
        at = datetime.fromisoformat(value[1:])
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{name}:{value} is not a time; write <24h, >now or <2026-03-01 (s, m, h, d, w; UTC)."
        ) from error
    return at.replace(tzinfo=None).isoformat(" ")


def like(column: str, value: str) -> Predicate:
    """A search with `*` for any text; with one `*` at the end it has the form that btree indexes answer."""
    return Predicate(f"{column} like %s", (pattern(value),))


def pattern(value: str) -> str:
    """The LIKE pattern for a value in which `*` is any text; `_`, `%` and a backslash are themselves."""
    literal = value.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return literal.replace("*", "%")


def either(carried: Carried, prefixes: Carried) -> Carried:
    """The index for a whole value, that for its beginning, and none for a `*` before the end."""

    def found(sort: str, value: str) -> bool:
        if "*" in value.removesuffix("*"):
            return False
        return (prefixes if value.endswith("*") else carried)(sort, value)

    return found


def storable(name: str, value: str) -> str:
    """The value, if it can be compared with a text.

    Raises:
        UsageError: It is empty, or nothing that PostgreSQL can store.
    """
    if not value:
        raise UsageError(f"{name}: needs a value.")
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise UsageError(f"{name}: needs a value that PostgreSQL can store as text.")
    return value
