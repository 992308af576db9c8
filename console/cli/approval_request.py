"""What a writing command does when a second operator must approve its changes: ask, or say how to ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.cli.output import emit_json
from db.errors import ApprovalNeeded

if TYPE_CHECKING:
    from db.changes import ChangeSet
    from db.connection.database import Database


@contextmanager
def approval_asked(
    database: Database, plan: ChangeSet, reason: str, *, wanted: bool, as_json: bool
) -> Iterator[None]:
    """Let the refusal of a change that needs approval end with a request for one, if that is wanted.

    Args:
        database: Where.
        plan: What the block applies, and what is asked for.
        reason: Why, in the operator's words.
        wanted: Ask; else the refusal names the option that does.
        as_json: Print the request for programs too.

    Raises:
        ApprovalNeeded: Always when the change was refused for want of one; the sentence says what comes next.
    """
    try:
        yield
    except ApprovalNeeded as needed:
        if not wanted:
            raise ApprovalNeeded(
                f"Nothing was changed: {needed}. The same command with --request-approval asks for it."
            ) from needed
        from db.changes.approval import request_approval

        with database.writing() as connection:
            asked = request_approval(connection, (plan,), reason=reason)
        if as_json:
            emit_json(asked)
        raise ApprovalNeeded(
            f"Nothing was changed. Approval {asked.id} is asked for, until {asked.expires_at:%H:%M} UTC: another operator"
            f" looks with `nightdesk approvals show {asked.id}` and approves; then send the same command again."
        ) from needed
