"""Functions, triggers and views."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from db.migration.catalog import Kind, read
from migrations.steps.declared import Declared, Shape, clone_table
from migrations.steps.ground import Ground, ident
from migrations.steps.step import Outcome, Step


@dataclass(frozen=True)
class Function(Declared):
    """A function.

    Args:
        name: Unqualified name.
        arguments: Its input argument types as in `drop function name(arguments)`, for example `text, jsonb`.
        sql: Full `create function` text (`or replace` allowed), unqualified name. `{schema}` in it stands for
            the home schema: a definer function with a pinned search_path names its tables in full.
        replaces: The text of the version before, when this revision changes a function of an earlier one;
            a downgrade restores it.
    """

    name: str
    arguments: str
    sql: str
    replaces: str | None = None

    @property
    def label(self) -> str:
        """Name the function with its arguments."""
        return f"function {self.name}({self.arguments})"

    def statements(self) -> tuple[str, ...]:
        """Return the CREATE FUNCTION."""
        return (self.sql.replace("{schema}", "public"),)

    def build(self, ground: Ground) -> None:
        """Create it where the ground stands; its body names the home schema even in a rehearsal."""
        ground.run(self._text(ground))

    def _text(self, ground: Ground) -> str:
        plain = re.fullmatch("[a-z_][a-z0-9_]*", ground.home)
        return self.sql.replace("{schema}", ground.home if plain else ident(ground.home))

    def _oid(self, ground: Ground) -> int | None:
        signature = f"{ground.full(self.name)}({self.arguments})"
        rows = ground.rows("select to_regprocedure(%(signature)s)::oid", signature=signature)
        return None if rows[0][0] is None else int(rows[0][0])

    def exists(self, ground: Ground) -> bool:
        """Tell whether the function is there with these arguments."""
        return self._oid(ground) is not None

    def apply(self, ground: Ground, later: Sequence[Step] = ()) -> Outcome:
        """Create or replace it, or prove that it is the same."""
        if self.replaces is not None and self.exists(ground):
            before = replace(self, sql=self.replaces, replaces=None)
            if not before.differences(ground, ()):
                ground.run(_or_replace(self._text(ground)))
                return Outcome.DONE
        return super().apply(ground, later)

    def shape(self, ground: Ground) -> Shape:
        """Read the whole definition: arguments, result, options, body."""
        oid = self._oid(ground)
        if oid is None:
            return {}
        names = ground.rows(
            "select proname || '(' || pg_get_function_identity_arguments(oid) || ')' from pg_proc where oid = %(oid)s",
            oid=oid,
        )
        functions = read(ground.connection, Kind.FUNCTION, ground.schema, self.name)
        return {"function": functions[str(names[0][0])]}

    def revert(self, ground: Ground) -> None:
        """Drop the function, or restore the version before."""
        if self.replaces is not None:
            ground.run(_or_replace(replace(self, sql=self.replaces, replaces=None)._text(ground)))
        elif self.exists(ground):
            ground.run(f"drop function {ground.full(self.name)}({self.arguments})")


def _or_replace(sql: str) -> str:
    head, body = sql.lstrip().split(None, 1)
    return sql if body.lower().startswith("or replace") else f"{head} or replace {body}"


@dataclass(frozen=True)
class Trigger(Declared):
    """A trigger.

    Args:
        table: Its table, unqualified.
        name: The trigger.
        sql: Full `create trigger` text, unqualified names.
    """

    table: str
    name: str
    sql: str

    @property
    def label(self) -> str:
        """Name the trigger."""
        return f"trigger {self.name} of {self.table}"

    def statements(self) -> tuple[str, ...]:
        """Return the CREATE TRIGGER."""
        return (self.sql,)

    def exists(self, ground: Ground) -> bool:
        """Tell whether the table has a trigger of this name."""
        return f"{self.table}.{self.name}" in read(ground.connection, Kind.TRIGGER, ground.schema, self.table)

    def shape(self, ground: Ground) -> Shape:
        """Read the one trigger."""
        own = f"{self.table}.{self.name}"
        triggers = read(ground.connection, Kind.TRIGGER, ground.schema, self.table)
        return {"trigger": triggers[own]} if own in triggers else {}

    def underlay(self, home: Ground, scratch: Ground) -> None:
        """Clone the table."""
        clone_table(home, scratch, self.table)

    def revert(self, ground: Ground) -> None:
        """Drop the trigger."""
        if ground.has_table(self.table):
            ground.run(f"drop trigger if exists {ident(self.name)} on {ground.full(self.table)}")


@dataclass(frozen=True)
class View(Declared):
    """A view.

    Args:
        name: Unqualified name.
        sql: Full `create view` text, unqualified name.
    """

    name: str
    sql: str

    @property
    def label(self) -> str:
        """Name the view."""
        return f"view {self.name}"

    def statements(self) -> tuple[str, ...]:
        """Return the CREATE VIEW."""
        return (self.sql,)

    def exists(self, ground: Ground) -> bool:
        """Tell whether any relation has this name."""
        return ground.relation(self.name, "rpvmfS")

    def shape(self, ground: Ground) -> Shape:
        """Read its query."""
        views = read(ground.connection, Kind.VIEW, ground.schema, self.name)
        return {"view": views[self.name]} if self.name in views else {"view": "not a view"}

    def revert(self, ground: Ground) -> None:
        """Drop the view."""
        ground.run(f"drop view if exists {ground.full(self.name)}")
