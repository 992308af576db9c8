"""`nightdesk jobs`: the job queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import connected
from console.cli.lists import Asked, list_options, print_list

if TYPE_CHECKING:
    from db.connection.database import Database


@click.group("jobs")
def command() -> None:
    """The job queue."""


@command.command("list")
@list_options("status", "state", "type", "user", "age")
@connected
def list_(database: Database, asked: Asked, as_json: bool) -> None:
    """List jobs, newest first.

    States: pending, processing, stalled, completed, failed, cancelled. Sorts: created.
    """
    from db.jobs import jobs

    print_list(
        database,
        jobs,
        asked,
        {
            "id": lambda row: row.id,
            "type": lambda row: row.type,
            "state": lambda row: row.state,
            "attempts": lambda row: row.attempts,
            "progress": lambda row: row.progress,
            "created": lambda row: row.created_at,
            "finished": lambda row: row.finished_at,
            "user": lambda row: row.user_id,
            "error": lambda row: row.error,
        },
        as_json=as_json,
    )
