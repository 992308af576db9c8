"""`nightdesk migrations`: where the schema stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import connected, json_option
from console.cli.output import emit_json, emit_table, remark

if TYPE_CHECKING:
    from db.connection.database import Database
    from db.migration import RevisionState


@click.group("migrations")
def command() -> None:
    """Where the schema stands."""


@command.command("status")
@click.option("--line", type=click.Choice(("platform", "console", "both")), default="both", show_default=True)
@json_option
@connected
def status(database: Database, line: str, as_json: bool) -> None:
    """List the revisions of the platform's schema and of nightdesk's own, applied and pending."""
    from db.migration import history

    lines = ("platform", "console") if line == "both" else (line,)
    with database.reading() as connection:
        states = [state for each in lines for state in history(connection, each)]
    if as_json:
        emit_json([_document(state) for state in states])
        return
    emit_table(
        ("line", "revision", "state", "created", "description"),
        [
            (
                state.revision.line,
                state.revision.id,
                f"{state.state.value}, current" if state.current else state.state,
                state.revision.created,
                state.revision.description,
            )
            for state in states
        ],
    )
    for note in dict.fromkeys(state.note for state in states if state.note):
        remark(f"note: {note}")


def _document(state: RevisionState) -> dict[str, object]:
    revision = state.revision
    return {
        "line": revision.line,
        "revision": revision.id,
        "down": revision.down,
        "state": state.state,
        "current": state.current,
        "description": revision.description,
        "created": revision.created,
        "note": state.note,
    }
