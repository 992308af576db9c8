"""Enum types, sequences and extensions."""

from __future__ import annotations

from collections.abc import Sequence as Steps
from dataclasses import dataclass

from db.errors import Refused
from db.migration.catalog import Kind, read
from migrations.steps.declared import Declared, Shape
from migrations.steps.ground import Ground, ident
from migrations.steps.step import Outcome, Step


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _labels(ground: Ground, name: str) -> str | None:
    return read(ground.connection, Kind.ENUM, ground.schema, name).get(name)


@dataclass(frozen=True)
class Enum(Declared):
    """An enum type.

    Args:
        name: The type, camelCase allowed.
        labels: Its labels in order.
    """

    name: str
    labels: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name the type."""
        return f"enum {self.name}"

    def statements(self) -> tuple[str, ...]:
        """Return the CREATE TYPE."""
        return (f"create type {ident(self.name)} as enum ({', '.join(map(_literal, self.labels))})",)

    def exists(self, ground: Ground) -> bool:
        """Tell whether any type has this name."""
        return ground.holds(
            "select from pg_type where typnamespace = %(schema)s::regnamespace and typname = %(name)s",
            schema=ident(ground.schema),
            name=self.name,
        )

    def shape(self, ground: Ground) -> Shape:
        """Read the labels in order."""
        labels = _labels(ground, self.name)
        return {"labels": labels} if labels is not None else {}

    def amended_by(self, step: Step) -> bool:
        """Accept labels that later steps add."""
        return isinstance(step, EnumValue) and step.enum == self.name

    def revert(self, ground: Ground) -> None:
        """Drop the type; refused by the server while a column uses it."""
        ground.run(f"drop type if exists {ground.full(self.name)}")


@dataclass(frozen=True)
class EnumValue(Step):
    """A label added to an existing enum, outside the transaction so that later steps may use it.

    PostgreSQL cannot drop a label: a downgrade leaves it.

    Args:
        enum: The type.
        value: The new label.
        after: The label it follows; None appends it.
    """

    enum: str
    value: str
    after: str | None = None

    @property
    def label(self) -> str:
        """Name the label."""
        return f"label {self.value} of enum {self.enum}"

    def statements(self) -> tuple[str, ...]:
        """Return the ALTER TYPE."""
        position = f" after {_literal(self.after)}" if self.after is not None else ""
        return (f"alter type {ident(self.enum)} add value if not exists {_literal(self.value)}{position}",)

    def apply(self, ground: Ground, later: Steps[Step] = ()) -> Outcome:
        """Add the label."""
        del later
        labels = (_labels(ground, self.enum) or "").split(", ")
        if self.value in labels:
            before = labels[labels.index(self.value) - 1]
            if self.after is not None and before != self.after:
                raise Refused(f"{self.label} exists, but after {before} instead of {self.after}.")
            return Outcome.ALREADY
        with ground.outside():
            self.build(ground)
        return Outcome.DONE

    def revert(self, ground: Ground) -> None:
        """Leave the label: PostgreSQL has no way to drop one."""


@dataclass(frozen=True)
class Sequence(Declared):
    """A sequence of its own (those of identity and serial columns belong to their table).

    Args:
        name: The sequence.
        options: As after `create sequence name`.
    """

    name: str
    options: str = ""

    @property
    def label(self) -> str:
        """Name the sequence."""
        return f"sequence {self.name}"

    def statements(self) -> tuple[str, ...]:
        """Return the CREATE SEQUENCE."""
        return (f"create sequence {ident(self.name)} {self.options}".rstrip(),)

    def exists(self, ground: Ground) -> bool:
        """Tell whether a sequence has this name."""
        return ground.relation(self.name, "S")

    def shape(self, ground: Ground) -> Shape:
        """Read type, bounds and increment."""
        sequences = read(ground.connection, Kind.SEQUENCE, ground.schema, self.name)
        return {"sequence": sequences[self.name]} if self.name in sequences else {}

    def revert(self, ground: Ground) -> None:
        """Drop the sequence."""
        ground.run(f"drop sequence if exists {ground.full(self.name)}")


@dataclass(frozen=True)
class Extension(Step):
    """An extension that helps where the server has it; absent ones are skipped, never an error.

    Args:
        name: The extension.
    """

    name: str

    @property
    def label(self) -> str:
        """Name the extension."""
        return f"extension {self.name}"

    def statements(self) -> tuple[str, ...]:
        """Return the CREATE EXTENSION."""
        return (f"create extension if not exists {ident(self.name)}",)

    def apply(self, ground: Ground, later: Steps[Step] = ()) -> Outcome:
        """Install the extension if the server offers it to this role."""
        del later
        installed = ground.holds("select from pg_extension where extname = %(name)s", name=self.name)
        if installed or ground.rehearsal:
            return Outcome.ALREADY
        offered = ground.holds("select from pg_available_extensions where name = %(name)s", name=self.name)
        if not offered:
            ground.report(f"{self.label}: this server does not have it, going on without")
            return Outcome.SKIPPED
        self.build(ground)
        return Outcome.DONE

    def revert(self, ground: Ground) -> None:
        """Leave the extension: others may use it."""
