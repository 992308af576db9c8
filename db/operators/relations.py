"""The platform's tables as the catalog shows them, with what their owner declared secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from db.operators.rights import RIGHTS, TableRights

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
OWNER = "nightdesk_owner"


@dataclass(frozen=True)
class Relation:
    """One of the platform's tables.

    Args:
        oid: Its identity.
        schema: Where it lives.
        columns: Every column, in order.
        generated: Columns that the server computes.
        row_security: Whether policies decide which rows are seen.
        secret: Columns that nobody reads or changes, ours and those that a DBA registered.
    """

    oid: int
    schema: str
    name: str
    columns: tuple[str, ...]
    generated: frozenset[str]
    row_security: bool
    secret: frozenset[str]

    @property
    def identifier(self) -> sql.Identifier:
        """Qualified name for SQL."""
        return sql.Identifier(self.schema, self.name)

    @property
    def label(self) -> str:
        """The name under which changes and permissions know it."""
        return f"{self.schema}.{self.name}"

    @property
    def rights(self) -> TableRights:
        """What the console's roles may do with it."""
        return RIGHTS[self.name]

    @property
    def open_columns(self) -> tuple[str, ...]:
        """Every column that is not secret."""
        return tuple(column for column in self.columns if column not in self.secret)

    @property
    def writable_columns(self) -> tuple[str, ...]:
        """Every open column that takes a value."""
        return tuple(column for column in self.open_columns if column not in self.generated)


def relations(connection: Connection, schema: str) -> Mapping[str, Relation]:
    """Read the tables of `schema` that the console has rights for, by name.

    Args:
        connection: Any session that may read the catalog.
        schema: Where the platform's tables live.
    """
    declared = _declared_secret(connection, schema)
    rows = connection.execute(
        "select c.relname, c.oid, array_agg(a.attname::text order by a.attnum),"
        " array_remove(array_agg(case when a.attgenerated <> '' or a.attidentity = 'a' then a.attname::text end), null),"
        " c.relrowsecurity"
        " from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where n.nspname = %s and c.relkind in ('r', 'p') and c.relname = any(%s)"
        " group by c.oid order by c.relname",
        (schema, list(RIGHTS)),
    ).fetchall()
    return {
        name: Relation(
            oid,
            schema,
            name,
            tuple(columns),
            frozenset(generated),
            row_security,
            frozenset(RIGHTS[name].secret) | declared.get(f"{schema}.{name}", frozenset()),
        )
        for name, oid, columns, generated, row_security in rows
    }


def _declared_secret(connection: Connection, schema: str) -> Mapping[str, frozenset[str]]:
    readable = connection.execute(
        "select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'nightdesk' and c.relname = 'secret_column'"
        " and pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')"
    ).fetchone()
    if readable is None:
        return {}
    rows = connection.execute(
        "select table_name, array_agg(column_name) from nightdesk.secret_column"
        " where source = 'operator' and split_part(table_name, '.', 1) = %s group by table_name",
        (schema,),
    ).fetchall()
    return {table: frozenset(columns) for table, columns in rows}
