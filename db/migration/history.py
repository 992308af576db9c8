"""The revisions of a line and where a database stands among them, read without Alembic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from db.migration.lines import line_of

_ASSIGNED = re.compile(r'^(revision|down_revision)\b[^=\n]*=\s*(?:"([^"]*)"|None)', re.MULTILINE)
_CREATED = re.compile(r"^Create Date:\s*(\d{4}-\d{2}-\d{2})", re.MULTILINE)
_SUMMARY = re.compile(r'\A"""(.+?)(?:\n|""")')


class State(StrEnum):
    """Where a revision stands in one database."""

    APPLIED = "applied"
    PENDING = "pending"
    # The version row names a revision that no file declares, or the version table may not be read.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Revision:
    """One revision as its file declares it.

    Args:
        id: For example `0005`.
        down: The revision before; None for the first.
        description: First sentence of the file.
        created: Its date, where the file names one.
        lines: Lines of code and SQL.
        line: `platform` or `console`.
    """

    id: str
    down: str | None
    description: str
    created: date | None
    lines: int
    line: str


@dataclass(frozen=True)
class RevisionState:
    """A revision and its state in one database.

    Args:
        revision: The revision; of an unknown one only the id is known.
        state: Applied, pending or unknown.
        current: Whether the version row names it.
        note: Why, where the state needs a word.
    """

    revision: Revision
    state: State
    current: bool
    note: str | None = None


@cache
def revisions(line: str = "platform") -> tuple[Revision, ...]:
    """Return the revisions of a line in order, first to last.

    Args:
        line: `platform` or `console`.

    Returns:
        The chain.
    """
    found = {each.down: each for each in map(_read_file, _files(line, line_of(line).versions))}
    chain: list[Revision] = []
    down: str | None = None
    while down in found:
        chain.append(found[down])
        down = chain[-1].id
    return tuple(chain)


def _files(line: str, directory: Path) -> list[tuple[str, Path]]:
    return [(line, path) for path in sorted(directory.glob("*.py")) if not path.name.startswith("_")]


def _read_file(source: tuple[str, Path]) -> Revision:
    line, path = source
    text = path.read_text(encoding="utf-8")
    assigned = {name: value or None for name, value in _ASSIGNED.findall(text)}
    summary, created = _SUMMARY.search(text), _CREATED.search(text)
    own_id = assigned["revision"]
    assert own_id is not None, path
    return Revision(
        id=own_id,
        down=assigned["down_revision"],
        description=summary[1].strip().rstrip(".") if summary else path.stem,
        created=date.fromisoformat(created[1]) if created else None,
        lines=text.count("\n") + _lines_of_sql(path.parent, own_id),
        line=line,
    )


def _lines_of_sql(directory: Path, revision: str) -> int:
    folders = (path for path in directory.iterdir() if path.name.startswith(f"{revision}_") and path.is_dir())
    files = (path for folder in folders for path in folder.iterdir() if path.suffix == ".sql")
    return sum(path.read_text(encoding="utf-8").count("\n") for path in files)


def history(
    connection: psycopg.Connection[Any], line: str = "platform", schema: str | None = None
) -> tuple[RevisionState, ...]:
    """Tell for each revision whether a database has it; never fails for want of the version table.

    Args:
        connection: Any connection; nothing is written.
        line: `platform` or `console`.
        schema: Where the platform's tables live; by default the first schema of the search_path.

    Returns:
        One entry a revision in order; a version row that no file knows comes last, as unknown.
    """
    home = "nightdesk" if line == "console" else schema or _current_schema(connection)
    chain = revisions(line)
    if line == "platform" and not _exists(connection, home):
        note = f"schema {home} does not exist in {connection.info.dbname}: check ?schema= of the address"
        return tuple(RevisionState(each, State.UNKNOWN, False, note) for each in chain)
    recorded = _recorded(connection, home)
    if recorded is None:
        note = f"{home}.alembic_version may not be read by this role"
        return tuple(RevisionState(each, State.UNKNOWN, False, note) for each in chain)
    known = [each.id for each in chain]
    reached = max((known.index(each) for each in recorded if each in known), default=-1)
    strangers = [each for each in recorded if each not in known]
    states = [
        RevisionState(
            each,
            State.APPLIED if position <= reached else State.UNKNOWN if strangers else State.PENDING,
            each.id in recorded,
            "the database stands at a revision that is not known here"
            if strangers and position > reached
            else None,
        )
        for position, each in enumerate(chain)
    ]
    states += [
        RevisionState(
            Revision(each, None, "not among the revisions of this release", None, 0, line),
            State.UNKNOWN,
            True,
            "the database was migrated by another release; upgrade nightdesk before migrating",
        )
        for each in strangers
    ]
    return tuple(states)


def _current_schema(connection: psycopg.Connection[Any]) -> str:
    """Return the schema that is meant: the first that exists, else the first that the search_path names."""
    row = connection.execute(
        "select coalesce((select entry from unnest(current_schemas(false)) with ordinality as path (entry, place)"
        " where left(entry, 7) <> 'pg_temp' order by place limit 1),"
        " trim(both ' \"' from split_part(current_setting('search_path'), ',', 1)))"
    ).fetchone()
    assert row is not None
    return str(row[0])


def _exists(connection: psycopg.Connection[Any], schema: str) -> bool:
    row = connection.execute("select to_regnamespace(quote_ident(%s)) is not null", (schema,)).fetchone()
    return row == (True,)


def _recorded(connection: psycopg.Connection[Any], schema: str) -> tuple[str, ...] | None:
    """Return the version rows; none if the table is absent, None if this role may not read it."""
    row = connection.execute(
        "select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') "
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = %s and c.relname = 'alembic_version' and c.relkind = 'r'",
        (schema,),
    ).fetchone()
    if row is None:
        return ()
    if not row[0]:
        return None
    quoted = '"' + schema.replace('"', '""') + '"'
    rows = connection.execute(f"select version_num from {quoted}.alembic_version".encode()).fetchall()
    return tuple(str(version) for (version,) in rows)
