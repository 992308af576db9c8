"""`nightdesk webhooks`: the Stripe events that were received."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import connected, json_option
from console.cli.lists import Asked, list_options, print_list, print_record
from db.errors import UsageError

if TYPE_CHECKING:
    from db.connection.database import Database


@click.group("webhooks")
def command() -> None:
    """Stripe webhook events."""


@command.command("list")
@list_options("status", "state", "type", "customer", "age")
@connected
def list_(database: Database, asked: Asked, as_json: bool) -> None:
    """List received events, newest first.

    States: received, processing, stuck, processed, failed, dead. Sorts: received.
    """
    from db.webhooks import events

    print_list(
        database,
        events,
        asked,
        {
            "event": lambda row: row.stripe_event_id,
            "type": lambda row: row.type,
            "state": lambda row: row.state,
            "retries": lambda row: row.retry_count,
            "received": lambda row: row.received_at,
            "next attempt": lambda row: row.next_attempt_at,
            "customer": lambda row: row.customer,
            "error": lambda row: row.error,
        },
        as_json=as_json,
    )


@command.command("show")
@click.argument("event")
@click.option("--reveal", is_flag=True, help="Show the payload whole; that is put on record.")
@click.option("--reason", metavar="TEXT", help="Why it is revealed; kept in the record.")
@json_option
@connected
def show(database: Database, event: str, reveal: bool, reason: str | None, as_json: bool) -> None:
    """Show EVENT, a Stripe event id or ours, with its stored payload.

    Personal data in the payload is masked. --reveal shows it whole and needs a --reason.
    """
    from db.webhooks.detail import find_event, reveal_event

    if not reveal:
        print_record(database, lambda conn, caps: find_event(conn, caps, event), as_json=as_json)
        return
    if reason is None or not reason.strip():
        raise UsageError('Revealing needs a reason: --reason "ticket 4711: which card was charged".')
    print_record(
        database,
        lambda conn, caps: reveal_event(conn, caps, event, reason=reason.strip()),
        as_json=as_json,
        recorded=True,
    )
