"""How every command that writes does it: plan, show the diff, confirm, apply, print the receipt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID, uuid4

import click

from console.cli.approval_request import approval_asked
from console.cli.context import json_option, require_reason, write_options
from console.cli.output import emit_json, emit_table, remark, say
from db.errors import NotFound, OutcomeUnknown, Refused
from db.wording import counted

if TYPE_CHECKING:
    import psycopg

    from db.changes import ChangeSet, Receipt
    from db.connection.database import Database

    Planner: TypeAlias = Callable[[psycopg.Connection[tuple[Any, ...]]], ChangeSet]


@dataclass(frozen=True)
class Wish:
    """How the operator wants a change to be made, as the options of every writing command say it.

    Args:
        reason: Why; may be missing for a dry run only.
        dry_run: Stop after showing the plan and its hash.
        expect: Hash of the plan that the operator saw; another plan is refused.
        operation: Id to send the change under; if that operation is done already, its receipt is the answer.
        yes: Do not ask on a terminal.
        as_json: Print documents for programs.
        request_approval: Ask a second operator where the change is refused for want of one.
    """

    reason: str | None
    dry_run: bool
    expect: str | None
    operation: UUID | None
    yes: bool
    as_json: bool
    request_approval: bool = False

    @property
    def expected(self) -> str | None:
        """The expected hash as hashes are written."""
        return None if self.expect is None else self.expect.strip().lower()

    @property
    def asks(self) -> bool:
        """Whether a person sits there who wants to be asked."""
        told = self.yes or self.as_json or self.expect is not None
        return not told and sys.stdin.isatty() and sys.stderr.isatty()


def change_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --reason, --dry-run, --expect, --operation, --request-approval, --yes and --json, passed on as one `wish`."""

    @wraps(function)
    def wishing(
        *args: Any,
        reason: str | None,
        dry_run: bool,
        expect: str | None,
        operation_id: UUID | None,
        yes: bool,
        as_json: bool,
        request_approval: bool,
        **kwargs: Any,
    ) -> Any:
        wish = Wish(reason, dry_run, expect, operation_id, yes, as_json, request_approval)
        return function(*args, wish=wish, **kwargs)

    options = click.option("--yes", "-y", is_flag=True, help="Do not ask on a terminal.")(wishing)
    options = click.option(
        "--operation",
        "operation_id",
        type=click.UUID,
        metavar="ID",
        help="Send under this id; an operation done already is answered, not done twice.",
    )(options)
    options = click.option(
        "--request-approval",
        is_flag=True,
        help="Where a second operator must approve, ask for it: see `nightdesk approvals`.",
    )(options)
    return json_option(write_options(options))


def run_change(database: Database, planner: Planner, wish: Wish, *, undoing: str | None = None) -> None:
    """Plan a change, show it, and unless it is a dry run apply exactly what was shown.

    A person at a terminal is asked; `--yes`, `--expect`, `--json` and anything that is no terminal are not.

    Args:
        database: Where.
        planner: Reads what it needs and returns the plan; it writes nothing.
        wish: What the options of the command say.
        undoing: Id or code of the operation that the plan takes back, if it is an undo.

    Raises:
        UsageError: No reason was given.
        Refused: The plan is not the expected one, was not confirmed, or the state of the data does not allow it.
        PermissionDenied: This operator may not.
        OutcomeUnknown: The connection was lost and nobody can say yet; the sentence names the operation.
    """
    reason = require_reason(wish.reason, dry_run=wish.dry_run)
    done = _done_before(database, planner, wish, undoing)
    if done is not None:
        _answer(done, wish)
        return
    with database.reading() as connection:
        plan = planner(connection)
    if not wish.as_json:
        _show(plan)
    elif wish.dry_run:
        emit_json(_document(plan))
    _assert_expected(plan, wish.expected)
    if wish.dry_run:
        return
    if wish.asks:
        _ask(plan)
    with approval_asked(database, plan, reason, wanted=wish.request_approval, as_json=wish.as_json):
        receipt = _apply(database, plan, wish.operation or uuid4(), reason)
    _answer(receipt, wish)


def _done_before(database: Database, planner: Planner, wish: Wish, undoing: str | None) -> Receipt | None:
    """Return the receipt of the operation that the operator sends again, if it is done and is the same change."""
    from console.cli.repeat import assert_same_change
    from db.changes import find_operation

    if wish.operation is None or wish.dry_run:
        return None
    with database.reading() as connection:
        try:
            operation = find_operation(connection, str(wish.operation))
        except NotFound:
            return None
        undone = find_operation(connection, undoing) if undoing is not None else None
        assert_same_change(operation, lambda: planner(connection), undone, wish.expected)
    return replace(operation.receipt, already_done=True)


def _answer(receipt: Receipt, wish: Wish) -> None:
    if wish.as_json:
        emit_json(receipt)
    else:
        _show_receipt(receipt)


def _assert_expected(plan: ChangeSet, expect: str | None) -> None:
    if expect is not None and expect != plan.hash:
        raise Refused(
            f"The plan is not the expected one: its hash is now {plan.hash}. Nothing was changed;"
            " look at it again with --dry-run."
        )


def _ask(plan: ChangeSet) -> None:
    rows = counted(plan.rows, "row")
    if not click.confirm(f"Apply this to {rows}?", default=False, err=True):
        raise Refused("Not confirmed; nothing was changed.")


def _apply(database: Database, plan: ChangeSet, operation_id: UUID, reason: str) -> Receipt:
    from db.changes import deliver

    try:
        return deliver(database.writing, plan, operation_id=operation_id, reason=reason)
    except KeyboardInterrupt as error:
        # The statement may have reached the server before the key was pressed.
        raise _unknown(operation_id) from error


def _unknown(operation_id: UUID) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"Interrupted while operation {operation_id} ran; `nightdesk resolve {operation_id}` says what became of it.",
        operation_id,
    )


def _show(plan: ChangeSet) -> None:
    from db.changes import diff

    if plan.summary:
        say(plan.summary)
    headings = ("record", "table", "key", "column", "before", "after")
    emit_table(
        headings,
        [(line.label, line.table, line.key, line.column, line.before, line.after) for line in diff(plan)],
    )
    for warning in plan.warnings:
        remark(f"warning: {warning}")
    say(f"hash {plan.hash}")


def _document(plan: ChangeSet) -> dict[str, object]:
    from db.changes import diff

    return {
        "action": plan.action,
        "summary": plan.summary,
        "hash": plan.hash,
        "rows": plan.rows,
        "warnings": plan.warnings,
        "changes": diff(plan),
    }


def _show_receipt(receipt: Receipt) -> None:
    done = "was done already" if receipt.already_done else "is done"
    say(f"{receipt.code} {done}: {counted(receipt.changed, 'row')} changed.")
    for skipped in receipt.skipped:
        say(f"skipped {skipped.unit}: {skipped.why}")
    remark(f"operation {receipt.operation_id}; undo with: nightdesk undo {receipt.code} --reason …")
