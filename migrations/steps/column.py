"""Columns: added, renamed, dropped, and their defaults and NOT NULL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.errors import Refused
from db.migration.catalog import Kind, read
from migrations.steps.declared import Declared, Shape, clone_table
from migrations.steps.ground import Ground, ident
from migrations.steps.step import Outcome, Step


@dataclass(frozen=True)
class Column(Declared):
    """A column added to an existing table.

    A later `Default`, `NotNull` or `RenameColumn` of the same revision counts as the same definition, so that
    a column that is added, filled and then tightened can be met at any of these stages.

    Args:
        table: Unqualified table.
        name: The column.
        definition: Type, NOT NULL, default, generated, collation. Keys and checks are `Constraint` steps.
    """

    table: str
    name: str
    definition: str

    @property
    def label(self) -> str:
        """Name the column."""
        return f"column {self.table}.{self.name}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (f"alter table {ident(self.table)} add column {ident(self.name)} {self.definition}",)

    def exists(self, ground: Ground) -> bool:
        """Tell whether the table has a column of this name."""
        return ground.has_column(self.table, self.name)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Add the column; one that a later step renamed or dropped already counts as done."""
        if not self.exists(ground) and any(
            step.supersedes(self.table, self.name, ground) for step in later if isinstance(step, RenameColumn)
        ):
            return Outcome.ALREADY
        return super().apply(ground, later)

    def shape(self, ground: Ground) -> Shape:
        """Read the one column."""
        columns = read(ground.connection, Kind.COLUMN, ground.schema, self.table)
        own = f"{self.table}.{self.name}"
        return {f"column {own}": columns[own]} if own in columns else {}

    def underlay(self, home: Ground, scratch: Ground) -> None:
        """Clone the table without this column."""
        clone_table(home, scratch, self.table)
        scratch.run(f"alter table {ident(self.table)} drop column {ident(self.name)} cascade")

    def amended_by(self, step: Step) -> bool:
        """Accept what later steps make of this column."""
        return step.amends(self.table, self.name)

    def revert(self, ground: Ground) -> None:
        """Drop the column."""
        if ground.has_table(self.table):
            ground.run(f"alter table {ground.full(self.table)} drop column if exists {ident(self.name)}")

    def amends(self, table: str, column: str | None = None) -> bool:
        """Tell whether it is this table that gains the column."""
        return table == self.table and column is None


@dataclass(frozen=True)
class Default(Step):
    """The default of a column, set, changed or dropped.

    Args:
        table: Unqualified table.
        column: The column.
        expression: The new default, or None to drop it.
        previous: The default before, restored by a downgrade; None means there was none.
    """

    table: str
    column: str
    expression: str | None
    previous: str | None = None

    @property
    def label(self) -> str:
        """Name the default."""
        return f"default of {self.table}.{self.column}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (self._set(self.expression),)

    def _set(self, expression: str | None) -> str:
        action = "drop default" if expression is None else f"set default {expression}"
        return f"alter table {ident(self.table)} alter column {ident(self.column)} {action}"

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Set the default, unless it or that of a later step is there; any other is refused."""
        later_ones = [
            step.expression
            for step in later
            if isinstance(step, Default) and (step.table, step.column) == (self.table, self.column)
        ]
        actual, (expected, previous, *reached) = self._read(
            ground, [self.expression, self.previous, *later_ones]
        )
        if actual == expected or actual in reached:
            return Outcome.ALREADY
        if actual != previous:
            raise Refused(
                f"{self.label} is `{actual}`; this revision changes it from `{previous}` to `{expected}`. "
                "Nothing of it was changed. Set one of the two and run the upgrade again."
            )
        self.build(ground)
        return Outcome.DONE

    def _read(self, ground: Ground, expressions: list[str | None]) -> tuple[str | None, list[str | None]]:
        """Return the default as it is, and expressions as the server would print them for this column."""
        deparsed = []
        with ground.scratch() as scratch:
            ground.stand_in(ground.schema)
            actual = _default(ground, self.table, self.column)
            scratch.stand_in(scratch.schema, *scratch.path)
            clone_table(ground, scratch, self.table)
            for expression in expressions:
                scratch.run(self._set(expression))
                scratch.stand_in(scratch.schema, scratch.path[0])
                deparsed.append(_default(scratch, self.table, self.column))
                scratch.stand_in(scratch.schema, *scratch.path)
        return actual, deparsed

    def revert(self, ground: Ground) -> None:
        """Restore the previous default."""
        if ground.has_column(self.table, self.column):
            ground.run(self._set(self.previous))

    def amends(self, table: str, column: str | None = None) -> bool:
        """Tell whether it is this column."""
        return table == self.table and column in (None, self.column)


def _default(ground: Ground, table: str, column: str) -> str | None:
    rows = ground.rows(
        "select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d "
        "join pg_class c on c.oid = d.adrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum "
        "where c.relnamespace = %(schema)s::regnamespace and c.relname = %(table)s and a.attname = %(column)s",
        schema=ident(ground.schema),
        table=table,
        column=column,
    )
    return str(rows[0][0]) if rows else None


@dataclass(frozen=True)
class NotNull(Step):
    """NOT NULL on an existing column, set after a back-fill.

    Args:
        table: Unqualified table.
        column: The column.
    """

    table: str
    column: str

    @property
    def label(self) -> str:
        """Name the rule."""
        return f"not null of {self.table}.{self.column}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (f"alter table {ident(self.table)} alter column {ident(self.column)} set not null",)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Forbid nulls. The scan runs under a validated CHECK, so that the exclusive lock is short."""
        del later
        if self._is_set(ground):
            self._drop_proof(ground)
            return Outcome.ALREADY
        if ground.rehearsal:
            self.build(ground)
            return Outcome.DONE
        proof, table = ident(self._proof), ident(self.table)
        with ground.outside():
            self._drop_proof(ground)
            ground.run(
                f"alter table {table} add constraint {proof} check ({ident(self.column)} is not null) not valid"
            )
            try:
                ground.run(f"alter table {table} validate constraint {proof}")
                self.build(ground)
            finally:
                # Left behind, the proof would refuse new rows of software that does not know the rule yet.
                self._drop_proof(ground)
        return Outcome.DONE

    @property
    def _proof(self) -> str:
        return f"{self.table}_{self.column}_not_null_proof"

    def _drop_proof(self, ground: Ground) -> None:
        """Drop the CHECK that an upgrade killed half-way may have left; asks first, for dropping locks the table."""
        left = ground.holds(
            "select from pg_constraint k join pg_class c on c.oid = k.conrelid "
            "where c.relnamespace = %(schema)s::regnamespace and c.relname = %(table)s and k.conname = %(proof)s",
            schema=ident(ground.schema),
            table=self.table,
            proof=self._proof,
        )
        if left:
            ground.run(f"alter table {ident(self.table)} drop constraint if exists {ident(self._proof)}")

    def _is_set(self, ground: Ground) -> bool:
        return ground.holds(
            "select from pg_attribute a join pg_class c on c.oid = a.attrelid "
            "where c.relnamespace = %(schema)s::regnamespace and c.relname = %(table)s "
            "and a.attname = %(column)s and a.attnotnull",
            schema=ident(ground.schema),
            table=self.table,
            column=self.column,
        )

    def revert(self, ground: Ground) -> None:
        """Allow nulls again."""
        if ground.has_column(self.table, self.column):
            ground.run(
                f"alter table {ground.full(self.table)} alter column {ident(self.column)} drop not null"
            )

    def amends(self, table: str, column: str | None = None) -> bool:
        """Tell whether it is this column."""
        return table == self.table and column in (None, self.column)


@dataclass(frozen=True)
class RenameColumn(Step):
    """A column that gets another name; its keys and indexes follow by `RenameConstraint` and `RenameIndex`.

    Args:
        table: Unqualified table.
        old: The name before.
        new: The name after.
    """

    table: str
    old: str
    new: str

    @property
    def label(self) -> str:
        """Name both ends."""
        return f"column {self.table}.{self.old} → {self.new}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (f"alter table {ident(self.table)} rename column {ident(self.old)} to {ident(self.new)}",)

    def supersedes(self, table: str, column: str, ground: Ground) -> bool:
        """Tell whether this rename already took that column away."""
        return (table, column) == (self.table, self.old) and ground.has_column(self.table, self.new)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Rename, unless it is done; both or neither of the names is refused."""
        del later
        old, new = ground.has_column(self.table, self.old), ground.has_column(self.table, self.new)
        if new and not old:
            return Outcome.ALREADY
        if old and not new:
            self.build(ground)
            return Outcome.DONE
        both = "both columns exist" if old else "neither column exists"
        raise Refused(
            f"{self.label}: {both}, so the rename cannot be decided. "
            f"Leave only {self.old} or only {self.new} in {self.table} and run the upgrade again."
        )

    def revert(self, ground: Ground) -> None:
        """Give the old name back."""
        if ground.has_column(self.table, self.new) and not ground.has_column(self.table, self.old):
            ground.run(
                f"alter table {ground.full(self.table)} rename column {ident(self.new)} to {ident(self.old)}"
            )

    def amends(self, table: str, column: str | None = None) -> bool:
        """Tell whether it is this column."""
        return table == self.table and column in (None, self.old)


@dataclass(frozen=True)
class DropColumn(Step):
    """A column that goes, with what a downgrade needs to bring it back.

    Drop its indexes and constraints by their own steps first, so that a downgrade restores them too.

    Args:
        table: Unqualified table.
        name: The column.
        definition: Type and default of the restored column.
        restore: Expression that fills it for existing rows on downgrade; makes it NOT NULL afterwards.
    """

    table: str
    name: str
    definition: str
    restore: str | None = None

    @property
    def label(self) -> str:
        """Name the column."""
        return f"drop of column {self.table}.{self.name}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (f"alter table {ident(self.table)} drop column if exists {ident(self.name)}",)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Drop the column."""
        del later
        if not ground.has_column(self.table, self.name):
            return Outcome.ALREADY
        self.build(ground)
        return Outcome.DONE

    def revert(self, ground: Ground) -> None:
        """Bring the column back; its former values are gone."""
        if not ground.has_table(self.table) or ground.has_column(self.table, self.name):
            return
        table, name = ground.full(self.table), ident(self.name)
        ground.run(f"alter table {table} add column {name} {self.definition}")
        if self.restore is not None:
            ground.run(f"update {table} set {name} = {self.restore} where {name} is null")
            ground.run(f"alter table {table} alter column {name} set not null")

    def amends(self, table: str, column: str | None = None) -> bool:
        """Tell whether it is this table; a dropped column has no stage that could be the same."""
        return table == self.table and column is None
