"""What a list is: where its rows come from, how it may be sorted and filtered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from db.errors import NightdeskError, UsageError
from db.page.cursor import Cursor
from db.page.filters import BARE, Filter, Term

Row = TypeVar("Row")


class KeyType(StrEnum):
    """SQL type of a sort column; the text of a cursor must look like it before it reaches the server."""

    TEXT = "text"
    INTEGER = "bigint"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    UUID = "uuid"

    def accepts(self, text: str) -> bool:
        """Whether the text of a cursor can be a value of this type."""
        return _SHAPES[self].fullmatch(text) is not None


_TIME = r"-?infinity|\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d(:\d\d)?)?( BC)?"
_SHAPES = {
    KeyType.TEXT: re.compile(r".*", re.DOTALL),
    KeyType.INTEGER: re.compile(r"-?\d{1,18}"),
    KeyType.TIMESTAMP: re.compile(_TIME),
    KeyType.TIMESTAMPTZ: re.compile(_TIME),
    KeyType.UUID: re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}


@dataclass(frozen=True)
class SortColumn:
    """One column of a sort key.

    Args:
        sql: The expression exactly as the index has it.
        type: Its SQL type.
        nullable: Only the first column of a sort may be; NULLs form a group of their own.
    """

    sql: str
    type: KeyType
    nullable: bool = False


@dataclass(frozen=True)
class Sort:
    """A declared order; the last column is the table's primary key, so that no two rows are equal.

    Args:
        name: What the operator types after --sort.
        columns: Key columns, all in one direction, so that one index serves both ways.
        descending: Direction of the list before an operator turns it round.
        nulls_last: Where the group of NULLs stands in that direction.
        indexed: Whether this database has an index of that shape.
    """

    name: str
    columns: tuple[SortColumn, ...]
    descending: bool = False
    nulls_last: bool = True
    indexed: bool = True

    def __post_init__(self) -> None:
        if not self.columns or any(column.nullable for column in self.columns[1:]):
            raise ValueError(f"sort {self.name}: only the first of its columns may be NULL")

    @property
    def nullable(self) -> bool:
        """Whether the list has a group of rows without a value for the first column."""
        return self.columns[0].nullable


@dataclass(frozen=True)
class Order:
    """A sort and the way the operator wants it."""

    sort: Sort
    turned: bool = False

    @property
    def text(self) -> str:
        """The order as the operator would type it."""
        return f"-{self.sort.name}" if self.turned else self.sort.name


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A declared list; an area builds it from what this role may read (see db.capabilities).

    Args:
        name: Identity of the list, part of every cursor.
        table: The table its rows come from.
        alias: Name of that table in every expression.
        reads: Columns of the table that the expressions need; the walk carries these and nothing else.
        columns: Attribute of the row type → SQL expression, chosen by the area; computed for the rows shown only.
        make: Builds one row from those attributes.
        sorts: Declared sorts, the first is the default.
        filters: Declared filters.
        scope: Condition that every row of the list meets, empty for none.
        aliases: Other names of filters, such as the headings under which operators see their values.
        words: Name of the filter that a bare word asks.
        withheld: Filters that this list has elsewhere → why not here, for this role.
        note: What an operator must know about this list here ("e-mail hidden").
        veil: What to say instead of "nothing", where rows may be out of this role's sight.
        window: Rows looked through for one page when no index carries a filter.
    """

    name: str
    table: str
    alias: str
    reads: tuple[str, ...]
    columns: Mapping[str, str]
    make: Callable[..., Row]
    sorts: tuple[Sort, ...]
    filters: tuple[Filter, ...] = ()
    scope: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    words: str = "text"
    withheld: Mapping[str, NightdeskError] = field(default_factory=dict)
    note: str | None = None
    veil: str | None = None
    window: int = 20_000
    _filters: dict[str, Filter] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._filters.update({each.name: each for each in self.filters})

    @property
    def source(self) -> str:
        """The FROM clause."""
        return f"{self.table} as {self.alias}"

    def order(self, text: str | None) -> Order:
        """The order an operator asked for: a sort's name, turned round by a leading minus.

        Raises:
            UsageError: The list has no such sort.
        """
        if text is None:
            return Order(self.sorts[0])
        for sort in self.sorts:
            if text.removeprefix("-") == sort.name:
                return Order(sort, turned=text.startswith("-"))
        known = ", ".join(sort.name for sort in self.sorts)
        raise UsageError(
            f"{self.name} cannot be sorted by {text!r}; known sorts: {known} (-name turns it round)."
        )

    def filter(self, term: Term) -> Filter:
        """The declared filter a term names, by its own name or an alias; a bare word asks the list's text filter.

        Raises:
            UsageError: The list has no such filter.
            PermissionDenied: It has, and this role may not read the column.
            Refused: It has, and this database does not have the column.
        """
        name = self.words if term.name == BARE else self.aliases.get(term.name, term.name)
        found = self._filters.get(name)
        if found is not None:
            return found
        if name in self.withheld:
            raise self.withheld[name]
        known = ", ".join(self._filters) or "none"
        if term.name == BARE:
            raise UsageError(f"{term.value!r} is not a filter; write name:value. Known filters: {known}.")
        raise UsageError(f"{self.name} has no filter {term.name!r}; known filters: {known}.")

    def check(self, cursor: Cursor, order: Order) -> None:
        """Refuse a cursor of another list, another sort or another shape.

        Raises:
            UsageError: The cursor does not belong here.
        """
        columns = order.sort.columns
        if (cursor.listing, cursor.sort) != (self.name, order.sort.name) or len(cursor.values) != len(
            columns
        ):
            raise UsageError(
                f"This position belongs to another list or sort than {self.name} by {order.sort.name}."
            )
        for column, value in zip(columns, cursor.values, strict=True):
            if (value is None and not column.nullable) or (
                value is not None and not column.type.accepts(value)
            ):
                raise UsageError(f"This position does not fit {self.name} by {order.sort.name}.")
