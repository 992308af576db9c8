"""The rows by which the database knows what `install` found: tables, secret columns, permissions.

A row has a source. Only our own rows of the schema at hand are replaced; a row that a DBA added or updated for the
same key stays and wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from psycopg import sql

from db.operators.relations import Relation
from db.operators.rights import EVERY_COLUMN
from db.verb import Verb


def registrations(relations: Mapping[str, Relation], schema: str) -> Iterator[sql.Composed]:
    """Yield the statements that replace our rows about the tables of `schema`.

    Args:
        relations: The tables that exist, by name.
        schema: Where the platform's tables live.
    """
    found = relations.values()
    yield from _replaced(
        "platform_table",
        ("table_name", "relation"),
        [(relation.label, relation.identifier.as_string()) for relation in found],
        schema,
    )
    yield from _replaced(
        "secret_column",
        ("table_name", "column_name"),
        [(r.label, column) for r in found for column in r.rights.secret if column in r.columns],
        schema,
    )
    yield from _replaced(
        "permission",
        ("role", "table_name", "verb", "column_name", "approval_from_rows"),
        [
            (role.group, relation.label, write.verb.value, column, write.approval_from_rows)
            for relation in found
            for write in relation.rights.writes
            for role in write.roles
            for column in _written(relation, write.verb, write.columns)
        ],
        schema,
    )


def _replaced(
    table: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]], schema: str
) -> Iterator[sql.Composed]:
    name = sql.Identifier("nightdesk", table)
    yield sql.SQL("delete from {} where source = 'nightdesk' and split_part(table_name, '.', 1) = {}").format(
        name, sql.Literal(schema)
    )
    if rows:
        yield sql.SQL("insert into {} ({}) values {} on conflict do nothing").format(
            name,
            sql.SQL(", ").join(map(sql.Identifier, (*columns, "source"))),
            sql.SQL(", ").join(
                sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, (*row, "nightdesk"))))
                for row in rows
            ),
        )


def _written(relation: Relation, verb: Verb, columns: tuple[str, ...]) -> tuple[str, ...]:
    if verb is Verb.DELETE:
        return ("*",)
    if columns == EVERY_COLUMN:
        return relation.writable_columns
    return tuple(column for column in columns if column in relation.open_columns)
