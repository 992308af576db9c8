"""The declarative base: names as PostgreSQL and Prisma give them, types by meaning, a repr that gives nobody away."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Enum, Integer, MetaData, SmallInteger, Table, Text, event, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import DeclarativeBase

# What PostgreSQL calls an unnamed key and Prisma an index. Names that the runbooks give are written out.
NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}

NOW = text("current_timestamp")
NEW_UUID = text("gen_random_uuid()")

# The runbooks' TIMESTAMP(3) and TIMESTAMP: without zone, holding UTC. Instants know their zone.
Millis = Annotated[datetime, "timestamp(3)"]
Micros = Annotated[datetime, "timestamp"]
Instant = Annotated[datetime, "timestamptz"]
Small = Annotated[int, "smallint"]
Big = Annotated[int, "bigint"]
Json = Annotated[Any, "jsonb"]


TYPES: dict[Any, Any] = {
    str: Text,
    int: Integer,
    UUID: PG_UUID(as_uuid=True),
    Millis: TIMESTAMP(precision=3),
    Micros: TIMESTAMP(),
    Instant: TIMESTAMP(timezone=True),
    Small: SmallInteger,
    Big: BigInteger,
    Json: JSONB,
}


def shown_only(row: Any) -> str:
    """Print a row by what its class lists in `shown` and nothing else."""
    facts = ", ".join(f"{name}={getattr(row, name)!r}" for name in row.shown)
    return f"{type(row).__name__}({facts})"


class Base(DeclarativeBase):
    """Base of every table of the platform.

    Attributes are snake_case over the physical names. `repr` prints only what a class lists in `shown`: never
    an address, a name or a token.
    """

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES
    shown: ClassVar[tuple[str, ...]] = ("id",)
    __repr__ = shown_only


def labels(enum: type[StrEnum], name: str) -> Enum:
    """Map an enum of Python onto the enum type of the database, by value.

    Args:
        enum: Its members' values are the labels, in order.
        name: The type's physical name.

    Returns:
        The column type.
    """
    return Enum(
        enum, name=name, metadata=Base.metadata, values_callable=lambda members: [str(m) for m in members]
    )


def with_row_security(table: Any) -> None:
    """Let create_all switch row security on, as the migration does; the policies are the migration's.

    Args:
        table: The `__table__` of a model.
    """

    @event.listens_for(table, "after_create")
    def enable(target: Table, connection: Connection, **_: object) -> None:
        name = connection.dialect.identifier_preparer.format_table(target)
        connection.execute(text(f"alter table {name} enable row level security"))
