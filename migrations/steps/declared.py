"""Steps that make one catalog object, and the proof by the server that an existing one is the same."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from migrations.steps.ground import Ground, ident
from migrations.steps.step import Outcome, Step, refuse

Shape = Mapping[str, str]


class Declared(Step):
    """A step that makes one named object of the catalog.

    Whether an existing object is the same is decided by the server: the step is built again in a scratch
    schema inside a rolled-back savepoint, and both are compared as the catalog prints them. No stored text,
    so it holds on every supported version.
    """

    @abstractmethod
    def exists(self, ground: Ground) -> bool:
        """Tell whether an object of this name is there, whatever its definition."""

    @abstractmethod
    def shape(self, ground: Ground) -> Shape:
        """Read the definition of the object where the ground stands."""

    def underlay(self, home: Ground, scratch: Ground) -> None:
        """Put into the scratch schema what the object is built upon (a clone of its table)."""
        del home, scratch

    def make(self, ground: Ground) -> None:
        """Create the absent object; by default the plain DDL inside the transaction."""
        self.build(ground)

    def tolerates(self, name: str) -> bool:
        """Tell whether a part of the existing object may be there although this step does not declare it."""
        del name
        return False

    def amended_by(self, step: Step) -> bool:
        """Tell whether a later step of the revision changes what this one makes."""
        del step
        return False

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Create the object, or prove that the existing one is the same."""
        if not self.exists(ground):
            self.make(ground)
            return Outcome.DONE
        differences = self.differences(ground, later)
        if differences:
            raise refuse(self.label, differences)
        return Outcome.ALREADY

    def differences(self, ground: Ground, later: Sequence[Step]) -> tuple[str, ...]:
        """Compare the existing object with the declared one, at every stage the revision may have left it.

        Args:
            ground: Where the object exists.
            later: Steps after this one in the revision.

        Returns:
            Sentences; none means that it is the same.
        """
        with ground.scratch() as scratch:
            ground.stand_in(ground.schema)
            actual = self.shape(ground)
            scratch.stand_in(scratch.schema, *scratch.path)
            self.underlay(ground, scratch)
            self.build(scratch)
            first = self._compare(scratch, actual)
            if not first:
                return ()
            for step in later:
                if not self.amended_by(step):
                    continue
                step.build(scratch)
                if not self._compare(scratch, actual):
                    return ()
            return first

    def _compare(self, scratch: Ground, actual: Shape) -> tuple[str, ...]:
        scratch.stand_in(scratch.schema, scratch.path[0])
        expected = self.shape(scratch)
        scratch.stand_in(scratch.schema, *scratch.path)
        found = []
        for name, definition in expected.items():
            if name not in actual:
                found.append(f"{name} is missing")
            elif actual[name] != definition:
                found.append(f"{name} is `{actual[name]}`, expected `{definition}`")
        found.extend(
            f"{name} is not expected" for name in actual if name not in expected and not self.tolerates(name)
        )
        return tuple(found)


def clone_table(home: Ground, scratch: Ground, table: str) -> None:
    """Make an empty table of the same columns in the scratch schema, partitioned if the original is.

    Args:
        home: Where the original is.
        scratch: Where the clone goes.
        table: Its name.
    """
    key = home.rows(
        "select pg_get_partkeydef(c.oid) from pg_class c "
        "where c.relnamespace = %(schema)s::regnamespace and c.relname = %(table)s and c.relkind = 'p'",
        schema=ident(home.schema),
        table=table,
    )
    partition = f" partition by {key[0][0]}" if key else ""
    scratch.run(f"create table {scratch.full(table)} (like {home.full(table)}){partition}")
