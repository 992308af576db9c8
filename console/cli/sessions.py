"""`nightdesk sessions`: who is signed in where, and the blacklist of revoked tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import connected, json_option
from console.cli.lists import Asked, list_options, print_list, print_record

if TYPE_CHECKING:
    from db.connection.database import Database


@click.group("sessions")
def command() -> None:
    """Sessions and the token blacklist."""


@command.command("list")
@list_options("user", "state", "address", "device")
@connected
def list_(database: Database, asked: Asked, as_json: bool) -> None:
    """List sessions, last used first.

    States: live, expired. Sorts: used, created, expires.
    """
    from db.sessions import sessions

    print_list(
        database,
        sessions,
        asked,
        {
            "id": lambda row: row.id,
            "user": lambda row: row.username or row.user_id,
            "state": lambda row: row.state,
            "last used": lambda row: row.last_used_at,
            "expires": lambda row: row.expires_at,
            "address": lambda row: row.address,
            "device": lambda row: row.device,
        },
        as_json=as_json,
    )


@command.command("show")
@click.argument("session")
@json_option
@connected
def show(database: Database, session: str, as_json: bool) -> None:
    """Show one session by its id."""
    from db.sessions import find_session

    print_record(database, lambda conn, caps: find_session(conn, caps, session), as_json=as_json)


@command.command("blacklist")
@click.argument("entry", required=False)
@list_options("user", "state", "hash")
@connected
def blacklist(database: Database, entry: str | None, asked: Asked, as_json: bool) -> None:
    """List revoked access tokens, last revoked first; or show ENTRY, an id or a whole token hash.

    States: live, expired. Sorts: revoked, expires.
    """
    from db import sessions

    if entry is not None:
        print_record(
            database, lambda conn, caps: sessions.find_blacklist_entry(conn, caps, entry), as_json=as_json
        )
        return
    print_list(
        database,
        sessions.blacklist,
        asked,
        {
            "id": lambda row: row.id,
            "token hash": lambda row: row.token_hash,
            "user": lambda row: row.username or row.user_id,
            "state": lambda row: row.state,
            "revoked": lambda row: row.revoked_at,
            "by": lambda row: row.revoked_by,
            "expires": lambda row: row.expires_at,
            "reason": lambda row: row.reason,
        },
        as_json=as_json,
    )
