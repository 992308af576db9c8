"""Constraints of existing tables, added without holding a table lock while rows are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.errors import Refused
from db.migration.catalog import Kind, read
from migrations.steps.declared import Declared, Shape, clone_table
from migrations.steps.ground import Ground, ident
from migrations.steps.index import build_outside, has_rows, heal_invalid, index_exists
from migrations.steps.step import Outcome, Step, refuse


def constraint_exists(ground: Ground, table: str, name: str) -> bool:
    """Tell whether the table has a constraint of this name."""
    return f"{table}.{name}" in read(ground.connection, Kind.CONSTRAINT, ground.schema, table)


@dataclass(frozen=True)
class Constraint(Declared):
    """A foreign key, check, primary key or exclusion of an existing table.

    On a table with rows a foreign key or check is added NOT VALID and validated outside the transaction;
    one that a broken run left NOT VALID is validated. For unique keys use `Unique`.

    Args:
        table: Unqualified table.
        name: The constraint.
        definition: As after `add constraint name`.
    """

    table: str
    name: str
    definition: str

    @property
    def label(self) -> str:
        """Name the constraint."""
        return f"constraint {self.name} of {self.table}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (f"alter table {ident(self.table)} add constraint {ident(self.name)} {self.definition}",)

    def exists(self, ground: Ground) -> bool:
        """Tell whether the table has a constraint of this name."""
        return constraint_exists(ground, self.table, self.name)

    def make(self, ground: Ground) -> None:
        """Add the constraint; rows are checked outside the transaction where there are any."""
        if ground.rehearsal or not self._checks_rows() or not has_rows(ground, self.table):
            self.build(ground)
            return
        ground.run(f"{self.statements()[0]} not valid")
        self._validate(ground)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Add it, finish its validation, or prove that it is the same."""
        if not self._is_unvalidated(ground):
            return super().apply(ground, later)
        differences = self.differences(ground, later)
        if differences:
            raise refuse(self.label, differences)
        self._validate(ground)
        return Outcome.HEALED

    def _checks_rows(self) -> bool:
        return self.definition.lstrip().lower().startswith(("foreign key", "check"))

    def _is_unvalidated(self, ground: Ground) -> bool:
        return ground.holds(
            "select from pg_constraint k join pg_class c on c.oid = k.conrelid "
            "where c.relnamespace = %(schema)s::regnamespace and c.relname = %(table)s "
            "and k.conname = %(name)s and not k.convalidated",
            schema=ident(ground.schema),
            table=self.table,
            name=self.name,
        )

    def _validate(self, ground: Ground) -> None:
        with ground.outside():
            ground.run(f"alter table {ident(self.table)} validate constraint {ident(self.name)}")

    def shape(self, ground: Ground) -> Shape:
        """Read the one constraint; not yet validated is a stage, not another definition."""
        own = f"{self.table}.{self.name}"
        constraints = read(ground.connection, Kind.CONSTRAINT, ground.schema, self.table)
        return {"constraint": constraints[own].removesuffix(" NOT VALID")} if own in constraints else {}

    def underlay(self, home: Ground, scratch: Ground) -> None:
        """Clone the table."""
        clone_table(home, scratch, self.table)

    def revert(self, ground: Ground) -> None:
        """Drop the constraint."""
        if ground.has_table(self.table):
            ground.run(f"alter table {ground.full(self.table)} drop constraint if exists {ident(self.name)}")


@dataclass(frozen=True)
class Unique(Declared):
    """A unique constraint; on a table with rows its index is built CONCURRENTLY and then attached.

    Args:
        table: Unqualified table.
        name: Constraint and index.
        columns: The columns, in order.
    """

    table: str
    name: str
    columns: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name the constraint."""
        return f"unique constraint {self.name} of {self.table}"

    def _columns(self) -> str:
        return ", ".join(ident(column) for column in self.columns)

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (
            f"alter table {ident(self.table)} add constraint {ident(self.name)} unique ({self._columns()})",
        )

    def exists(self, ground: Ground) -> bool:
        """Tell whether the table has a constraint of this name."""
        return constraint_exists(ground, self.table, self.name)

    def make(self, ground: Ground) -> None:
        """Build the index where it may take long, then attach it; an index left by a broken run is used."""
        heal_invalid(ground, self.name)
        if not index_exists(ground, self.name):
            if ground.rehearsal or not has_rows(ground, self.table):
                self.build(ground)
                return
            build_outside(
                ground,
                self.name,
                f"create unique index concurrently {ident(self.name)} on {ident(self.table)} ({self._columns()})",
            )
        ground.run(
            f"alter table {ident(self.table)} add constraint {ident(self.name)} "
            f"unique using index {ident(self.name)}"
        )
        differences = self.differences(ground, ())
        if differences:
            raise refuse(self.label, differences)

    def shape(self, ground: Ground) -> Shape:
        """Read the one constraint."""
        own = f"{self.table}.{self.name}"
        constraints = read(ground.connection, Kind.CONSTRAINT, ground.schema, self.table)
        return {"constraint": constraints[own]} if own in constraints else {}

    def underlay(self, home: Ground, scratch: Ground) -> None:
        """Clone the table."""
        clone_table(home, scratch, self.table)

    def revert(self, ground: Ground) -> None:
        """Drop the constraint and with it the index."""
        if ground.has_table(self.table):
            ground.run(f"alter table {ground.full(self.table)} drop constraint if exists {ident(self.name)}")


@dataclass(frozen=True)
class DropConstraint(Step):
    """A constraint that goes.

    Args:
        table: Unqualified table.
        name: The constraint.
        definition: As after `add constraint name`, for the downgrade.
    """

    table: str
    name: str
    definition: str

    @property
    def label(self) -> str:
        """Name the constraint."""
        return f"drop of constraint {self.name} of {self.table}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (f"alter table {ident(self.table)} drop constraint if exists {ident(self.name)}",)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Drop the constraint."""
        del later
        if not constraint_exists(ground, self.table, self.name):
            return Outcome.ALREADY
        self.build(ground)
        return Outcome.DONE

    def revert(self, ground: Ground) -> None:
        """Add the constraint again."""
        if ground.has_table(self.table) and not constraint_exists(ground, self.table, self.name):
            ground.run(
                f"alter table {ground.full(self.table)} add constraint {ident(self.name)} {self.definition}"
            )

    def amends(self, table: str, column: str | None = None) -> bool:
        """Tell whether it is this table."""
        return table == self.table and column is None


@dataclass(frozen=True)
class RenameConstraint(Step):
    """A constraint that gets another name (a key after its column was renamed).

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
        return f"constraint {self.old} → {self.new} of {self.table}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (f"alter table {ident(self.table)} rename constraint {ident(self.old)} to {ident(self.new)}",)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Rename, unless it is done; both or neither of the names is refused."""
        del later
        old, new = (constraint_exists(ground, self.table, name) for name in (self.old, self.new))
        if new and not old:
            return Outcome.ALREADY
        if new == old:
            both = "both exist" if old else "neither exists"
            raise Refused(f"{self.label}: {both}, so the rename cannot be decided. Leave one and run again.")
        self.build(ground)
        return Outcome.DONE

    def revert(self, ground: Ground) -> None:
        """Give the old name back."""
        if constraint_exists(ground, self.table, self.new):
            ground.run(
                f"alter table {ground.full(self.table)} "
                f"rename constraint {ident(self.new)} to {ident(self.old)}"
            )

    def amends(self, table: str, column: str | None = None) -> bool:
        """Tell whether it is this table."""
        return table == self.table and column is None
