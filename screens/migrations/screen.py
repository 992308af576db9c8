"""The migrations screen: every revision of both lines with its state here, one with its checks."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, ClassVar

from db.capabilities import Capabilities
from db.migration import RevisionState, State, history
from db.migration.checks import Phase, checks_of
from db.page import Page
from screens.area import AreaScreen
from screens.detail import Field, Group, Section
from screens.list_view import Align, Column, PageRequest
from screens.sheet import Query, Sheet
from screens.tone import Tone

LINES = ("platform", "console")
_TONES = {State.APPLIED: Tone.QUIET, State.PENDING: Tone.WARNING, State.UNKNOWN: Tone.BAD}


def _state(row: RevisionState) -> str:
    return f"{row.state}, current" if row.current else row.state.value


COLUMNS: tuple[Column[RevisionState], ...] = (
    Column("revision", lambda row, _now: row.revision.id, least=8, most=16),
    Column("line", lambda row, _now: row.revision.line, least=8, most=8, priority=2),
    Column("state", lambda row, _now: _state(row), least=8, most=18, tone=lambda row: _TONES[row.state]),
    Column("what it brings", lambda row, _now: row.revision.description, least=16, most=100),
    Column("made", lambda row, _now: row.revision.created, least=10, most=10, priority=3),
    Column("lines", lambda row, _now: row.revision.lines, align=Align.RIGHT, least=5, most=6, priority=4),
)


def _read_page(
    connection: Any, _capabilities: Capabilities, _request: PageRequest, _query: Query
) -> Page[RevisionState]:
    began = time.perf_counter()
    states = tuple(state for line in LINES for state in history(connection, line))
    note = next((state.note for state in states if state.note), None)
    return Page(states, None, None, datetime.now(UTC), (time.perf_counter() - began) * 1000, note)


def _read_detail(_connection: Any, _capabilities: Capabilities, row: RevisionState) -> tuple[Section, ...]:
    revision = row.revision
    about = Group(
        f"Revision {revision.id}",
        (
            Field("state", _state(row), _TONES[row.state]),
            Field("line", revision.line),
            Field("what it brings", revision.description),
            Field("follows", revision.down or "nothing, it is the first"),
            Field("made", revision.created),
            Field("lines", revision.lines),
            *((Field("note", row.note, Tone.WARNING),) if row.note else ()),
        ),
    )
    checks = checks_of(revision.id, revision.line)
    groups = [about]
    for phase, title in ((Phase.PREFLIGHT, "Checks before it"), (Phase.VERIFICATION, "Checks after it")):
        fields = tuple(
            Field(check.severity, f"{check.name}: {check.why}") for check in checks if check.phase is phase
        )
        if fields:
            groups.append(Group(title, fields))
    return tuple(groups)


class MigrationsScreen(AreaScreen):
    """Revisions of the platform's schema and of our own."""

    SHEETS: ClassVar[tuple[Sheet[Any], ...]] = (
        Sheet(
            id="migrations",
            columns=COLUMNS,
            key=lambda row: (row.revision.line, row.revision.id),
            read_page=_read_page,
            read_detail=_read_detail,
            empty="this release knows no revision",
        ),
    )
    HELP = """Every revision of the platform's schema and of nightdesk's own, with its state in this database. The
    details name the checks that belong before and after a revision."""
