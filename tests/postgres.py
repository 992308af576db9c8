"""The PostgreSQL of a test run: one server for all workers, one database a test, templates made on demand."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db.embedded.server import Server

ROLES = ("viewer", "support", "oncall", "dba", "worker")
# Enough users for a second page of every list.
DEMO_ROWS = 400
RUN_VARIABLE = "NIGHTDESK_TEST_RUN"
_SHARED = Path("/tmp")
# Nothing of a test run outlives it, so nothing needs to reach the disk.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_prepared_transactions": "10",
}


def open_server(choice: str) -> Server:
    """Return the (not yet started) server of this run for 18, 16, "system" or a bin directory."""
    home = _SHARED / f"{_prefix()}{os.environ[RUN_VARIABLE]}-{re.sub(r'[^0-9a-z]', '', choice)}"
    if choice in {"18", "16"}:
        return Server(home, int(choice), settings=_SETTINGS)
    programs = _system_programs() if choice == "system" else Path(choice)
    version = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    match = re.search(r"\b(\d+)\.", version)
    assert match is not None, version
    return Server(home, int(match[1]), settings=_SETTINGS, programs=programs)


def discard_servers(run: str) -> None:
    """Stop and remove whatever servers a run has started."""
    for lock in _SHARED.glob(f"{_prefix()}{run}-*.lock"):
        lock.unlink(missing_ok=True)
    for home in _SHARED.glob(f"{_prefix()}{run}-*"):
        with suppress(OSError):
            Server(home).stop()
        shutil.rmtree(home, ignore_errors=True)


def discard_leftovers() -> None:
    """Remove servers of runs that were killed before they could: their process is gone."""
    for home in _SHARED.glob(f"{_prefix()}*"):
        run = home.name.removeprefix(_prefix()).split("-")[0]
        if run.isdigit() and not _alive(int(run)):
            discard_servers(run)


@contextmanager
def database(server: Server, *, template: str | None = None) -> Iterator[str]:
    """Create a database that lives as long as the block; yields the conninfo of its superuser."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    create_database(server, name, template=template)
    try:
        yield server.conninfo(dbname=name)
    finally:
        drop_database(server, name)


def create_database(server: Server, name: str, *, template: str | None = None) -> None:
    """Create a database, empty or as a copy of a template."""
    statement = sql.SQL("create database {} template {}").format(
        sql.Identifier(name), sql.Identifier(template or "template0")
    )
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute(statement)


def drop_database(server: Server, name: str) -> None:
    """Drop a database, ending whoever is still connected to it."""
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def template(server: Server, name: str, build: Callable[[str], None]) -> str:
    """Return the name of a template database, built by the first worker that asks for it.

    Args:
        server: The running server.
        name: Name of the template.
        build: Fills the database whose conninfo it gets; a failed build leaves no template.
    """
    with (_SHARED / f"{server.home.name}.{name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone()
        if found is None:
            building = f"{name}_building"
            drop_database(server, building)
            create_database(server, building)
            build(server.conninfo(dbname=building))
            with psycopg.connect(server.conninfo(), autocommit=True) as connection:
                rename = sql.SQL("alter database {} rename to {}")
                connection.execute(rename.format(sql.Identifier(building), sql.Identifier(name)))
    return name


def migrate(conninfo: str) -> None:
    """Bring a database to the head of both lines and add one operator of each role."""
    from db import migration, operators

    migration.upgrade(conninfo, line="platform")
    operators.install(conninfo)
    add_operators(conninfo)


def migrate_and_seed(conninfo: str) -> None:
    """Bring a database to the head of both lines and fill it with the small demo platform."""
    from db import demo

    migrate(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        demo.seed(connection, rows=DEMO_ROWS)


def add_operators(conninfo: str) -> None:
    """Make test_viewer, test_support, test_oncall, test_dba and test_worker operators of a database."""
    from db import operators

    with psycopg.connect(conninfo, autocommit=True) as connection:
        for role in ROLES:
            operators.add(connection, f"test_{role}", role)


def as_role(conninfo: str, role: str) -> str:
    """Return the same database seen by the operator of a role, e.g. as_role(conninfo, "support")."""
    assert role in ROLES, role
    return make_conninfo(conninfo, user=f"test_{role}")


def as_url(conninfo: str, scheme: str = "postgresql") -> str:
    """Return a conninfo as a URL, for what takes only those."""
    from urllib.parse import quote

    parts = conninfo_to_dict(conninfo)
    user, name, host = (quote(str(parts[key]), safe="/") for key in ("user", "dbname", "host"))
    return f"{scheme}://{user}@/{name}?host={host}&port={parts['port']}"


def _prefix() -> str:
    return f"nightdesk-tests-{os.geteuid()}-"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _system_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: path.parts[-3])
    if found:
        return found[0].parent
    on_path = shutil.which("postgres")
    assert on_path is not None, "no PostgreSQL of the system was found"
    return Path(on_path).resolve().parent
