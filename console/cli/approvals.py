"""`nightdesk approvals`: changes that wait for a second operator, and the word on them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

from console.cli.context import connected, json_option, require_reason
from console.cli.output import emit_fields, emit_json, emit_table, say
from db.wording import counted

if TYPE_CHECKING:
    from db.changes.approval import Approval, AskedChange
    from db.connection.database import Database


@click.group()
def command() -> None:
    """Changes that wait for a second operator: list, show, approve, reject.

    A command that is told to get an approval asks for one with --request-approval; once it is approved, the same
    command goes through, as long as its plan is the same.
    """


@command.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are decided, used or expired too.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Rows at most.")
@json_option
@connected
def list_approvals(database: Database, every: bool, limit: int, as_json: bool) -> None:
    """List requests, newest first."""
    from db.changes.approval import approvals

    with database.reading() as connection:
        found = approvals(connection, every=every, limit=limit)
    if as_json:
        emit_json(found)
        return
    emit_table(
        ("approval", "state", "action", "rows", "asked by", "until", "reason"),
        [(a.id, a.state, a.action, a.rows, a.requested_by, a.expires_at, a.reason) for a in found],
    )


@command.command("show")
@click.argument("approval", type=click.UUID)
@json_option
@connected
def show(database: Database, approval: UUID, as_json: bool) -> None:
    """Show what APPROVAL (its id) would change, row by row, as far as your role may read it."""
    from db.changes.approval import approval_changes, find_approval

    with database.reading() as connection:
        asked, changes = find_approval(connection, approval), approval_changes(connection, approval)
    if as_json:
        emit_json({"approval": asked, "changes": changes})
    else:
        _show(asked, changes)


@command.command("approve")
@click.argument("approval", type=click.UUID)
@click.option("--reason", metavar="TEXT", help="Why; kept beside the decision.")
@click.option(
    "--expect", metavar="HASH", required=True, help="Hash that `approvals show` printed: what you looked at."
)
@json_option
@connected
def approve(database: Database, approval: UUID, reason: str | None, expect: str, as_json: bool) -> None:
    """Approve exactly the changes of APPROVAL, once; look at them first with `approvals show`."""
    _decide(database, approval, True, reason, expect, as_json)


@command.command("reject")
@click.argument("approval", type=click.UUID)
@click.option("--reason", metavar="TEXT", help="Why; kept beside the decision.")
@json_option
@connected
def reject(database: Database, approval: UUID, reason: str | None, as_json: bool) -> None:
    """Refuse the changes of APPROVAL."""
    _decide(database, approval, False, reason, None, as_json)


def _decide(
    database: Database, approval: UUID, yes: bool, reason: str | None, expect: str | None, as_json: bool
) -> None:
    from db.changes.approval import decide_approval, find_approval
    from db.errors import Refused

    why = require_reason(reason, dry_run=False)
    with database.writing() as connection:
        asked = find_approval(connection, approval)
        if expect is not None and expect.strip().lower() != asked.hash:
            raise Refused(
                f"Approval {approval} is for other changes (hash {asked.hash}); nothing was decided. Look at it with"
                f" `nightdesk approvals show {approval}`."
            )
        decided = decide_approval(connection, approval, approve=yes, reason=why)
    if as_json:
        emit_json(decided)
    else:
        say(
            f"{decided.state.value.capitalize()}: {decided.action} on {counted(decided.rows, 'row')}, asked by"
            f" {decided.requested_by}."
        )


def _show(asked: Approval, changes: tuple[AskedChange, ...]) -> None:
    emit_fields(
        {
            "approval": asked.id,
            "state": asked.state,
            "action": asked.action,
            "rows": asked.rows,
            "asked by": asked.requested_by,
            "reason": asked.reason,
            "until": asked.expires_at,
            "decided by": asked.decided_by,
            "decision": asked.decision_reason,
            "hash": asked.hash,
        }
    )
    emit_table(
        ("record", "verb", "table", "key", "column", "before", "after"),
        [(c.unit, c.verb, c.table, c.key, c.column, c.before, c.after) for c in changes],
    )
