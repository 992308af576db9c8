"""What `nightdesk doctor` finds: server, login, areas, extensions, revisions, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from db.areas import Area, area_status
from db.capabilities import Capabilities, read_capabilities
from db.connection.database import Database
from db.connection.server import NEWEST, OLDEST, ServerFacts
from db.connection.target import Target
from db.migration import State, history

# What the runbooks or the console can make use of; every one may be absent.
_WANTED = ("pg_cron", "pg_stat_statements", "pg_trgm", "pgcrypto")


@dataclass(frozen=True)
class AreaReport:
    """One area of the console.

    Attributes:
        area: Its name.
        usable: Whether it can list anything here.
        sentence: What is missing or hidden; empty when nothing is.
    """

    area: Area
    usable: bool
    sentence: str


@dataclass(frozen=True)
class Extension:
    """One extension of PostgreSQL.

    Attributes:
        name: Its name.
        version: Installed version, None when it is not installed.
        available: The server could install it.
    """

    name: str
    version: str | None
    available: bool


@dataclass(frozen=True)
class LineReport:
    """Where one line of migrations stands.

    Attributes:
        line: "platform" or "console".
        revision: Newest applied revision, None for none.
        pending: Revisions still to come.
        note: Why the state is not known, where it is not.
    """

    line: str
    revision: str | None
    pending: tuple[str, ...]
    note: str | None


@dataclass(frozen=True)
class Diagnosis:
    """Everything doctor knows about a database.

    Attributes:
        target: The database as the operator named it.
        facts: What the server says.
        encrypted: The connection is encrypted; None on a local socket.
        installed: Schema nightdesk exists.
        areas: Every area.
        extensions: Installed ones and the ones worth having.
        lines: Both lines of migrations.
        advice: What to know or do, most important first, in sentences.
    """

    target: Target
    facts: ServerFacts
    encrypted: bool | None
    installed: bool
    areas: tuple[AreaReport, ...]
    extensions: tuple[Extension, ...]
    lines: tuple[LineReport, ...]
    advice: tuple[str, ...]


def examine(database: Database) -> Diagnosis:
    """Look at a database through the eyes of its login; changes nothing."""
    with database.reading() as connection:
        capabilities = read_capabilities(connection)
        areas = tuple(_area(area, capabilities) for area in Area)
        extensions = _extensions(connection)
        lines = tuple(_line(connection, line) for line in ("platform", "console"))
        socket = connection.info.host.startswith("/") or not connection.info.host
        encrypted = None if socket else bool(connection.pgconn.ssl_in_use)
    facts = database.facts
    return Diagnosis(
        target=database.target,
        facts=facts,
        encrypted=encrypted,
        installed=capabilities.console_installed,
        areas=areas,
        extensions=extensions,
        lines=lines,
        advice=(
            *_advice_on_server(facts, database.target, encrypted),
            *_advice_on_login(facts, capabilities),
            *_advice_on_lines(lines),
        ),
    )


def _area(area: Area, capabilities: Capabilities) -> AreaReport:
    status = area_status(area, capabilities)
    return AreaReport(area, status.usable, status.sentence)


def _extensions(connection: psycopg.Connection[Any]) -> tuple[Extension, ...]:
    rows = connection.execute(
        "select name, installed_version from pg_available_extensions"
        " where installed_version is not null or name = any (%s) order by name",
        (list(_WANTED),),
    ).fetchall()
    found = {name: Extension(name, version, True) for name, version in rows}
    absent = {name: Extension(name, None, False) for name in _WANTED if name not in found}
    return tuple(sorted((found | absent).values(), key=lambda extension: extension.name))


def _line(connection: psycopg.Connection[Any], line: str) -> LineReport:
    states = history(connection, line)
    applied = [state.revision.id for state in states if state.state is State.APPLIED or state.current]
    return LineReport(
        line=line,
        revision=applied[-1] if applied else None,
        pending=tuple(state.revision.id for state in states if state.state is State.PENDING),
        note=next((state.note for state in states if state.note), None),
    )


def _advice_on_server(facts: ServerFacts, target: Target, encrypted: bool | None) -> list[str]:
    advice = []
    if facts.major > NEWEST:
        advice.append(
            f"PostgreSQL {facts.major} is newer than what nightdesk was tested on ({OLDEST} to {NEWEST})."
        )
    if facts.pooled or target.pooler:
        advice.append(
            "A connection pooler is in between: use a session pool or a direct address, or another operator's "
            "session may carry your settings."
        )
    if encrypted is False:
        advice.append("The connection is not encrypted; add sslmode=verify-full to the address.")
    if not facts.writable:
        advice.append("This server takes no writes (a replica, or default_transaction_read_only is on).")
    return advice


def _advice_on_login(facts: ServerFacts, capabilities: Capabilities) -> list[str]:
    advice = []
    if facts.is_superuser:
        advice.append(
            f"{facts.session_user} is a superuser, whom no permission check stops; operators should have "
            "logins of their own: `nightdesk operators add NAME --role support`."
        )
    if not capabilities.console_installed:
        advice.append(
            "The schema nightdesk is not installed, so nothing can be changed here: `nightdesk install`."
        )
    elif not facts.roles and not facts.is_superuser:
        advice.append(
            f"{facts.session_user} has no console role here; a DBA gives one with "
            f"`nightdesk operators add {facts.session_user} --role viewer`."
        )
    return advice


def _advice_on_lines(lines: tuple[LineReport, ...]) -> list[str]:
    advice = []
    for line in lines:
        if line.note is not None:
            advice.append(f"Migrations, line {line.line}: {line.note}.")
        elif line.revision is not None and line.pending:
            advice.append(f"Migrations, line {line.line}: pending {', '.join(line.pending)}.")
    return advice
