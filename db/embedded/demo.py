"""The demo: a believable platform in a database of our own, ready for operators of every role.

The database is built under another name and renamed when it is complete, so that whatever interrupts the
building, the next start finds either a whole demo or none.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from db.embedded.home import demo_server
from db.embedded.server import Progress, Server, quiet
from db.embedded.sharing import held
from db.errors import NightdeskError, Refused
from db.roles import PEOPLE

DATABASE = "nightdesk_demo"
ROLES = tuple(role.value for role in PEOPLE)

_BUILDING = "nightdesk_demo_building"
_STALE_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Built:
    """What a finished demo database remembers of its making, as a comment on the database.

    Attributes:
        revisions: Digest of the migrations it was brought to.
        rows: Size it was seeded with.
        at: When, ISO 8601 in UTC; the data is relative to that moment.
    """

    revisions: str
    rows: int
    at: str

    @property
    def age(self) -> timedelta:
        """How long ago the data was made."""
        return datetime.now(UTC) - datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class Demo:
    """A demo that is up.

    Attributes:
        server: The running server.
        built: What the database remembers of its making.
    """

    server: Server
    built: Built

    def url(self, role: str | None = None) -> str:
        """Return the address for an operator of a role, or for the owner of everything."""
        user = "postgres" if role is None else f"demo_{role}"
        return self.server.url(user=user, dbname=DATABASE)

    @property
    def stale(self) -> bool:
        """Whether so much time has passed that expiries and ages no longer look like a working day."""
        return self.built.age > _STALE_AFTER


@contextmanager
def running_demo(
    environ: Mapping[str, str], *, rows: int | None = None, reset: bool = False, progress: Progress = quiet
) -> Iterator[Demo]:
    """Keep the demo up while the block runs, building its database first where that is needed.

    Args:
        environ: Environment variables; NIGHTDESK_HOME moves the data.
        rows: Size of the platform; another size than the existing one means building anew.
        reset: Build anew in any case.
        progress: Receives a line for each step that takes noticeable time.

    Yields:
        The demo, its server running.
    """
    with held(demo_server(environ), progress) as server:
        with (server.home / "demo.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            built = None if reset else _built(server)
            if built is None or rows not in {None, built.rows}:
                built = _build(server, rows, progress)
            elif built.revisions != _revisions():
                built = _bring_up_to_date(server, built, progress)
        yield Demo(server, built)


def _build(server: Server, rows: int | None, progress: Progress) -> Built:
    from db.demo import DEFAULT_ROWS

    size = rows or DEFAULT_ROWS
    with _administrator(server) as connection:
        connection.execute(_named("drop database if exists {} with (force)", _BUILDING))
        connection.execute(_named("create database {} template template0", _BUILDING))
    target = server.conninfo(dbname=_BUILDING)
    _migrate(target, progress)
    with psycopg.connect(target, autocommit=True) as connection:
        _add_operators(connection)
        _seed(connection, size, progress)
    built = Built(revisions=_revisions(), rows=size, at=datetime.now(UTC).isoformat(timespec="seconds"))
    with _administrator(server) as connection:
        _remember(connection, _BUILDING, built)
        connection.execute(_named("drop database if exists {} with (force)", DATABASE))
        connection.execute(_named("alter database {} rename to {}", _BUILDING, DATABASE))
    return built


def _bring_up_to_date(server: Server, built: Built, progress: Progress) -> Built:
    """Migrate an existing demo after an update of nightdesk; what was tried out in it stays.

    Raises:
        Refused: It cannot be migrated; the sentence names --reset.
    """
    progress("bringing the demo database up to date")
    try:
        _migrate(server.conninfo(dbname=DATABASE), progress)
    except NightdeskError as error:
        raise Refused(
            f"The demo database of an earlier nightdesk cannot be brought up to date ({error}) "
            "`nightdesk demo --reset` builds it anew."
        ) from error
    current = Built(revisions=_revisions(), rows=built.rows, at=built.at)
    with _administrator(server) as connection:
        _remember(connection, DATABASE, current)
    return current


def _migrate(conninfo: str, progress: Progress) -> None:
    from db import migration, operators

    progress("migrating the platform")
    migration.upgrade(conninfo, line="platform")
    progress("installing the schema nightdesk")
    operators.install(conninfo)


def _add_operators(connection: psycopg.Connection[Any]) -> None:
    from db import operators

    for role in ROLES:
        operators.add(connection, f"demo_{role}", role)


def _seed(connection: psycopg.Connection[Any], rows: int, progress: Progress) -> None:
    from db import demo

    progress(f"seeding a platform of {rows:,} users")
    demo.seed(connection, rows=rows, progress=progress)


def _built(server: Server) -> Built | None:
    """Read what the demo database remembers; None where there is none, or none that we can read."""
    with _administrator(server) as connection:
        row = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = %s", (DATABASE,)
        ).fetchone()
    if row is None or row[0] is None:
        return None
    try:
        return Built(**json.loads(row[0]))
    except (ValueError, TypeError):
        return None


def _remember(connection: psycopg.Connection[Any], database: str, built: Built) -> None:
    statement = sql.SQL("comment on database {} is {}")
    connection.execute(statement.format(sql.Identifier(database), sql.Literal(json.dumps(asdict(built)))))


def _revisions() -> str:
    """Digest what shapes the schema and its rights, so that an update of nightdesk is noticed."""
    digest = hashlib.sha256()
    for package in ("migrations", "db.operators"):
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*")):
            if path.suffix in {".py", ".sql"}:
                digest.update(f"{path.relative_to(root)}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _administrator(server: Server) -> psycopg.Connection[Any]:
    return psycopg.connect(server.conninfo(), autocommit=True)


def _named(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*(sql.Identifier(name) for name in names))
