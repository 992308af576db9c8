"""The SQL of one page: a walk along an index, in one statement and one round trip.

Rows with NULL in the first sort column are a group of their own before or behind the others, because a row-value
comparison never matches a NULL. Each group is a branch with its own LIMIT that one index serves in either direction;
the branches are merged by UNION ALL and sorted again, which costs at most two pages of rows. The branches carry plain
columns; what a list computes from them is computed outside, so that its cost neither multiplies nor misleads the
planner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.page.cursor import Cursor
from db.page.filters import Predicate
from db.page.listing import KeyType, Listing, Order, SortColumn


@dataclass(frozen=True)
class Statement:
    """SQL with its parameters in order."""

    sql: str
    params: tuple[object, ...]


@dataclass(frozen=True)
class Conditions:
    """What the operator asked for, parted by who finds it: an index, or eyes on a window of rows."""

    carried: tuple[Predicate, ...] = ()
    looked_at: tuple[Predicate, ...] = ()


@dataclass(frozen=True)
class Walk:
    """One page of a list: where it starts, which way it goes and how many rows it may return.

    Args:
        listing: The list.
        order: The order the operator sees.
        start: The row next to which the page begins, None for an end of the list.
        backwards: Against the order: towards its beginning.
        conditions: Filters.
        limit: Rows to return, the one that tells whether there are more included.
    """

    listing: Listing[Any]
    order: Order
    start: Cursor | None
    backwards: bool
    conditions: Conditions
    limit: int

    @property
    def descending(self) -> bool:
        """Whether this walk reads the sort columns downwards."""
        return self.order.sort.descending ^ self.order.turned ^ self.backwards

    @property
    def nulls_last(self) -> bool:
        """Whether this walk meets the group of NULLs after the others."""
        return self.order.sort.nulls_last ^ self.order.turned ^ self.backwards

    @property
    def columns(self) -> tuple[SortColumn, ...]:
        """The sort columns."""
        return self.order.sort.columns

    @property
    def direction(self) -> str:
        """ASC or DESC."""
        return "desc" if self.descending else "asc"

    def ordering(self, names: Sequence[str]) -> str:
        """An ORDER BY list over these names, in the walk's direction."""
        return ", ".join(f"{name} {self.direction}" for name in names)


@dataclass(frozen=True)
class _Group:
    """The rows with a value in the first sort column, or those without."""

    number: int
    condition: Predicate | None


def page_statement(walk: Walk) -> Statement:
    """The statement of a page.

    Its rows are (time, group, matches, cut, key as text…, columns…); a NULL group stands for an empty page. When some
    filter has no index, they are those that match among the next `Listing.window` rows, and the last row of a full
    window (`cut`) whether it matches or not, so that the walk can go on from there.
    """
    if walk.conditions.looked_at:
        return _window_statement(walk)
    keys, alias = _key_names(walk), walk.listing.alias
    reads = [f'{alias}."{name}"' for name in walk.listing.reads]
    branches, params = _branches(walk, reads, walk.limit)
    # The clock has to come even when the page is empty: hence the left join onto one row.
    sql = (
        f"select clock.at, {alias}.part, true, false, {_as_text(keys, alias)}, {_computed(walk.listing)}\n"
        "from (select statement_timestamp() at time zone 'utc' as at) as clock left join (\n"
        f"{branches}\n) as {alias} on true\n"
        f"order by {alias}.part, {walk.ordering([f'{alias}.{key}' for key in keys])} limit {walk.limit}"
    )
    return Statement(sql, params)


def count_statement(walk: Walk, cap: int) -> Statement:
    """The statement that counts matching rows up to a cap, or the matches in the first window of rows."""
    listing = walk.listing
    carried = [listing.scope, *(each.sql for each in walk.conditions.carried)]
    params = [value for each in walk.conditions.carried for value in each.params]
    if not walk.conditions.looked_at:
        inner = f"select 1 from {listing.source}{_where(carried)} limit {cap}"
        return Statement(f"select count(*), false from ({inner}) as found", tuple(params))
    matches, match_params = _matches(walk)
    branches, params_of_branches = _branches(
        walk, [f"{matches} as matches"], walk.listing.window, match_params
    )
    sql = (
        "select count(*) filter (where scanned.matches), count(*) = "
        f"{walk.listing.window} from (select * from (\n{branches}\n) as every limit {walk.listing.window}) as scanned"
    )
    return Statement(sql, params_of_branches)


def _window_statement(walk: Walk) -> Statement:
    keys, listing = _key_names(walk), walk.listing
    matches, match_params = _matches(walk)
    branches, params = _branches(walk, [f"{matches} as matches"], listing.window, match_params)
    ordering = f"every.part, {walk.ordering([f'every.{key}' for key in keys])}"
    # Only the rows that are shown are read again, by primary key, for their columns.
    sql = (
        "with scanned as materialized (\n"
        f"select every.*, row_number() over (order by {ordering}) as place from (\n{branches}\n) as every\n"
        f"order by {ordering} limit {listing.window}\n"
        "), chosen as materialized (\n"
        f"select * from scanned where matches or place = {listing.window} order by place limit {walk.limit}\n)\n"
        f"select clock.at, chosen.part, chosen.matches, chosen.place = {listing.window},"
        f" {_as_text(keys, 'chosen')}, {_computed(listing)}\n"
        "from (select statement_timestamp() at time zone 'utc' as at) as clock left join chosen on true\n"
        f"left join {listing.source} on {walk.columns[-1].sql} = chosen.{keys[-1]}\n"
        "order by chosen.place"
    )
    return Statement(sql, params)


def _branches(
    walk: Walk, columns: Sequence[str], limit: int, column_params: Sequence[object] = ()
) -> tuple[str, tuple[object, ...]]:
    keys = [f"{column.sql} as k{i}" for i, column in enumerate(walk.columns)]
    ordering = walk.ordering([column.sql for column in walk.columns])
    selects: list[str] = []
    params: list[object] = []
    for group in _groups(walk):
        wanted = [*walk.conditions.carried, *([group.condition] if group.condition else [])]
        where = _where([walk.listing.scope, *(each.sql for each in wanted)])
        selected = ", ".join([f"{group.number} as part", *keys, *columns])
        selects.append(
            f"(select {selected} from {walk.listing.source}{where} order by {ordering} limit {limit})"
        )
        params += column_params
        params += [value for each in wanted for value in each.params]
    return "\nunion all\n".join(selects), tuple(params)


def _groups(walk: Walk) -> list[_Group]:
    """The groups this walk still has before it, numbered in the order in which it meets them."""
    first = walk.columns[0]
    if not walk.order.sort.nullable:
        return [_Group(0, _beyond(walk, walk.columns, walk.start.values) if walk.start else None)]
    valued, empty = f"{first.sql} is not null", f"{first.sql} is null"
    if walk.start is None:
        groups = [_Group(0, Predicate(valued)), _Group(1, Predicate(empty))]
        return groups if walk.nulls_last else [_Group(0, Predicate(empty)), _Group(1, Predicate(valued))]
    values = walk.start.values
    if values[0] is None:
        here = _and(empty, _beyond(walk, walk.columns[1:], values[1:]))
        rest = [] if walk.nulls_last else [_Group(1, Predicate(valued))]
    else:
        here = _and(valued, _beyond(walk, walk.columns, values))
        rest = [_Group(1, Predicate(empty))] if walk.nulls_last else []
    return [_Group(0, here), *rest]


def _beyond(walk: Walk, columns: Sequence[SortColumn], values: Sequence[str | None]) -> Predicate:
    names = ", ".join(column.sql for column in columns)
    # A text stays without a type, so that it becomes whatever the column is: ids are uuids in some databases.
    places = ", ".join("%s" if column.type is KeyType.TEXT else f"%s::{column.type}" for column in columns)
    return Predicate(f"({names}) {'<' if walk.descending else '>'} ({places})", tuple(values))


def _matches(walk: Walk) -> tuple[str, list[object]]:
    looked_at = walk.conditions.looked_at
    sql = " and ".join(f"coalesce({each.sql}, false)" for each in looked_at)
    return f"({sql})", [value for each in looked_at for value in each.params]


def _and(condition: str, other: Predicate) -> Predicate:
    return Predicate(f"{condition} and {other.sql}", other.params)


def _where(conditions: Sequence[str]) -> str:
    present = [condition for condition in conditions if condition]
    return f" where {' and '.join(present)}" if present else ""


def _key_names(walk: Walk) -> list[str]:
    return [f"k{i}" for i in range(len(walk.columns))]


def _as_text(keys: Sequence[str], alias: str) -> str:
    # JSON prints a timestamp in ISO form whatever the session's DateStyle.
    return ", ".join(f"to_jsonb({alias}.{key}) #>> '{{}}'" for key in keys)


def _computed(listing: Listing[Any]) -> str:
    return ", ".join(listing.columns.values())
