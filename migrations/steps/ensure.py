"""Things that are only ever provided where they are absent: stubs, roles, comments, grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.errors import Refused
from migrations.steps.ground import Ground
from migrations.steps.step import Outcome, Step


@dataclass(frozen=True)
class Ensure(Step):
    """SQL that is run unless a query says that it is not needed; what is there is never compared or replaced.

    Args:
        name: What it provides, for messages.
        present: Query that returns a row when there is nothing to do.
        sql: What provides it.
        undo: What takes it back; must spare what this step did not make.
    """

    name: str
    present: str
    sql: tuple[str, ...]
    undo: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name what is provided."""
        return self.name

    def statements(self) -> tuple[str, ...]:
        """Return the SQL."""
        return self.sql

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Provide it where it is absent."""
        del later
        if ground.connection.execute(self.present.encode()).fetchone() is not None:
            return Outcome.ALREADY
        self.build(ground)
        return Outcome.DONE

    def revert(self, ground: Ground) -> None:
        """Take it back."""
        for statement in self.undo:
            ground.run(statement)


@dataclass(frozen=True)
class Requires(Step):
    """Columns that an earlier revision made and that this one builds upon; asserted, never made.

    Args:
        table: Unqualified table.
        columns: What must be there.
        made_by: The revision that makes them, for the refusal.
    """

    table: str
    columns: tuple[str, ...]
    made_by: str

    @property
    def label(self) -> str:
        """Name the columns."""
        return f"columns {', '.join(self.columns)} of {self.table}"

    def statements(self) -> tuple[str, ...]:
        """Return nothing: an assertion changes nothing."""
        return ()

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Assert that the columns are there."""
        del later
        missing = [column for column in self.columns if not ground.has_column(self.table, column)]
        if missing:
            raise Refused(
                f"{self.table} lacks {', '.join(missing)}, which revision {self.made_by} makes. "
                f"Look at the state of {self.made_by} before going on."
            )
        return Outcome.ALREADY

    def revert(self, ground: Ground) -> None:
        """Leave everything as it is."""
