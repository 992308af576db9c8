"""The rights of db.operators.rights as SQL for the tables and columns that exist here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from db.operators.rights import (
    EVERY_COLUMN,
    OPERATOR_FUNCTIONS,
    PEOPLE_AND_MACHINES,
    RIGHTS,
    SEES_PERSONAL_DATA,
    WORKER_FUNCTIONS,
    Role,
    TableRights,
)
from db.verb import Verb

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
OWNER = "nightdesk_owner"
TRACKERS = ("alembic_version", "_prisma_migrations")
_MASKED = {
    "users": ("masked_users", "email", "mask_email"),
    "sessions": ("masked_sessions", "ipAddress", "mask_address"),
}


@dataclass(frozen=True)
class Relation:
    """One of the platform's tables as the catalog shows it.

    Args:
        schema: Where it lives.
        columns: Every column, in order.
        generated: Columns that the server computes.
        row_security: Whether policies decide which rows are seen.
    """

    schema: str
    name: str
    columns: tuple[str, ...]
    generated: frozenset[str]
    row_security: bool

    @property
    def identifier(self) -> sql.Identifier:
        """Qualified name for SQL."""
        return sql.Identifier(self.schema, self.name)

    @property
    def label(self) -> str:
        """The name under which changes and permissions know it."""
        return f"{self.schema}.{self.name}"

    def open_columns(self, rights: TableRights) -> tuple[str, ...]:
        """Every column that is not secret."""
        return tuple(column for column in self.columns if column not in rights.secret)


def grant_statements(connection: Connection, schema: str) -> tuple[str, ...]:
    """List the statements that give every role its rights on the tables of `schema` that exist.

    They replace what an earlier run gave, so that running them again after a migration covers new tables.
    """
    relations = _relations(connection, schema)
    parts: list[sql.Composed] = [_usage(schema)]
    parts += _trackers(connection, schema)
    parts += _platform_tables(relations)
    parts += _secret_columns(relations)
    for relation in relations.values():
        parts += _reading(relation, RIGHTS[relation.name])
        parts += _owner(relation, RIGHTS[relation.name])
        if relation.row_security:
            parts += _policies(connection, relation)
    parts += _permissions(relations)
    parts += _masked_views(relations)
    parts += _functions(connection, schema)
    return tuple(part.as_string(connection) for part in parts)


def _relations(connection: Connection, schema: str) -> Mapping[str, Relation]:
    rows = connection.execute(
        "select c.relname, array_agg(a.attname::text order by a.attnum),"
        " array_remove(array_agg(case when a.attgenerated <> '' or a.attidentity = 'a' then a.attname::text end), null),"
        " c.relrowsecurity"
        " from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where n.nspname = %s and c.relkind in ('r', 'p') and c.relname = any(%s)"
        " group by c.oid order by c.relname",
        (schema, list(RIGHTS)),
    ).fetchall()
    return {row[0]: Relation(schema, row[0], tuple(row[1]), frozenset(row[2]), row[3]) for row in rows}


def _usage(schema: str) -> sql.Composed:
    return sql.SQL("grant usage on schema {} to {}, {}, {}").format(
        sql.Identifier(schema),
        sql.Identifier(OWNER),
        sql.Identifier(Role.VIEWER.group),
        sql.Identifier(Role.WORKER.group),
    )


def _trackers(connection: Connection, schema: str) -> Iterator[sql.Composed]:
    """Where the schema stands is no secret: everybody reads the version tables that exist."""
    found = connection.execute(
        "select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind = 'r' and n.nspname = any(%s) and c.relname = any(%s) order by 1, 2",
        ([schema, "nightdesk"], list(TRACKERS)),
    ).fetchall()
    for home, name in found:
        yield sql.SQL("grant select on {} to {}, {}").format(
            sql.Identifier(home, name), sql.Identifier(Role.VIEWER.group), sql.Identifier(Role.WORKER.group)
        )


def _platform_tables(relations: Mapping[str, Relation]) -> Iterator[sql.Composed]:
    yield sql.SQL("delete from nightdesk.platform_table").format()
    for relation in relations.values():
        yield sql.SQL("insert into nightdesk.platform_table (table_name, relation) values ({}, {})").format(
            sql.Literal(relation.label), sql.Literal(relation.identifier.as_string())
        )


def _secret_columns(relations: Mapping[str, Relation]) -> Iterator[sql.Composed]:
    yield sql.SQL("delete from nightdesk.secret_column").format()
    rows = [
        (r.label, column)
        for r in relations.values()
        for column in RIGHTS[r.name].secret
        if column in r.columns
    ]
    if rows:
        yield sql.SQL("insert into nightdesk.secret_column (table_name, column_name) values {}").format(
            _values(rows)
        )


def _reading(relation: Relation, rights: TableRights) -> Iterator[sql.Composed]:
    readable = relation.open_columns(rights)
    public = tuple(column for column in readable if column not in rights.personal)
    for role in PEOPLE_AND_MACHINES:
        yield sql.SQL("revoke all on {} from {}").format(relation.identifier, sql.Identifier(role.group))
        columns = readable if role in SEES_PERSONAL_DATA else public
        yield _column_grant("select", columns, relation, role.group)


def _owner(relation: Relation, rights: TableRights) -> Iterator[sql.Composed]:
    """The definer of apply_changes compares, locks and writes; which operator may make it do so is `permission`."""
    readable = relation.open_columns(rights)
    writable = tuple(column for column in readable if column not in relation.generated)
    yield sql.SQL("revoke all on {} from {}").format(relation.identifier, sql.Identifier(OWNER))
    yield _column_grant("select", readable, relation, OWNER)
    if rights.writes:
        yield _column_grant("insert", writable, relation, OWNER)
        yield _column_grant("update", writable, relation, OWNER)
        yield sql.SQL("grant delete on {} to {}").format(relation.identifier, sql.Identifier(OWNER))
    else:
        # A fact is checked under a row lock, and PostgreSQL locks rows only for who may update some column.
        yield _column_grant("update", writable[:1], relation, OWNER)


def _column_grant(privilege: str, columns: Sequence[str], relation: Relation, grantee: str) -> sql.Composed:
    return sql.SQL("grant " + privilege + " ({}) on {} to {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), relation.identifier, sql.Identifier(grantee)
    )


def _policies(connection: Connection, relation: Relation) -> Iterator[sql.Composed]:
    """Row security of the platform stays; ours adds what our roles need, under names that uninstall knows."""
    readers = [Role.VIEWER.group, Role.WORKER.group, OWNER]
    for name, command, grantees, clause in (
        ("nightdesk_read", "select", readers, "using (true)"),
        ("nightdesk_write", "all", [OWNER], "using (true) with check (true)"),
    ):
        yield sql.SQL("drop policy if exists {} on {}").format(sql.Identifier(name), relation.identifier)
        yield sql.SQL("create policy {} on {} for " + command + " to {} " + clause).format(
            sql.Identifier(name), relation.identifier, sql.SQL(", ").join(map(sql.Identifier, grantees))
        )


def _permissions(relations: Mapping[str, Relation]) -> Iterator[sql.Composed]:
    yield sql.SQL("delete from nightdesk.permission").format()
    rows = [
        (role.group, relation.label, write.verb.value, column, write.approval_from_rows)
        for relation in relations.values()
        for write in RIGHTS[relation.name].writes
        for role in write.roles
        for column in _written(relation, write.verb, write.columns)
    ]
    if rows:
        yield sql.SQL(
            "insert into nightdesk.permission (role, table_name, verb, column_name, approval_from_rows) values {}"
        ).format(_values(rows))


def _written(relation: Relation, verb: Verb, columns: tuple[str, ...]) -> tuple[str, ...]:
    if verb is Verb.DELETE:
        return ("*",)
    open_columns = relation.open_columns(RIGHTS[relation.name])
    if columns == EVERY_COLUMN:
        return tuple(column for column in open_columns if column not in relation.generated)
    return tuple(column for column in columns if column in open_columns)


def _masked_views(relations: Mapping[str, Relation]) -> Iterator[sql.Composed]:
    for table, (view, column, mask) in _MASKED.items():
        relation = relations.get(table)
        name = sql.Identifier("nightdesk", view)
        yield sql.SQL("drop view if exists {}").format(name)
        if relation is None or not {"id", column} <= set(relation.columns):
            continue
        # Owned by the definer on purpose: it shows what the reader's own grants hide, masked.
        yield sql.SQL(
            "create view {} with (security_barrier) as select id, nightdesk.{}({}) as {} from {}"
        ).format(
            name, sql.Identifier(mask), sql.Identifier(column), sql.Identifier(column), relation.identifier
        )
        yield sql.SQL("alter view {} owner to {}").format(name, sql.Identifier(OWNER))
        yield sql.SQL("grant select on {} to {}, {}").format(
            name, sql.Identifier(Role.VIEWER.group), sql.Identifier(Role.WORKER.group)
        )


def _functions(connection: Connection, schema: str) -> Iterator[sql.Composed]:
    wanted: dict[str, set[Role]] = {name: {Role.WORKER} for name in WORKER_FUNCTIONS}
    for name, roles in OPERATOR_FUNCTIONS.items():
        wanted.setdefault(name, set()).update(roles)
    found = connection.execute(
        "select p.proname, p.oid::regprocedure::text from pg_catalog.pg_proc p"
        " join pg_catalog.pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = %s and p.proname = any(%s) order by 2",
        (schema, list(wanted)),
    ).fetchall()
    for name, signature in found:
        yield sql.SQL("grant execute on function " + signature.replace("{", "{{") + " to {}").format(
            sql.SQL(", ").join(sql.Identifier(role.group) for role in sorted(wanted[name]))
        )


def _values(rows: Sequence[tuple[object, ...]]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("({})").format(sql.SQL(", ").join(sql.Literal(value) for value in row)) for row in rows
    )
