"""`nightdesk doctor`: what this database, this login and this terminal support, and why not."""

from __future__ import annotations

import dataclasses
import os

import click

from console.cli.context import connected, json_option
from console.cli.output import emit_fields, emit_json, emit_table, say
from console.terminal import Terminal, current_terminal
from db.connection.database import Database
from db.diagnosis import Diagnosis, Extension, LineReport, examine


@click.command("doctor")
@json_option
@connected
def command(database: Database, as_json: bool) -> None:
    """Examine database, login and terminal; changes nothing."""
    diagnosis = examine(database)
    terminal = current_terminal(os.environ)
    if as_json:
        emit_json(_document(diagnosis, terminal))
    else:
        _print(diagnosis, terminal)


def _document(diagnosis: Diagnosis, terminal: Terminal) -> dict[str, object]:
    facts = diagnosis.facts
    return {
        "target": {
            "label": diagnosis.target.label,
            "source": diagnosis.target.source,
            "environment": diagnosis.target.environment.name,
            "kind": diagnosis.target.environment.kind,
            "schema": diagnosis.target.schema,
        },
        "server": {
            "version": facts.version_text,
            "major": facts.major,
            "database": facts.database,
            "host": facts.host,
            "replica": facts.in_recovery,
            "read_only": facts.read_only,
            "system_identifier": facts.system_identifier,
            "encrypted": diagnosis.encrypted,
            "pooler": facts.pooled or diagnosis.target.pooler,
        },
        "login": {"name": facts.session_user, "superuser": facts.is_superuser, "roles": facts.roles},
        "areas": diagnosis.areas,
        "extensions": diagnosis.extensions,
        "nightdesk": {"installed": diagnosis.installed, "revision": _revision(diagnosis, "console")},
        "lines": diagnosis.lines,
        "terminal": dataclasses.asdict(terminal) | {"fit": terminal.refusal is None},
        "advice": (*diagnosis.advice, *terminal.advice),
    }


def _print(diagnosis: Diagnosis, terminal: Terminal) -> None:
    facts, target = diagnosis.facts, diagnosis.target
    pooler = "yes" if facts.pooled or target.pooler else "none seen"
    revision = _revision(diagnosis, "console") or "not known to this login"
    installed = f"installed, revision {revision}" if diagnosis.installed else "not installed"
    emit_fields(
        {
            "target": f"{target.label} (from {target.source})",
            "environment": f"{target.environment.name}, treated as {target.environment.kind.value}",
            "server": f"PostgreSQL {facts.version_text}, {'replica' if facts.in_recovery else 'primary'}",
            "database": f"{facts.database} on {facts.host}, schema {target.schema}",
            "login": f"{facts.session_user}{' (superuser)' if facts.is_superuser else ''}",
            "roles": facts.roles,
            "encrypted": {None: "local socket", True: "yes", False: "no"}[diagnosis.encrypted],
            "pooler": pooler,
            "nightdesk": installed,
            **{f"line {line.line}": _state(line) for line in diagnosis.lines},
            "terminal": f"{terminal.name or 'none'}, {terminal.colours} colours, {terminal.encoding}, "
            f"{terminal.columns}×{terminal.lines}",
        }
    )
    say("")
    emit_table(("area", "usable", "note"), [(r.area, r.usable, r.sentence or None) for r in diagnosis.areas])
    say("")
    emit_table(("extension", "state"), [(e.name, _availability(e)) for e in diagnosis.extensions])
    for sentence in (*diagnosis.advice, *terminal.advice):
        say(f"! {sentence}")


def _revision(diagnosis: Diagnosis, line: str) -> str | None:
    return next((report.revision for report in diagnosis.lines if report.line == line), None)


def _state(line: LineReport) -> str:
    if line.note is not None:
        return line.note
    pending = f", pending {', '.join(line.pending)}" if line.pending else ""
    return f"{line.revision or 'nothing applied'}{pending}"


def _availability(extension: Extension) -> str:
    if extension.version is not None:
        return f"installed {extension.version}"
    return "available, not installed" if extension.available else "not available on this server"
