"""`nightdesk clients`: clients, their flags and their billing state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import connected, json_option
from console.cli.lists import Asked, list_options, print_list, print_record, words

if TYPE_CHECKING:
    from db.connection.database import Database


@click.group("clients")
def command() -> None:
    """Clients and their billing flags."""


@command.command("list")
@list_options("billing", "user", "customer", "text")
@connected
def list_(database: Database, asked: Asked, as_json: bool) -> None:
    """List clients, last changed first.

    Flags by --where: outbound-paused:yes, ai-disabled:yes, onboarding-complete:no, payment-active:no,
    pending-cancellation:yes. Sorts: updated.
    """
    from db.billing import clients

    print_list(
        database,
        clients,
        asked,
        {
            "id": lambda row: row.id,
            "name": lambda row: row.name,
            "billing": lambda row: row.billing_status,
            "payment active": lambda row: row.payment_active,
            "flags": lambda row: words(row.flags),
            "user": lambda row: row.user_id or "unlinked",
            "customer": lambda row: row.stripe_customer_id,
            "changed": lambda row: row.updated_at,
        },
        as_json=as_json,
    )


@command.command("show")
@click.argument("client")
@json_option
@connected
def show(database: Database, client: str, as_json: bool) -> None:
    """Show CLIENT, an id or a Stripe customer id, with its flags and onboarding."""
    from db.billing.detail import find_client

    print_record(database, lambda conn, caps: find_client(conn, caps, client), as_json=as_json)
