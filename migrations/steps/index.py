"""Indexes: built outside the transaction where the table has rows, and never left INVALID."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from db.errors import Refused
from db.migration.catalog import Kind, read
from migrations.steps.declared import Declared, Shape, clone_table
from migrations.steps.ground import Ground, ident
from migrations.steps.step import Outcome, Step

# CREATE INDEX CONCURRENTLY waits for every older transaction; a short lock_timeout would kill it for an unrelated
# snapshot and leave it INVALID, no limit would hang for ever behind a forgotten one.
_WAIT_BUDGET = "5min"


def has_rows(ground: Ground, table: str) -> bool:
    """Tell whether a table holds any row, so that reading all of them may take long."""
    return ground.holds(f"select from {ground.full(table)} limit 1")


def index_exists(ground: Ground, name: str) -> bool:
    """Tell whether the home schema has an index of this name, valid or not."""
    return ground.relation(name, "iI")


def _table_of(ground: Ground, name: str) -> str | None:
    rows = ground.rows(
        "select c.relname from pg_class x join pg_index i on i.indexrelid = x.oid join pg_class c on c.oid = i.indrelid "
        "where x.relnamespace = %(schema)s::regnamespace and x.relname = %(name)s",
        schema=ident(ground.schema),
        name=name,
    )
    return str(rows[0][0]) if rows else None


def _invalid(ground: Ground, name: str) -> bool:
    return ground.holds(
        "select from pg_index i join pg_class x on x.oid = i.indexrelid "
        "where x.relnamespace = %(schema)s::regnamespace and x.relname = %(name)s "
        "and x.relkind = 'i' and not (i.indisvalid and i.indisready)",
        schema=ident(ground.schema),
        name=name,
    )


def _refuse_if_building(ground: Ground, name: str) -> None:
    rows = ground.rows(
        "select p.pid from pg_stat_progress_create_index p join pg_class x on x.oid = p.index_relid "
        "where p.datname = current_database() and x.relnamespace = %(schema)s::regnamespace and x.relname = %(name)s",
        schema=ident(ground.schema),
        name=name,
    )
    if rows:
        raise Refused(
            f"index {name} is being built by process {rows[0][0]}. Wait for it and run the upgrade again."
        )


@contextmanager
def _patiently(ground: Ground) -> Iterator[None]:
    """Give statements that wait for other transactions the time they need, and restore the limits."""
    before = ground.rows(
        "select name, setting || coalesce(unit, '') from pg_settings "
        "where name in ('lock_timeout', 'statement_timeout', 'client_connection_check_interval')"
    )
    for name, value in (("lock_timeout", _WAIT_BUDGET), ("statement_timeout", "0")):
        ground.rows("select set_config(%(name)s, %(value)s, false)", name=name, value=value)
    if any(name == "client_connection_check_interval" for name, _ in before):
        ground.rows("select set_config('client_connection_check_interval', '0', false)")
    try:
        yield
    finally:
        for name, value in before:
            ground.rows("select set_config(%(name)s, %(value)s, false)", name=name, value=value)


def heal_invalid(ground: Ground, name: str) -> bool:
    """Drop the INVALID leftover of a broken concurrent build.

    Args:
        ground: Where.
        name: The index.

    Returns:
        True if there was one. CONCURRENTLY IF NOT EXISTS would report success over it and leave it broken.

    Raises:
        Refused: Another session is building it right now.
    """
    if not _invalid(ground, name):
        return False
    _refuse_if_building(ground, name)
    ground.report(f"index {name}: INVALID leftover of a broken build, dropping it")
    with ground.outside(), _patiently(ground):
        ground.run(f"drop index concurrently if exists {ground.full(name)}")
    return True


def build_outside(ground: Ground, name: str, sql: str) -> None:
    """Build an index CONCURRENTLY outside the transaction and prove that it is valid.

    Args:
        ground: Where.
        name: The index.
        sql: The statement with CONCURRENTLY in it.

    Raises:
        Refused: Other transactions outlasted the wait, or rows are not unique. The leftover is dropped where
            those transactions allow it; else it stays INVALID and the next run rebuilds it.
    """
    ground.report(f"index {name}: building concurrently")
    failure = "the server left it INVALID"
    with ground.outside(), _patiently(ground):
        try:
            ground.run(sql)
        except psycopg.errors.LockNotAvailable:
            failure = f"other transactions stayed open for longer than {_WAIT_BUDGET}"
        except psycopg.errors.UniqueViolation:
            failure = "rows of the table are not unique in its columns"
        if index_exists(ground, name) and not _invalid(ground, name):
            return
        raise Refused(
            f"index {name} could not be built: {failure}. {_clear(ground, name)} Run the upgrade again."
        )


def _clear(ground: Ground, name: str) -> str:
    """Drop what a failed build left, if the transactions it waited for let it; say which."""
    try:
        ground.run(f"drop index concurrently if exists {ground.full(name)}")
    except psycopg.errors.LockNotAvailable:
        return "What it left is INVALID and stays until the next run, which rebuilds it."
    return "Nothing of it is left."


@dataclass(frozen=True)
class Index(Declared):
    """An index.

    With `{concurrently}` in its text it is built outside the transaction if the table has rows by then;
    without, inside the transaction (tables made by the same revision, partitioned tables).

    Args:
        name: The index.
        table: Its table, unqualified.
        sql: Full text, for example `create index {concurrently} users_status_idx on users (status)`.
    """

    name: str
    table: str
    sql: str

    @property
    def label(self) -> str:
        """Name the index."""
        return f"index {self.name}"

    def statements(self) -> tuple[str, ...]:
        """Return the CREATE INDEX without CONCURRENTLY, which no transaction allows."""
        return (self._text(""),)

    def _text(self, concurrently: str) -> str:
        return self.sql.replace("{concurrently}", concurrently)

    def exists(self, ground: Ground) -> bool:
        """Tell whether any relation has this name (an index shares its namespace with tables)."""
        return index_exists(ground, self.name)

    def make(self, ground: Ground) -> None:
        """Build it, concurrently where that spares writers."""
        if ground.rehearsal or "{concurrently}" not in self.sql or not has_rows(ground, self.table):
            self.build(ground)
            return
        build_outside(ground, self.name, self._text("concurrently"))

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Build it, rebuild an INVALID one, or prove that it is the same."""
        healed = heal_invalid(ground, self.name)
        outcome = super().apply(ground, later)
        return Outcome.HEALED if healed else outcome

    def shape(self, ground: Ground) -> Shape:
        """Read the one index, whatever table it sits on."""
        table = _table_of(ground, self.name)
        if table is None:
            return {}
        return {"index": read(ground.connection, Kind.INDEX, ground.schema, table)[f"{table}.{self.name}"]}

    def underlay(self, home: Ground, scratch: Ground) -> None:
        """Clone the table."""
        clone_table(home, scratch, self.table)

    def revert(self, ground: Ground) -> None:
        """Drop the index, concurrently where that spares writers."""
        drop_index(ground, self.name, self.table, concurrently="{concurrently}" in self.sql)


def drop_index(ground: Ground, name: str, table: str, *, concurrently: bool) -> None:
    """Drop an index if it is there.

    Args:
        ground: Where.
        name: The index.
        table: Its table; without rows the drop stays inside the transaction.
        concurrently: Whether writers must be spared.
    """
    if not index_exists(ground, name):
        return
    if ground.rehearsal or not concurrently or not (ground.has_table(table) and has_rows(ground, table)):
        ground.run(f"drop index {ground.full(name)}")
        return
    with ground.outside(), _patiently(ground):
        ground.run(f"drop index concurrently if exists {ground.full(name)}")


@dataclass(frozen=True)
class DropIndex(Step):
    """An index that goes.

    Args:
        name: The index.
        table: Its table.
        sql: Full text as for `Index`, for the downgrade.
    """

    name: str
    table: str
    sql: str

    @property
    def label(self) -> str:
        """Name the index."""
        return f"drop of index {self.name}"

    def statements(self) -> tuple[str, ...]:
        """Return the DROP INDEX."""
        return (f"drop index if exists {ident(self.name)}",)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Drop the index."""
        del later
        if not index_exists(ground, self.name):
            return Outcome.ALREADY
        drop_index(ground, self.name, self.table, concurrently=True)
        return Outcome.DONE

    def revert(self, ground: Ground) -> None:
        """Build the index again."""
        if ground.has_table(self.table):
            Index(self.name, self.table, self.sql).apply(ground)


@dataclass(frozen=True)
class RenameIndex(Step):
    """An index that gets another name.

    Args:
        old: The name before.
        new: The name after.
    """

    old: str
    new: str

    @property
    def label(self) -> str:
        """Name both ends."""
        return f"index {self.old} → {self.new}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER INDEX."""
        return (f"alter index {ident(self.old)} rename to {ident(self.new)}",)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Rename, unless it is done; both or neither of the names is refused."""
        del later
        old, new = index_exists(ground, self.old), index_exists(ground, self.new)
        if new and not old:
            return Outcome.ALREADY
        if new == old:
            both = "both exist" if old else "neither exists"
            raise Refused(f"{self.label}: {both}, so the rename cannot be decided. Leave one and run again.")
        self.build(ground)
        return Outcome.DONE

    def revert(self, ground: Ground) -> None:
        """Give the old name back."""
        if index_exists(ground, self.new):
            ground.run(f"alter index {ground.full(self.new)} rename to {ident(self.old)}")
