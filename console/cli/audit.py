"""`nightdesk audit`: who did what, and whether the record of it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from io import TextIOWrapper
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
    """Who did what: list, show, verify, heads, export, drop-month."""


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
            "requested by": receipt.requested_by,
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
@click.option(
    "--heads",
    "kept",
    type=click.File(encoding="utf-8"),
    help="Compare with what `audit heads --json` printed earlier: nothing may be cut off behind those heads.",
)
@json_option
@connected
def verify_record(
    database: Database, since: datetime | None, kept: TextIOWrapper | None, as_json: bool
) -> None:
    """Recompute every digest and link; exit 1 and name what was altered or removed.

    Who owns the audit's tables can cut the newest operations off and set the heads back: only heads that are kept
    elsewhere (see `audit heads`, and the chain head of every receipt) tell.
    """
    from db.audit import parse_heads, verify

    heads = parse_heads(kept.read()) if kept is not None else ()
    moment = since.replace(tzinfo=UTC) if since is not None else None
    with database.reading() as connection:
        verification = verify(connection, since=moment, kept=heads)
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


@command.command("heads")
@json_option
@connected
def heads(database: Database, as_json: bool) -> None:
    """Print the last link of every chain, to be kept elsewhere and given to `audit verify --heads`."""
    from db.audit import read_heads

    with database.reading() as connection:
        found = read_heads(connection)
    if as_json:
        emit_json(found)
        return
    emit_table(
        ("console session", "operator", "link", "digest"),
        [(head.console_session, head.operator, head.chain_seq, head.digest) for head in found.heads],
    )
    say(f"Heads: {found.digest}")


@command.command("drop-month")
@click.argument("month", type=click.DateTime(["%Y-%m"]))
@connected
def drop_month_of_images(database: Database, month: datetime) -> None:
    """Drop the row images of MONTH (such as 2024-01) when their retention of 24 months has passed; DBAs only.

    The month is verified first. Its operations and their digests stay, and that it was dropped is on record.
    """
    from db.audit import drop_month

    with database.writing() as connection:
        operations = drop_month(connection, month.date())
    say(f"The row images of {month:%Y-%m} are gone; {counted(operations, 'operation')} keep their digests.")


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
