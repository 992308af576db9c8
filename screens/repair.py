"""The one way a screen changes data: plan, preview, confirm, receipt, and the undo by the same way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from uuid import UUID

from db.changes import ChangeSet, Receipt, deliver, undo_plan
from db.errors import NightdeskError
from screens.confirm import Confirm
from screens.desk import Desk
from screens.masthead import badge
from screens.place_screen import PlaceScreen
from screens.tone import Tone


async def repair(screen: PlaceScreen, plan: Callable[[], ChangeSet]) -> None:
    """Walk a change from its plan to its receipt, and on to its undo while the operator asks for that.

    Args:
        screen: Where the operator is; shows the outcome and reads its rows again.
        plan: Plans the change; blocks, so it runs in a thread.
    """
    next_plan: Callable[[], ChangeSet] | None = plan
    while next_plan is not None:
        try:
            planned = await asyncio.to_thread(next_plan)
        except NightdeskError as error:
            screen.status.say(str(error), Tone.BAD)
            return
        dialog = Confirm(
            planned,
            where(screen.desk),
            partial(_deliver, screen.desk),
            kind=screen.desk.database.target.environment.kind,
        )
        confirmed = await screen.app.push_screen_wait(dialog)
        if confirmed is not None and confirmed.unknown is not None:
            screen.desk.remember(confirmed.unknown)
            screen.refresh_rows()
            screen.hold_unresolved()
            return
        if confirmed is None or confirmed.receipt is None:
            screen.refresh_rows()
            screen.status.say("Nothing was changed from here.", Tone.QUIET)
            return
        screen.refresh_rows()
        receipt = confirmed.receipt
        screen.status.say(f"{receipt.code}: {planned.summary or planned.action}", Tone.GOOD)
        next_plan = partial(_plan_undo, screen.desk, receipt) if confirmed.undo else None


def where(desk: Desk) -> str:
    """Environment and database in words."""
    known = desk.known
    database = f" · {known.facts.database}@{known.facts.host}" if known is not None else ""
    return f"{badge(desk.database.target.environment)}{database}"


def _deliver(desk: Desk, plan: ChangeSet, *, operation_id: UUID, reason: str) -> Receipt:
    with desk.delivering(operation_id):
        return deliver(
            desk.database.writing,
            plan,
            operation_id=operation_id,
            reason=reason,
            console_session=desk.session,
        )


def _plan_undo(desk: Desk, receipt: Receipt) -> ChangeSet:
    with desk.database.reading() as connection:
        return undo_plan(connection, str(receipt.operation_id))
