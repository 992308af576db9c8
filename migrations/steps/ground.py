"""The database that a revision stands on: one connection, one home schema, and the way out of the transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import psycopg

Row = tuple[Any, ...]


def ident(name: str) -> str:
    """Quote one identifier, so that camelCase names keep their case."""
    return '"' + name.replace('"', '""') + '"'


def say_nothing(_: str) -> None:
    """Drop a progress line."""


@dataclass(frozen=True)
class Ground:
    """Where steps are executed.

    Args:
        connection: The connection of the migration.
        schema: The home schema; steps create their objects there by unqualified names.
        path: Further schemas whose names a step may use unqualified.
        outside: Commits what is done and opens a stretch without a transaction (CONCURRENTLY, batches).
        report: Receives one line a noteworthy event.
        rehearsal: True while the steps run in a scratch schema that is rolled back: nothing may commit.
        final: The schema that the objects are meant for, where that is not `schema` (in a rehearsal).
    """

    connection: psycopg.Connection[Row]
    schema: str
    path: tuple[str, ...]
    outside: Callable[[], AbstractContextManager[None]]
    report: Callable[[str], None] = say_nothing
    rehearsal: bool = False
    final: str | None = None

    @property
    def home(self) -> str:
        """Return the schema that the objects are meant for, also while they are rehearsed elsewhere."""
        return self.final or self.schema

    def run(self, sql: str) -> int:
        """Execute one statement without parameters and return the number of rows it touched."""
        return self.connection.execute(sql.encode()).rowcount

    def rows(self, sql: str, **values: object) -> list[Row]:
        """Return the rows of a query with named parameters."""
        return self.connection.execute(sql.encode(), values).fetchall()

    def holds(self, sql: str, **values: object) -> bool:
        """Tell whether a query returns at least one row."""
        return bool(self.rows(sql, **values))

    def relation(self, name: str, kinds: str) -> bool:
        """Tell whether the home schema has a relation of that name and one of these relkinds."""
        return self.holds(
            "select from pg_class where relnamespace = %(schema)s::regnamespace "
            "and relname = %(name)s and relkind = any(string_to_array(%(kinds)s, null)::"
            '"char"[])',
            schema=ident(self.schema),
            name=name,
            kinds=kinds,
        )

    def has_table(self, name: str) -> bool:
        """Tell whether the home schema has this table."""
        return self.relation(name, "rp")

    def has_column(self, table: str, column: str) -> bool:
        """Tell whether a table of the home schema has this column."""
        return self.holds(
            "select from pg_attribute a join pg_class c on c.oid = a.attrelid "
            "where c.relnamespace = %(schema)s::regnamespace and c.relname = %(table)s and c.relkind in ('r', 'p') "
            "and a.attname = %(column)s and a.attnum > 0 and not a.attisdropped",
            schema=ident(self.schema),
            table=table,
            column=column,
        )

    def full(self, name: str) -> str:
        """Name an object of the home schema with its schema."""
        return f"{ident(self.schema)}.{ident(name)}"

    def stand_in(self, schema: str, *further: str) -> None:
        """Point search_path at a schema, for the rest of the enclosing savepoint."""
        names = ", ".join(ident(name) for name in (schema, *further))
        self.rows("select set_config('search_path', %(path)s, true)", path=names)

    @contextmanager
    def scratch(self) -> Iterator[Ground]:
        """Open a scratch schema in front of the home schema; everything done inside is rolled back.

        Yields:
            The ground of the scratch schema. Names that it does not have are found in the home schema.
        """
        name = f"{self.schema}_nightdesk_scratch"
        with self.connection.transaction(force_rollback=True):
            self.run(f"create schema {ident(name)}")
            self.stand_in(name, self.schema, *self.path)
            yield replace(
                self,
                schema=name,
                path=(self.schema, *self.path),
                outside=nullcontext,
                rehearsal=True,
                final=self.home,
            )


def stand_on(
    connection: psycopg.Connection[Row],
    *,
    outside: Callable[[], AbstractContextManager[None]] | None = None,
    report: Callable[[str], None] = say_nothing,
    rehearsal_of: str | None = None,
) -> Ground:
    """Make the ground of a connection: its search_path names the home schema first.

    Args:
        connection: In a transaction or about to begin one.
        outside: How to leave the transaction; by default commit, autocommit, and back.
        report: Receives progress lines.
        rehearsal_of: The schema that is rehearsed, if everything will be rolled back and nothing may commit.

    Returns:
        The ground for `apply_steps` and `revert_steps`.
    """
    row = connection.execute("select current_schema(), current_schemas(false)::text[]").fetchone()
    assert row is not None
    home, path = str(row[0]), tuple(str(name) for name in row[1])

    @contextmanager
    def commit_and_leave() -> Iterator[None]:
        connection.commit()
        connection.autocommit = True
        try:
            yield
        finally:
            connection.autocommit = False

    return Ground(
        connection,
        home,
        path[1:] if rehearsal_of is None else (rehearsal_of,),
        outside or commit_and_leave,
        report,
        rehearsal=rehearsal_of is not None,
        final=rehearsal_of,
    )
