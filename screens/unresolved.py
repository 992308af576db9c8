"""An operation whose outcome nobody knows: it stays on the status line, and is asked about until it is answered."""

from __future__ import annotations

import asyncio
from uuid import UUID

from db.changes import Outcome, Resolution, resolve
from db.errors import NightdeskError
from screens.desk import Desk
from screens.place_screen import PlaceScreen
from screens.tone import Tone


async def ask_again(screen: PlaceScreen) -> None:
    """Ask the database what became of each operation that is still unknown; call when it answers again.

    Args:
        screen: Where the answer is told.
    """
    for operation in screen.desk.unresolved:
        try:
            resolution = await asyncio.to_thread(_ask, screen.desk, operation)
        except NightdeskError:
            # Still out of reach, or not allowed to ask: the line keeps naming the command that can.
            return
        if resolution.outcome in (Outcome.DONE, Outcome.NOT_DONE):
            screen.desk.settle(operation)
            screen.hold_unresolved()
            done = resolution.receipt
            words = f"DONE, {done.code}" if done is not None else "NOT DONE, nothing was written"
            screen.status.say(
                f"The operation that was unknown: {words}.", Tone.GOOD if done else Tone.WARNING
            )


def _ask(desk: Desk, operation: UUID) -> Resolution:
    with desk.database.asking() as connection:
        return resolve(connection, operation)
