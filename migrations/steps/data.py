"""Rows that belong to the schema: reference data and back-fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from migrations.steps.ground import Ground, ident
from migrations.steps.step import Outcome, Step

BATCH_ROWS = 5_000


def _literal(value: object) -> str:
    return sql.Literal(Jsonb(value) if isinstance(value, (dict, list)) else value).as_string(None)


@dataclass(frozen=True)
class Rows(Step):
    """Reference data, inserted where absent; a row that is there stays as its owner left it.

    Args:
        table: Unqualified table.
        key: Columns that identify a row and have a unique index.
        columns: Column names of the rows.
        rows: Values; dicts and lists become jsonb.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def label(self) -> str:
        """Name the table."""
        return f"{len(self.rows)} rows of {self.table}"

    def statements(self) -> tuple[str, ...]:
        """Return the INSERT."""
        columns = ", ".join(ident(column) for column in self.columns)
        values = ",\n  ".join("(" + ", ".join(map(_literal, row)) + ")" for row in self.rows)
        return (f"insert into {ident(self.table)} ({columns}) values\n  {values}\non conflict do nothing",)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Insert the absent rows."""
        del later
        return Outcome.DONE if ground.run(self.statements()[0]) else Outcome.ALREADY

    def revert(self, ground: Ground) -> None:
        """Delete the rows by key."""
        if not ground.has_table(self.table):
            return
        positions = [self.columns.index(column) for column in self.key]
        key = ", ".join(ident(column) for column in self.key)
        values = ", ".join("(" + ", ".join(_literal(row[at]) for at in positions) + ")" for row in self.rows)
        ground.run(f"delete from {ground.full(self.table)} where ({key}) in ({values})")


@dataclass(frozen=True)
class Backfill(Step):
    """A change of existing rows in batches of 5,000, each its own transaction, safe to stop and run again.

    The statement sees the batch as `batch(key)`. It walks the table by key, so that it ends even if rows keep
    matching.

    Example:
        Backfill("apps", key="id", where='"manifestVersion" is null', statement='''
            update apps set "manifestVersion" = '1.0.0' from batch where apps.id = batch.id''')

    Args:
        table: The table that is walked, unqualified.
        key: A unique, indexed column of it.
        where: Which rows; must name only rows that were never set, so that a re-run changes nothing.
        statement: UPDATE or INSERT that joins `batch`.
        needs_column: A column of the table without which there is nothing to do (dropped by a later step).
    """

    table: str
    key: str
    where: str
    statement: str
    needs_column: str | None = None

    @property
    def label(self) -> str:
        """Name the table."""
        return f"back-fill of {self.table}"

    def statements(self) -> tuple[str, ...]:
        """Return the statement over all rows at once."""
        key, table = ident(self.key), ident(self.table)
        return (
            f"with batch as materialized (select {key} from {table} where {self.where})\n{self.statement.strip()}",
        )

    def build(self, ground: Ground) -> None:
        """Do nothing: on a clone there are no rows, and a back-fill changes no definition."""

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Walk the table in batches, outside the transaction."""
        del later
        if self.needs_column is not None and not ground.has_column(self.table, self.needs_column):
            return Outcome.SKIPPED
        if not ground.holds(f"select from {ident(self.table)} where {self._escaped()} limit 1"):
            return Outcome.ALREADY
        changed = 0
        with ground.outside():
            after: object = None
            while (upto := self._next_bound(ground, after)) is not None:
                changed += self._run_batch(ground, after, upto)
                ground.report(f"{self.label}: {changed:,} rows")
                after = upto
        return Outcome.DONE

    def _escaped(self) -> str:
        return self.where.replace("%", "%%")

    def _next_bound(self, ground: Ground, after: object) -> object:
        key, table = ident(self.key), ident(self.table)
        beyond = f"{key} > %(after)s" if after is not None else "true"
        rows = ground.rows(
            f"select {key} from (select {key} from {table} where {beyond} and ({self._escaped()}) "
            f"order by {key} limit {BATCH_ROWS}) as batch order by {key} desc limit 1",
            after=after,
        )
        return rows[0][0] if rows else None

    def _run_batch(self, ground: Ground, after: object, upto: object) -> int:
        key, table = ident(self.key), ident(self.table)
        beyond = f"{key} > %(after)s and" if after is not None else ""
        statement = self.statement.strip().replace("%", "%%")
        query = (
            f"with batch as materialized (select {key} from {table} "
            f"where {beyond} {key} <= %(upto)s and ({self._escaped()}) for no key update)\n{statement}"
        )
        return ground.connection.execute(query.encode(), {"after": after, "upto": upto}).rowcount

    def revert(self, ground: Ground) -> None:
        """Leave the rows: what they were before is not known."""
