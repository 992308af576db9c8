"""The reservations screen: the list, one in full, and extending one."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from db.areas import Area
from db.changes import ChangeSet
from db.reservations import Reservation, ReservationState, reservations
from db.reservations.detail import find_reservation
from screens.area import AreaScreen
from screens.ask import Ask
from screens.repair import repair
from screens.reservations.columns import COLUMNS, sections
from screens.sheet import Sheet, listed

DAYS_AT_ONCE = 365
USUAL_DAYS = "7"


class ReservationsScreen(AreaScreen):
    """Pending reservations, those that end first in front."""

    SHEETS: ClassVar[tuple[Sheet[Any], ...]] = (
        Sheet(
            id="reservations",
            columns=COLUMNS,
            key=lambda row: row.id,
            read_page=listed(reservations),
            read_detail=lambda connection, caps, row: sections(find_reservation(connection, caps, row.id)),
            empty="no reservation is pending",
            area=Area.RESERVATIONS,
            filter_hint="state:overdue  username:ana*  age:>2d",
        ),
    )
    HELP = """Names that are held while payment is awaited, those that run out first in front.
    Paid but pending means that a live subscription exists and the user is still PENDING."""

    def why_not_extend(self) -> str | None:
        """Why the row under the cursor cannot be extended by days; None when it can."""
        row = self.current
        if not isinstance(row, Reservation):
            return "no reservation is under the cursor"
        if ReservationState.NO_EXPIRY in row.states:
            return "it has no expiry to move; `nightdesk reservations extend --until` names one"
        return None

    def extend(self) -> None:
        """Move the expiry of the reservation under the cursor by days."""
        row = self.current
        if isinstance(row, Reservation):
            self.start_repair(self._extend(row))

    async def _extend(self, row: Reservation) -> None:
        name = row.username or row.display_name or row.id
        dialog = Ask(f"Extend the reservation of {name}", "by how many days?", USUAL_DAYS, complaint)
        answer = await self.app.push_screen_wait(dialog)
        if answer is not None:
            await repair(self, partial(self._plan, row.id, int(answer)))

    def _plan(self, user: str, days: int) -> ChangeSet:
        from db.reservations.plan import plan_extend

        with self.desk.database.reading() as connection:
            return plan_extend(connection, user, days=days)


def complaint(answer: str) -> str | None:
    """What is wrong with a number of days; None when nothing is."""
    if answer.isascii() and answer.isdigit() and 1 <= int(answer[:9]) <= DAYS_AT_ONCE:
        return None
    return f"give whole days, 1 to {DAYS_AT_ONCE}"
