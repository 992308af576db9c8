"""The rights of db.operators.rights as SQL for the tables and columns that exist here, where they are not so already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from psycopg import sql

from db.operators.masked_views import masked_views
from db.operators.registry import registrations
from db.operators.relations import OWNER, Connection, Relation, relations
from db.operators.rights import (
    OPERATOR_FUNCTIONS,
    PEOPLE_AND_MACHINES,
    SEES_PERSONAL_DATA,
    WORKER_FUNCTIONS,
    Role,
)
from db.operators.row_security import policies

TRACKERS = ("alembic_version", "_prisma_migrations")
_GRANTEES = (*(role.group for role in PEOPLE_AND_MACHINES), OWNER)


@dataclass(frozen=True)
class Statements:
    """What brings the rights in line with the tables that exist.

    Args:
        locking: Statements that lock a table against everybody, one tuple a table: each goes in a transaction of
            its own, or the first table would stay locked while the next is waited for.
        rest: Statements that lock nothing of the platform; they go together.
    """

    locking: tuple[tuple[str, ...], ...]
    rest: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every statement, in order."""
        return (*(statement for table in self.locking for statement in table), *self.rest)


class Privilege(NamedTuple):
    """One entry of a privilege list; no column: on the whole table."""

    grantee: str
    name: str
    column: str | None


def grant_statements(connection: Connection, schema: str) -> Statements:
    """List the statements that give every role its rights on the tables of `schema` that exist.

    They replace what an earlier run gave, so that running them again after a migration covers new tables. What is
    as wanted already is left alone, so that a run which changes nothing takes no strong lock.

    Args:
        connection: Any session that may read the catalog.
        schema: Where the platform's tables live.
    """
    found = relations(connection, schema)
    parts: list[sql.Composed] = [_usage(schema)]
    parts += _trackers(connection, schema)
    parts += registrations(found, schema)
    parts += _table_grants(connection, found)
    parts += masked_views(connection, found, schema)
    parts += _functions(connection, schema)
    return Statements(
        tuple(tuple(part.as_string(connection) for part in table) for table in policies(connection, found)),
        tuple(part.as_string(connection) for part in parts),
    )


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


def _table_grants(connection: Connection, found: Mapping[str, Relation]) -> Iterator[sql.Composed]:
    held = _held(connection, [relation.oid for relation in found.values()])
    for relation in found.values():
        wanted = (*_reading(relation), *_owning(relation))
        if held.get(relation.oid, frozenset()) == frozenset(wanted):
            continue
        for grantee in _GRANTEES:
            yield sql.SQL("revoke all on {} from {}").format(relation.identifier, sql.Identifier(grantee))
            yield from _given(relation, [entry for entry in wanted if entry.grantee == grantee])


def _reading(relation: Relation) -> Iterator[Privilege]:
    for role in PEOPLE_AND_MACHINES:
        for column in relation.open_columns:
            if role in SEES_PERSONAL_DATA or column not in relation.rights.personal:
                yield Privilege(role.group, "select", column)


def _owning(relation: Relation) -> Iterator[Privilege]:
    """The definer of apply_changes compares, locks and writes; which operator may make it do so is `permission`."""
    writable = relation.writable_columns
    for column in relation.open_columns:
        yield Privilege(OWNER, "select", column)
    if not relation.rights.writes:
        # A fact is checked under a row lock, and PostgreSQL locks rows only for who may update some column.
        writable = writable[:1]
    else:
        for column in writable:
            yield Privilege(OWNER, "insert", column)
        yield Privilege(OWNER, "delete", None)
    for column in writable:
        yield Privilege(OWNER, "update", column)


def _given(relation: Relation, entries: list[Privilege]) -> Iterator[sql.Composed]:
    """One statement a privilege."""
    for privilege in dict.fromkeys(entry.name for entry in entries):
        columns = [e.column for e in entries if e.name == privilege and e.column is not None]
        listed = sql.SQL(" ({})").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
        yield sql.SQL("grant {}{} on {} to {}").format(
            sql.SQL(privilege),
            listed if columns else sql.SQL(""),
            relation.identifier,
            sql.Identifier(entries[0].grantee),
        )


def _held(connection: Connection, tables: list[int]) -> Mapping[int, frozenset[Privilege]]:
    rows = connection.execute(
        "select o.relation, r.rolname, lower(a.privilege_type), o.attname from ("
        "  select c.oid, c.relacl, null from pg_catalog.pg_class c where c.oid = any(%(tables)s::oid[])"
        "  union all"
        "  select t.attrelid, t.attacl, t.attname::text from pg_catalog.pg_attribute t"
        "  where t.attrelid = any(%(tables)s::oid[]) and t.attnum > 0 and not t.attisdropped"
        " ) o (relation, acl, attname), pg_catalog.aclexplode(o.acl) a"
        " join pg_catalog.pg_roles r on r.oid = a.grantee where r.rolname = any(%(grantees)s)",
        {"tables": tables, "grantees": list(_GRANTEES)},
    ).fetchall()
    held: dict[int, set[Privilege]] = {}
    for table, grantee, privilege, column in rows:
        held.setdefault(table, set()).add(Privilege(grantee, privilege, column))
    return {table: frozenset(entries) for table, entries in held.items()}


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
