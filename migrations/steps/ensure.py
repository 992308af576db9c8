"""Things that are only ever provided where they are absent: stubs, roles, comments, grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
