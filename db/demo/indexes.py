"""Indexes set aside while a large platform is loaded: built once from sorted rows instead of row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from db.demo.load import Progress


@dataclass(frozen=True)
class Index:
    """What it takes to make an index again.

    Attributes:
        name: Its name, qualified and quoted.
        table: Its table.
        definition: Its whole definition, as the server prints it.
        comment: The comment on it.
    """

    name: str
    table: str
    definition: str
    comment: str | None


# Keys stay: constraints own them, or foreign keys lean on them. So do partial indexes: a condition that was
# printed and is read again may be stored in other words.
_FREE = """
    select i.indexrelid::regclass::text, i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid),
           obj_description(i.indexrelid, 'pg_class')
    from pg_index as i join pg_class as c on c.oid = i.indexrelid
    where c.relnamespace = current_schema()::regnamespace and i.indisvalid and i.indpred is null
          and not exists (select from pg_constraint where conindid = i.indexrelid)
    order by 2, 1"""


def set_aside(connection: psycopg.Connection[Any]) -> tuple[Index, ...]:
    """Drop every whole index that no constraint needs, and return what was dropped.

    Call it inside the transaction that puts them back: until that commits, everybody else sees them all.
    """
    found = tuple(Index(*row) for row in connection.execute(_FREE))
    for index in found:
        connection.execute(f"drop index {index.name}")
    return found


def put_back(connection: psycopg.Connection[Any], indexes: tuple[Index, ...], progress: Progress) -> None:
    """Build the indexes again as they were."""
    connection.execute("set local maintenance_work_mem = '512MB'")
    table = None
    for index in indexes:
        if index.table != table:
            table = index.table
            progress(f"indexes of {table}")
        connection.execute(index.definition)
        if index.comment is not None:
            connection.execute(
                sql.SQL("comment on index {} is {}").format(sql.SQL(index.name), sql.Literal(index.comment))
            )
