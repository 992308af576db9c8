"""Views that show personal data masked to those whose own grants hide it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg import sql

from db.operators.relations import OWNER, Connection, Relation
from db.operators.rights import Role


@dataclass(frozen=True)
class MaskedView:
    """A view of one column.

    Args:
        name: In schema nightdesk.
        table: Of the platform.
        column: What is masked.
        mask: Function of schema nightdesk that masks it.
    """

    name: str
    table: str
    column: str
    mask: str

    def shows(self, definition: str) -> bool:
        """Whether the server's own text of a view says what ours would."""
        column = f'(?:"{self.column}"|{self.column})'
        of_table = rf'(?:"?{self.table}"?\.)?'
        return bool(
            re.fullmatch(
                rf"SELECT {of_table}id, nightdesk\.{self.mask}\({of_table}{column}\) AS {column}"
                rf' FROM (?:(?:"[^"]+"|\w+)\.)?{self.table};',
                " ".join(definition.split()),
            )
        )


MASKED_VIEWS = (
    MaskedView("masked_users", "users", "email", "mask_email"),
    MaskedView("masked_sessions", "sessions", "ipAddress", "mask_address"),
)


@dataclass(frozen=True)
class _Found:
    """A view of that name as the catalog shows it."""

    definition: str
    ours: bool
    table: int
    schema: str


def masked_views(
    connection: Connection, relations: Mapping[str, Relation], schema: str
) -> Iterator[sql.Composed]:
    """Yield the statements for the views that are missing, out of date or over a table that has changed.

    Args:
        connection: Any session that may read the catalog.
        relations: The tables that exist, by name.
        schema: Where the platform's tables live; a view over another schema stays where this one has no such table.
    """
    existing = _existing(connection)
    for view in MASKED_VIEWS:
        relation, found = relations.get(view.table), existing.get(view.name)
        name = sql.Identifier("nightdesk", view.name)
        if relation is None or not {"id", view.column} <= set(relation.columns):
            if found is not None and found.schema == schema:
                yield sql.SQL("drop view {}").format(name)
            continue
        if found is not None and found.ours and found.table == relation.oid and view.shows(found.definition):
            continue
        if found is not None:
            yield sql.SQL("drop view {}").format(name)
        yield from _made(view, name, relation)


def _made(view: MaskedView, name: sql.Identifier, relation: Relation) -> Iterator[sql.Composed]:
    column = sql.Identifier(view.column)
    # Owned by the definer on purpose: it shows what the reader's own grants hide, masked.
    yield sql.SQL(
        "create view {} with (security_barrier) as select id, nightdesk.{}({}) as {} from {}"
    ).format(name, sql.Identifier(view.mask), column, column, relation.identifier)
    yield sql.SQL("alter view {} owner to {}").format(name, sql.Identifier(OWNER))
    yield sql.SQL("grant select on {} to {}, {}").format(
        name, sql.Identifier(Role.VIEWER.group), sql.Identifier(Role.WORKER.group)
    )


def _existing(connection: Connection) -> Mapping[str, _Found]:
    rows = connection.execute(
        "select v.relname, pg_catalog.pg_get_viewdef(v.oid),"
        " r.rolname = %s and coalesce(v.reloptions && array['security_barrier=true', 'security_barrier'], false)"
        " and pg_catalog.has_table_privilege(%s, v.oid, 'select') and pg_catalog.has_table_privilege(%s, v.oid, 'select'),"
        " t.oid, tn.nspname"
        " from pg_catalog.pg_class v join pg_catalog.pg_namespace n on n.oid = v.relnamespace"
        " join pg_catalog.pg_roles r on r.oid = v.relowner"
        " join pg_catalog.pg_rewrite w on w.ev_class = v.oid"
        " join lateral (select distinct d.refobjid from pg_catalog.pg_depend d where d.objid = w.oid"
        "   and d.classid = 'pg_catalog.pg_rewrite'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass"
        "   and d.refobjid <> v.oid) d on true"
        " join pg_catalog.pg_class t on t.oid = d.refobjid join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace"
        " where n.nspname = 'nightdesk' and v.relkind = 'v' and v.relname = any(%s)",
        (OWNER, Role.VIEWER.group, Role.WORKER.group, [view.name for view in MASKED_VIEWS]),
    ).fetchall()
    return {name: _Found(definition, ours, table, schema) for name, definition, ours, table, schema in rows}
