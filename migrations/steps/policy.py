"""Row security and its policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.migration.catalog import Kind, read
from migrations.steps.declared import Declared, Shape, clone_table
from migrations.steps.ground import Ground, ident
from migrations.steps.step import Outcome, Step


@dataclass(frozen=True)
class RowSecurity(Step):
    """Row security switched on for a table.

    Args:
        table: Unqualified table.
    """

    table: str

    @property
    def label(self) -> str:
        """Name the table."""
        return f"row security of {self.table}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TABLE."""
        return (f"alter table {ident(self.table)} enable row level security",)

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Switch it on."""
        del later
        if ground.holds(
            "select from pg_class where relnamespace = %(schema)s::regnamespace and relname = %(table)s "
            "and relrowsecurity",
            schema=ident(ground.schema),
            table=self.table,
        ):
            return Outcome.ALREADY
        self.build(ground)
        return Outcome.DONE

    def revert(self, ground: Ground) -> None:
        """Switch it off."""
        if ground.has_table(self.table):
            ground.run(f"alter table {ground.full(self.table)} disable row level security")


@dataclass(frozen=True)
class Policy(Declared):
    """A row security policy.

    Args:
        table: Unqualified table.
        name: The policy.
        definition: As after `create policy name on table`, for example `for select to authenticated using (…)`.
    """

    table: str
    name: str
    definition: str

    @property
    def label(self) -> str:
        """Name the policy."""
        return f"policy {self.name} of {self.table}"

    def statements(self) -> tuple[str, ...]:
        """Return the CREATE POLICY."""
        return (f"create policy {ident(self.name)} on {ident(self.table)} {self.definition}",)

    def exists(self, ground: Ground) -> bool:
        """Tell whether the table has a policy of this name."""
        return f"{self.table}.{self.name}" in read(ground.connection, Kind.POLICY, ground.schema, self.table)

    def shape(self, ground: Ground) -> Shape:
        """Read the one policy."""
        own = f"{self.table}.{self.name}"
        policies = read(ground.connection, Kind.POLICY, ground.schema, self.table)
        return {"policy": policies[own]} if own in policies else {}

    def underlay(self, home: Ground, scratch: Ground) -> None:
        """Clone the table."""
        clone_table(home, scratch, self.table)

    def revert(self, ground: Ground) -> None:
        """Drop the policy."""
        if ground.has_table(self.table):
            ground.run(f"drop policy if exists {ident(self.name)} on {ground.full(self.table)}")
