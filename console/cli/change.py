"""How every command that writes does it: plan, show the diff, confirm, apply, print the receipt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import UUID, uuid4

import click

from console.cli.context import json_option, require_reason, write_options
from console.cli.output import emit_json, emit_table, remark, say
from db.errors import OutcomeUnknown, Refused

if TYPE_CHECKING:
    import psycopg

    from db.changes import ChangeSet, Receipt
    from db.connection.database import Database

    Planner: TypeAlias = Callable[[psycopg.Connection[tuple[Any, ...]]], ChangeSet]

Command = TypeVar("Command", bound=Callable[..., Any])


def change_options(function: Command) -> Command:
    """Add --reason, --dry-run, --expect, --yes and --json, passed on as `run_change` takes them."""
    function = click.option("--yes", "-y", is_flag=True, help="Do not ask on a terminal.")(function)
    return json_option(write_options(function))


def run_change(
    database: Database,
    planner: Planner,
    *,
    reason: str | None,
    dry_run: bool,
    expect: str | None,
    as_json: bool,
    yes: bool = False,
) -> None:
    """Plan a change, show it, and unless it is a dry run apply exactly what was shown.

    A person at a terminal is asked; `--yes`, `--expect`, `--json` and anything that is no terminal are not.

    Args:
        database: Where.
        planner: Reads what it needs and returns the plan; it writes nothing.
        reason: Why; may be missing for a dry run only.
        dry_run: Stop after showing the plan and its hash.
        expect: Hash of the plan that the operator saw; another plan is refused.
        as_json: Print documents for programs.
        yes: Do not ask.

    Raises:
        UsageError: No reason was given.
        Refused: The plan is not the expected one, was not confirmed, or the state of the data does not allow it.
        PermissionDenied: This operator may not.
        OutcomeUnknown: The connection was lost and nobody can say yet; the sentence names the operation.
    """
    why = require_reason(reason, dry_run=dry_run)
    with database.reading() as connection:
        plan = planner(connection)
    if not as_json:
        _show(plan)
    elif dry_run:
        emit_json(_document(plan))
    _assert_expected(plan, expect)
    if dry_run:
        return
    if not (yes or as_json or expect) and sys.stdin.isatty() and sys.stderr.isatty():
        _ask(plan)
    receipt = _apply(database, plan, why)
    if as_json:
        emit_json(receipt)
    else:
        _show_receipt(receipt)


def _assert_expected(plan: ChangeSet, expect: str | None) -> None:
    if expect is not None and expect.strip().lower() != plan.hash:
        raise Refused(
            f"The plan is not the expected one: its hash is now {plan.hash}. Nothing was changed;"
            " look at it again with --dry-run."
        )


def _ask(plan: ChangeSet) -> None:
    rows = _counted(plan.rows, "row")
    if not click.confirm(f"Apply this to {rows}?", default=False, err=True):
        raise Refused("Not confirmed; nothing was changed.")


def _apply(database: Database, plan: ChangeSet, reason: str) -> Receipt:
    from db.changes import deliver

    operation_id = uuid4()
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
    say(f"{receipt.code} {done}: {_counted(receipt.changed, 'row')} changed.")
    for skipped in receipt.skipped:
        say(f"skipped {skipped.unit}: {skipped.why}")
    remark(f"operation {receipt.operation_id}; undo with: nightdesk undo {receipt.code} --reason …")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
