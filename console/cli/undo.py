"""`nightdesk undo`: take an operation back, as a change like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.change import Wish, change_options, run_change
from console.cli.context import connected

if TYPE_CHECKING:
    from db.connection.database import Database


@click.command("undo")
@click.argument("operation")
@change_options
@connected
def command(
    database: Database,
    operation: str,
    wish: Wish,
) -> None:
    """Put back what OPERATION changed; name it by its id or its code, such as ND-7F3K.

    Refused where a row has moved since, and where the content of a deleted row was not kept.
    """
    from db.changes import undo_plan

    run_change(
        database,
        lambda connection: undo_plan(connection, operation),
        wish,
        undoing=operation,
    )
