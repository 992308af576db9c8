"""The PostgreSQL of a test run: one server for all workers, one database a test, templates made on demand."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
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
# A database is a thousand small files: copying a template is ten times as fast in memory. The directory must be
# one that the account which root borrows can reach, so it is not pytest's own.
_PLACES = (Path("/dev/shm"), Path("/tmp"))
_ROOM_IN_MEMORY = 4 * 2**30
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


def begin_run() -> None:
    """Choose where the servers of this run live; workers inherit the choice by the environment."""
    memory, disk = _PLACES
    roomy = (
        memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_IN_MEMORY
    )
    os.environ[RUN_VARIABLE] = f"{memory if roomy else disk}/{_prefix()}{os.getpid()}"


def open_server(choice: str, *, settings: Mapping[str, str] = _SETTINGS) -> Server:
    """Return the (not yet started) server of this run for 18, 16, "system" or a bin directory."""
    home = Path(f"{os.environ[RUN_VARIABLE]}-{re.sub(r'[^0-9a-z]', '', choice)}")
    if choice in {"18", "16"}:
        return Server(home, int(choice), settings=settings)
    programs = _system_programs() if choice == "system" else Path(choice)
    version = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    match = re.search(r"\b(\d+)\.", version)
    assert match is not None, version
    return Server(home, int(match[1]), settings=settings, programs=programs)


def end_run(run: str | None = None) -> None:
    """Stop and remove whatever servers a run has started; by default this one."""
    prefix = Path(run or os.environ[RUN_VARIABLE])
    for path in prefix.parent.glob(f"{prefix.name}-*"):
        if path.is_dir():
            with suppress(OSError):
                Server(path).stop()
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def discard_leftovers() -> None:
    """Remove servers of runs that were killed before they could: their process is gone."""
    for place in _PLACES:
        for home in place.glob(f"{_prefix()}*"):
            run = home.name.removeprefix(_prefix()).split("-")[0]
            if run.isdigit() and not _alive(int(run)):
                end_run(str(place / f"{_prefix()}{run}"))


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
    if server.major >= 15:
        # Without fsync a checkpoint is cheap, and copying files beats logging every page tenfold.
        statement += sql.SQL(" strategy file_copy")
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
    with Path(f"{server.home}.{name}.lock").open("ab") as lock:
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
