"""Finding users by what operators call them: an id or a user name, in either case where that costs no table scan."""

from __future__ import annotations

from db.capabilities import Capabilities
from db.page.filters import WITH_STARS, Carried, Filter, Predicate, either, never, pattern, storable

SMALL = 50_000
"""Rows up to which every user name may be looked at when no index over lower(username) answers."""


def folds(caps: Capabilities, column: str) -> bool:
    """Whether users are found by this column in either case: an index answers, or the table is known to be small."""
    users = caps.table("users")
    if any(users.finds_by(f"lower({name})") for name in (column, f"({column})")):
        return True
    return 0 <= users.rows_estimate <= SMALL


def same(caps: Capabilities, column: str, value: str) -> Predicate:
    """The condition on `users as u` that a column is this text: in either case, else as written or in lower case."""
    if folds(caps, column):
        return Predicate(f"lower(u.{column}::text) = lower(%s)", (value,))
    return Predicate(f"u.{column} in (%s, lower(%s))", (value, value))


def called(caps: Capabilities, value: str) -> Predicate:
    """The condition on `users as u` that the user name is this text, in which `*` is any part."""
    if "*" not in value:
        return same(caps, "username", value)
    wanted = pattern(value)
    if folds(caps, "username"):
        return Predicate("lower(u.username) like lower(%s)", (wanted,))
    return Predicate("(u.username like %s or u.username like lower(%s))", (wanted, wanted))


def name_filter(name: str, caps: Capabilities) -> Filter:
    """A filter of a list over `users as u` by user name."""
    users = caps.table("users")
    lowered = users.finds_by("lower(username)")

    def carried(sort: str, value: str) -> bool:
        del sort, value
        return lowered or (users.finds_by("username") and not folds(caps, "username"))

    def prefixes(sort: str, value: str) -> bool:
        del sort, value
        over = "lower(username)" if folds(caps, "username") else "username"
        return users.finds_by(over, prefix=True)

    return Filter(
        name,
        f"{WITH_STARS}, in either case",
        lambda value: called(caps, storable(name, value)),
        either(carried, prefixes),
    )


def owner_filter(name: str, column: str, caps: Capabilities, *, carried: Carried = never) -> Filter:
    """A filter by the user that a row belongs to: an id or a user name.

    Names are resolved to ids first, in the same statement, so that the index over the column finds the rows.

    Args:
        name: What stands before the colon.
        column: The column with the user's id.
        caps: What this role may read.
        carried: Whether an index over the column finds rows.
    """
    named = caps.table("users").readable("id", "username")

    def predicate(value: str) -> Predicate:
        clean = storable(name, value)
        user = called(caps, clean) if named else Predicate("false")
        users = f"select u.id::text from users as u where {user.sql}"
        if "*" in clean:
            params = (pattern(clean), *user.params)
            return Predicate(f"({column}::text like %s or {column}::text in ({users}))", params)
        return Predicate(
            f"{column}::text = any (array(select %s::text union all {users}))", (clean, *user.params)
        )

    return Filter(name, f"an id or user name, {WITH_STARS}", predicate, either(carried, never))
