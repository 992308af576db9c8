"""What a step is: one declared change that knows whether it is done, how to do it and how to take it back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum

from db.errors import Refused
from migrations.steps.ground import Ground


class Outcome(StrEnum):
    """What applying a step did."""

    DONE = "done"
    ALREADY = "already there"
    HEALED = "healed"
    SKIPPED = "skipped"


class Step(ABC):
    """One declared change of a revision.

    Applying is safe over a half-applied database: absent = do it; there with the same definition = skip;
    there with another definition = refuse and name it.
    """

    @property
    @abstractmethod
    def label(self) -> str:
        """Name the object as an operator would, for example `index users_status_idx`."""

    @abstractmethod
    def statements(self) -> tuple[str, ...]:
        """Return the SQL of a first application, for dry runs."""

    @abstractmethod
    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Bring the step about.

        Args:
            ground: Where.
            later: The steps that follow in the same revision; they may already be done and may have amended
                what this step makes.

        Raises:
            Refused: The object exists with another definition.
        """

    @abstractmethod
    def revert(self, ground: Ground) -> None:
        """Take the step back; what is not there is left alone."""

    def build(self, ground: Ground) -> None:
        """Execute the plain DDL where the ground stands, without any check."""
        for statement in self.statements():
            ground.run(statement)

    def amends(self, table: str, column: str | None = None) -> bool:
        """Tell whether the step changes the shape of a table (or of this column of it)."""
        del table, column
        return False


def refuse(label: str, differences: Sequence[str]) -> Refused:
    """Make the refusal of an object that exists with another definition (same name, not the same thing)."""
    what = "; ".join(differences)
    return Refused(
        f"{label} exists with another definition ({what}). Nothing of it was changed. "
        "Decide which one is right, rename or drop the other, and run the upgrade again."
    )
