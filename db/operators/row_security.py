"""Our policies on tables with row security, and only where they are not as wanted: each takes the strongest lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg import sql

from db.operators.relations import OWNER, Connection, Relation
from db.operators.rights import Role


@dataclass(frozen=True)
class Policy:
    """One policy as pg_policy shows it.

    Args:
        command: "r" for select, "*" for all.
        grantees: Role names.
        using: Which rows are seen.
        check: Which rows may be written.
    """

    command: str
    grantees: frozenset[str]
    using: str | None = "true"
    check: str | None = None
    permissive: bool = True


_WANTED: Mapping[str, Policy] = {
    "nightdesk_read": Policy("r", frozenset({Role.VIEWER.group, Role.WORKER.group, OWNER})),
    "nightdesk_write": Policy("*", frozenset({OWNER}), check="true"),
}
_CLAUSES = {
    "nightdesk_read": "create policy {} on {} for select to {} using (true)",
    "nightdesk_write": "create policy {} on {} for all to {} using (true) with check (true)",
}


def policies(connection: Connection, relations: Mapping[str, Relation]) -> Iterator[tuple[sql.Composed, ...]]:
    """Yield, a table at a time, the statements that bring its policies to what our roles need.

    Row security of the platform stays; ours are added under names that uninstall knows.

    Args:
        connection: Any session that may read the catalog.
        relations: The tables that exist, by name.
    """
    secured = [relation for relation in relations.values() if relation.row_security]
    existing = _existing(connection, [relation.oid for relation in secured])
    for relation in secured:
        statements = tuple(_missing(relation, existing.get(relation.oid, {})))
        if statements:
            yield statements


def removals(connection: Connection) -> Iterator[tuple[sql.Composed, ...]]:
    """Yield, a table at a time, the statements that drop our policies, in whatever schema they are."""
    rows = connection.execute(
        "select n.nspname, c.relname, array_agg(p.polname::text order by p.polname) from pg_catalog.pg_policy p"
        " join pg_catalog.pg_class c on c.oid = p.polrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " where p.polname = any(%s) group by 1, 2 order by 1, 2",
        (list(_WANTED),),
    ).fetchall()
    for schema, table, names in rows:
        yield tuple(
            sql.SQL("drop policy {} on {}").format(sql.Identifier(name), sql.Identifier(schema, table))
            for name in names
        )


def _missing(relation: Relation, existing: Mapping[str, Policy]) -> Iterator[sql.Composed]:
    for name, wanted in _WANTED.items():
        if existing.get(name) == wanted:
            continue
        if name in existing:
            yield sql.SQL("drop policy {} on {}").format(sql.Identifier(name), relation.identifier)
        yield sql.SQL(_CLAUSES[name]).format(
            sql.Identifier(name),
            relation.identifier,
            sql.SQL(", ").join(map(sql.Identifier, sorted(wanted.grantees))),
        )


def _existing(connection: Connection, tables: list[int]) -> Mapping[int, Mapping[str, Policy]]:
    rows = connection.execute(
        "select p.polrelid, p.polname, p.polcmd::text, p.polpermissive,"
        " array(select r.rolname::text from pg_catalog.pg_roles r where r.oid = any(p.polroles)),"
        " pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)"
        " from pg_catalog.pg_policy p where p.polrelid = any(%s::oid[]) and p.polname = any(%s)",
        (tables, list(_WANTED)),
    ).fetchall()
    found: dict[int, dict[str, Policy]] = {}
    for table, name, command, permissive, grantees, using, check in rows:
        found.setdefault(table, {})[name] = Policy(command, frozenset(grantees), using, check, permissive)
    return found
