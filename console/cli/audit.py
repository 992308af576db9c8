"""`nightdesk audit`: who did what, and whether the record of it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from console.cli.context import connected, json_option
from console.cli.lists import Asked, list_options, print_list
from console.cli.output import emit_csv, emit_fields, emit_json, emit_table, say
from db.errors import Refused
from db.wording import counted

if TYPE_CHECKING:
    from db.audit import AuditEntry
    from db.changes import Operation, RowImage
    from db.connection.database import Database

_CELLS: dict[str, Callable[[AuditEntry], object]] = {
    "code": lambda entry: entry.code,
    "applied": lambda entry: entry.applied_at,
    "action": lambda entry: entry.action,
    "operator": lambda entry: entry.actor,
    "rows": lambda entry: entry.changed,
    "skipped": lambda entry: entry.skipped,
    "undone by": lambda entry: entry.undone_by,
    "reason": lambda entry: entry.reason,
}


@click.group()
def command() -> None:
    """Who did what: list, show, verify, export."""


@command.command("list")
@list_options("actor", "action")
@connected
def list_operations(database: Database, asked: Asked, as_json: bool) -> None:
    """List operations, newest first.

    Filters of --where: actor, action, code, reason, age.
    """
    from db.audit import operations

    print_list(database, operations, asked, _CELLS, as_json=as_json)


@command.command("show")
@click.argument("operation")
@json_option
@connected
def show(database: Database, operation: str, as_json: bool) -> None:
    """Show one operation with its rows before and after; OPERATION is an id or a code such as ND-7F3K."""
    from db.changes import find_operation

    with database.reading() as connection:
        found = find_operation(connection, operation)
    if as_json:
        emit_json({**asdict(found.receipt), "undone_by": found.undone_by, "rows": found.images})
        return
    receipt = found.receipt
    emit_fields(
        {
            "operation": receipt.operation_id,
            "code": receipt.code,
            "applied": receipt.applied_at,
            "action": receipt.action,
            "operator": receipt.actor,
            "reason": receipt.reason,
            "rows": receipt.changed,
            "undone by": found.undone_by,
            "hash": receipt.hash,
        }
    )
    for skipped in receipt.skipped:
        say(f"skipped {skipped.unit}: {skipped.why}")
    emit_table(("table", "key", "column", "before", "after"), _images(found))


@command.command("verify")
@click.option("--since", type=click.DateTime(), help="Only what was applied since this time (UTC).")
@json_option
@connected
def verify_record(database: Database, since: datetime | None, as_json: bool) -> None:
    """Recompute every digest and link; exit 1 and name what was altered or removed."""
    from db.audit import verify

    with database.reading() as connection:
        verification = verify(connection, since=since)
    if as_json:
        emit_json({**asdict(verification), "sound": verification.sound})
    elif verification.findings:
        emit_table(
            ("operation", "code", "problem"),
            ((finding.operation_id, finding.code, finding.problem) for finding in verification.findings),
        )
    if not verification.sound:
        raise Refused(f"the audit is not sound: {counted(len(verification.findings), 'finding')}")
    if not as_json:
        say(
            f"The audit is sound: {counted(verification.operations, 'operation')} of"
            f" {counted(verification.sessions, 'console session')}. Heads: {verification.heads}"
        )


@command.command("export")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@connected
def export(database: Database, form: str) -> None:
    """Write every operation to standard output, oldest last; CSV is safe to open in a spreadsheet."""
    entries = _every_entry(database)
    if form == "json":
        emit_json(list(entries))
    else:
        emit_csv(tuple(_CELLS), ([cell(entry) for cell in _CELLS.values()] for entry in entries))


def _every_entry(database: Database) -> Iterator[AuditEntry]:
    from db.audit import operations
    from db.capabilities import read_capabilities
    from db.page import fetch_page

    with database.reading() as connection:
        listing = operations(read_capabilities(connection))
        page = fetch_page(connection, listing, limit=1000)
        yield from page.rows
        while page.after is not None:
            page = fetch_page(connection, listing, after=page.after, limit=1000)
            yield from page.rows


def _images(operation: Operation) -> Iterator[tuple[object, ...]]:
    for image in operation.images:
        for column in sorted({*(image.before or {}), *(image.after or {})}):
            if image.verb != "update" or column in (image.after or {}):
                yield _image_row(image, column)


def _image_row(image: RowImage, column: str) -> tuple[object, ...]:
    key = ", ".join(image.key.values())
    return image.table, key, column, (image.before or {}).get(column), (image.after or {}).get(column)
