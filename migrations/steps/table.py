"""Tables."""

from __future__ import annotations

from dataclasses import dataclass

from db.migration.catalog import Kind, read
from migrations.steps.declared import Declared, Shape
from migrations.steps.ground import Ground
from migrations.steps.step import Step

_CONSTRAINT = "constraint "


@dataclass(frozen=True)
class Table(Declared):
    """A table with its columns and the keys written inside its DDL.

    Same means: exactly these columns, and every declared constraint with its definition. Foreign keys, indexes
    and triggers added by other steps do not count as differences.

    Args:
        name: Unqualified name.
        sql: Full `create table` text, unqualified names.
    """

    name: str
    sql: str

    @property
    def label(self) -> str:
        """Name the table."""
        return f"table {self.name}"

    def statements(self) -> tuple[str, ...]:
        """Return the DDL."""
        return (self.sql,)

    def exists(self, ground: Ground) -> bool:
        """Tell whether a table or any other relation has this name."""
        return ground.relation(self.name, "rpvmfS")

    def shape(self, ground: Ground) -> Shape:
        """Read kind, columns and constraints."""
        tables = read(ground.connection, Kind.TABLE, ground.schema, self.name)
        columns = read(ground.connection, Kind.COLUMN, ground.schema, self.name)
        constraints = read(ground.connection, Kind.CONSTRAINT, ground.schema, self.name)
        shape = {"kind": tables.get(self.name, "not a table").replace(" row security", "")}
        shape.update({f"column {name}": text for name, text in columns.items()})
        shape.update({f"{_CONSTRAINT}{name}": text for name, text in constraints.items()})
        return shape

    def tolerates(self, name: str) -> bool:
        """Let constraints pass that other steps add."""
        return name.startswith(_CONSTRAINT)

    def amended_by(self, step: Step) -> bool:
        """Accept the column changes that later steps of the revision make."""
        return step.amends(self.name)

    def revert(self, ground: Ground) -> None:
        """Drop the table; refused by the server while anything else depends on it."""
        ground.run(f"drop table if exists {ground.full(self.name)}")
