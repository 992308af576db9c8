"""`nightdesk resolve`: what became of an operation whose answer was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

from console.cli.context import connected, json_option
from console.cli.output import emit_json, say
from db.errors import OutcomeUnknown
from db.wording import counted

if TYPE_CHECKING:
    from db.connection.database import Database


@click.command("resolve")
@click.argument("operation", type=click.UUID)
@json_option
@connected
def command(database: Database, operation: UUID, as_json: bool) -> None:
    """Say whether OPERATION (its id) was DONE, NOT DONE or is STILL RUNNING.

    NOT DONE is final: the id is buried, so that a statement still on its way is refused when it arrives.
    """
    from db.changes import Outcome, resolve

    with database.asking() as connection:
        resolution = resolve(connection, operation)
    receipt = resolution.receipt
    if as_json:
        emit_json({"operation_id": operation, "outcome": resolution.outcome, "receipt": receipt})
    elif receipt is not None:
        say(
            f"DONE: {receipt.code}, {counted(receipt.changed, 'row')} at {receipt.applied_at:%Y-%m-%d %H:%M:%S}Z"
        )
    else:
        say(f"{resolution.outcome.value}{': ' + resolution.why if resolution.why else ''}")
    if resolution.outcome in (Outcome.STILL_RUNNING, Outcome.UNKNOWN):
        raise OutcomeUnknown(f"operation {operation} is {resolution.outcome.value}; ask again", operation)
