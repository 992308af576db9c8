"""What this database has and what this role may read of it, asked once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

# Casts that the server adds when it prints an expression.
_CAST = re.compile(r"::(text|timestamp(\(\d\))? (with|without) time zone)")

# Every table an area reads, and the revision of the platform line that brings it.
PLATFORM_TABLES: Mapping[str, str] = {
    "users": "0001",
    "sessions": "0001",
    "clients": "0001",
    "onboarding_states": "0001",
    "subscriptions": "0001",
    "job_queue": "0005",
    "job_log": "0005",
    "stripe_webhook_events": "0005",
    "token_blacklist": "0007",
}
# What the console reads of its own schema: masked views and the audit.
CONSOLE_RELATIONS = ("masked_users", "masked_sessions", "operation")


@dataclass(frozen=True)
class IndexFacts:
    """A valid index.

    Args:
        columns: Its columns in order; an expression in lower case, without casts and quotes.
        predicate: Condition of a partial index, as the server prints it.
        one_direction: All columns ascending or all descending, NULLs where that direction puts them.
        prefixes: Whether it answers LIKE 'abc%' on its first column (its collation sorts by code point).
    """

    columns: tuple[str, ...]
    predicate: str | None
    one_direction: bool
    prefixes: bool


@dataclass(frozen=True)
class TableFacts:
    """One table as this role sees it.

    Args:
        name: Physical name.
        columns: Every column → whether this role may select it.
        rows_hidden: Row security applies to this role and no policy shows it all rows.
        rows_estimate: The planner's estimate of its rows, -1 when never analysed.
        indexes: Valid indexes.
    """

    name: str
    columns: Mapping[str, bool]
    rows_hidden: bool = False
    rows_estimate: int = -1
    indexes: tuple[IndexFacts, ...] = ()

    def readable(self, *columns: str) -> bool:
        """Whether every one of these columns exists and may be selected."""
        return all(self.columns.get(column, False) for column in columns)

    def sorts_by(self, *columns: str, only: str | None = None) -> bool:
        """Whether an index walks in this order; `only` is the condition of a list that needs a partial index."""
        return any(
            index.one_direction and index.columns[: len(columns)] == columns and index.predicate == only
            for index in self.indexes
        )

    def finds_by(self, column: str, *, prefix: bool = False) -> bool:
        """Whether an index over the whole table finds rows by this column's value (or its beginning)."""
        return any(
            index.columns[0] == column and index.predicate is None and (index.prefixes or not prefix)
            for index in self.indexes
        )


_NO_TABLE = TableFacts("", {})


@dataclass(frozen=True)
class Capabilities:
    """What the areas can build on, for one role on one database.

    Args:
        role: The role that asked (`current_user`).
        schema: The platform's schema, the first of the search_path.
        schema_usable: Whether the role may look into it.
        console_installed: Whether schema `nightdesk` exists.
        tables: Known tables that exist, those of our own schema as `nightdesk.NAME`.
        database: Name of the database.
        schema_exists: Whether there is such a schema.
    """

    role: str
    schema: str
    schema_usable: bool
    console_installed: bool
    tables: Mapping[str, TableFacts] = field(default_factory=dict)
    database: str = ""
    schema_exists: bool = True

    def has(self, table: str) -> bool:
        """Whether the table exists."""
        return table in self.tables

    def table(self, name: str) -> TableFacts:
        """The facts of a table; of one that does not exist: no columns, no indexes."""
        return self.tables.get(name, _NO_TABLE)

    def reads(self, table: str, *names: str) -> tuple[str, ...]:
        """Those of the named columns that exist and may be selected."""
        return tuple(name for name in names if self.table(table).readable(name))

    def column(self, table: str, name: str, alias: str) -> str:
        """The expression that reads a column, or `null` where it is missing or hidden."""
        return f'{alias}."{name}"' if self.table(table).readable(name) else "null"


def read_capabilities(conn: psycopg.Connection[Any]) -> Capabilities:
    """Ask the server, in one query, what exists here and what this role may read."""
    parameters = {"tables": list(PLATFORM_TABLES), "views": list(CONSOLE_RELATIONS)}
    record = conn.execute(_QUERY, parameters).fetchone()
    assert record is not None
    role, schema, usable, installed, tables, database, exists = record
    return Capabilities(
        role=role,
        schema=schema,
        schema_usable=usable,
        console_installed=installed,
        tables={name: _table(name, facts) for name, facts in tables.items()},
        database=database,
        schema_exists=exists,
    )


def _table(name: str, facts: Mapping[str, Any]) -> TableFacts:
    return TableFacts(
        name=name,
        columns=facts["columns"],
        rows_hidden=facts["rows_hidden"],
        rows_estimate=facts["rows"],
        indexes=tuple(
            IndexFacts(
                columns=_names(index["columns"]),
                predicate=index["predicate"],
                one_direction=index["one_direction"],
                prefixes=index["prefixes"],
            )
            for index in facts["indexes"] or ()
        ),
    )


def _names(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(_plain(column) for column in columns)


def _plain(column: str) -> str:
    """An index column as areas name it: "lastUsedAt" without quotes, an expression in lower case without casts."""
    if column.startswith('"') and column.endswith('"'):
        return column[1:-1]
    if "(" not in column:
        return column
    return _CAST.sub("", column).replace('"', "").replace(" ", "").lower()


# An index answers LIKE 'abc%' when its first column compares by code point: a pattern operator class, collation C,
# or the database's default collation where that is C or of the builtin provider (PostgreSQL 17 and later).
# A policy opens a table when it lets this role read every row: USING (true), and no restrictive policy beside it.
_QUERY = """
with here as (
    select coalesce(
        (select entry from unnest(current_schemas(false)) with ordinality as path (entry, place)
         where left(entry, 7) <> 'pg_temp' order by place limit 1),
        trim(both ' "' from split_part(current_setting('search_path'), ',', 1))
    ) as name
), collation_of as (
    select d.datlocprovider = 'b' or (d.datlocprovider = 'c' and d.datcollate in ('C', 'POSIX')) as plain
    from (select coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') as datlocprovider, d.datcollate
          from pg_catalog.pg_database as d where d.datname = current_database()) as d
), relation as (
    select c.oid, c.reltuples,
           case when n.nspname = here.name then c.relname else 'nightdesk.' || c.relname end as label,
           has_schema_privilege(n.oid, 'usage') as usable
    from here, pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
      and ((n.nspname = here.name and c.relname = any(%(tables)s))
        or (n.nspname = 'nightdesk' and c.relname = any(%(views)s)))
), applicable as (
    select p.polrelid, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) as shows
    from pg_catalog.pg_policy as p
    where p.polrelid in (select oid from relation) and p.polcmd in ('r', '*')
      and exists (select from unnest(p.polroles) as member
                  where member = 0 or pg_has_role(current_user, member, 'usage'))
), index_of as (
    select i.indrelid, jsonb_agg(jsonb_build_object(
        'columns', (select jsonb_agg(pg_get_indexdef(i.indexrelid, place, false) order by place)
                    from generate_series(1, i.indnkeyatts) as place),
        'predicate', pg_get_expr(i.indpred, i.indrelid),
        'one_direction', (select bool_and(o = i.indoption[0]) and i.indoption[0] in (0, 3)
                          from unnest(i.indoption) as o),
        'prefixes', k.opcname like '%%pattern_ops' or i.indcollation[0] in (950, 951)
                    or (i.indcollation[0] = 100 and (select plain from collation_of))
    )) as all_of_it
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as c on c.oid = i.indexrelid
    join pg_catalog.pg_am as a on a.oid = c.relam and a.amname = 'btree'
    join pg_catalog.pg_opclass as k on k.oid = i.indclass[0]
    where i.indrelid in (select oid from relation) and i.indisvalid
    group by i.indrelid
)
select current_user::text, here.name,
       coalesce((select has_schema_privilege(oid, 'usage') from pg_catalog.pg_namespace where nspname = here.name), false),
       exists (select from pg_catalog.pg_namespace where nspname = 'nightdesk'),
       coalesce((
           select jsonb_object_agg(r.label, jsonb_build_object(
               'columns', (select coalesce(jsonb_object_agg(
                               a.attname, r.usable and has_column_privilege(r.oid, a.attnum, 'select')), '{}')
                           from pg_catalog.pg_attribute as a
                           where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped),
               'rows_hidden', row_security_active(r.oid) and (
                   not exists (select from applicable as p
                               where p.polrelid = r.oid and p.polpermissive and p.shows = 'true')
                   or exists (select from applicable as p where p.polrelid = r.oid and not p.polpermissive)),
               'rows', r.reltuples::bigint,
               'indexes', (select x.all_of_it from index_of as x where x.indrelid = r.oid)
           )) from relation as r
       ), '{}'),
       current_database()::text,
       exists (select from pg_catalog.pg_namespace where nspname = here.name)
from here
"""
