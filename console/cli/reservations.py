"""`nightdesk reservations`: who holds a name until when, and moving that hour."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from console.cli.change import Wish, change_options, run_change
from console.cli.context import connected, json_option
from console.cli.lists import Asked, list_options, print_list, print_record
from db.errors import UsageError

if TYPE_CHECKING:
    from db.connection.database import Database


@click.group("reservations")
def command() -> None:
    """Reserved user names that await payment."""


@command.command("list")
@list_options("state", "username", "email")
@connected
def list_(database: Database, asked: Asked, as_json: bool) -> None:
    """List pending reservations, those that end first in front.

    States: paid-but-pending, no-expiry, overdue, due, reminder-due, held. Sorts: expires, created.
    A word alone searches names; expires:<24h expires:>now is what ends within a day.
    """
    from db.reservations import reservations

    print_list(
        database,
        reservations,
        asked,
        {
            "id": lambda row: row.id,
            "username": lambda row: row.username,
            "email": lambda row: row.email,
            "expires": lambda row: row.expires_at,
            "state": lambda row: row.state,
            "reminder": lambda row: row.reminder,
            "retries": lambda row: row.payment_retry_count,
        },
        as_json=as_json,
    )


@command.command("show")
@click.argument("user")
@json_option
@connected
def show(database: Database, user: str, as_json: bool) -> None:
    """Show the reservation of USER: an id, a user name or an e-mail."""
    from db.reservations.detail import find_reservation

    print_record(database, lambda conn, caps: find_reservation(conn, caps, user), as_json=as_json)


@command.command("extend")
@click.argument("user")
@click.option("--days", type=int, metavar="N", help="Move the expiry by N days from where it stands.")
@click.option("--until", metavar="TIME", help="Set the expiry: 2026-03-01 or 2026-03-01T12:00Z (UTC).")
@change_options
@connected
def extend(
    database: Database,
    user: str,
    days: int | None,
    until: str | None,
    wish: Wish,
) -> None:
    """Extend the pending reservation of USER: an id, a user name or an e-mail.

    Prints what would change and its hash, then applies exactly that.
    """
    from db.reservations.plan import plan_extend

    target = read_time(until) if until is not None else None
    run_change(
        database,
        lambda connection: plan_extend(connection, user, days=days, until=target),
        wish,
    )


def read_time(text: str) -> datetime:
    """Read a time in ISO 8601; without a zone it is UTC.

    Raises:
        UsageError: It is not a time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is not a time; write 2026-03-01 or 2026-03-01T12:00Z.") from error
