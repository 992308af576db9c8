"""The reservations screen: the list, one in full, and extending one."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from db.capabilities import Capabilities
from db.changes import ChangeSet
from db.page import Page, fetch_page
from db.reservations import Reservation, ReservationState, find_reservation, reservations
from screens.area import AreaScreen, Query
from screens.ask import Ask
from screens.detail import Section
from screens.list_view import Column, PageRequest
from screens.repair import repair
from screens.reservations.columns import COLUMNS, sections

DAYS_AT_ONCE = 365
USUAL_DAYS = "7"


class ReservationsScreen(AreaScreen[Reservation]):
    """Pending reservations, those that end first in front."""

    COLUMNS: ClassVar[tuple[Column[Any], ...]] = COLUMNS
    FILTER_HINT: ClassVar[str] = "state:overdue  username:ana*  age:>2d"
    EMPTY: ClassVar[str] = "no reservation is pending"
    HELP = """Names that are held while payment is awaited, those that run out first in front.
    **paid but pending** means: a live subscription exists and the user is still PENDING."""

    def key_of(self, row: Reservation) -> str:
        """The user's id."""
        return row.id

    def read_page(
        self, connection: Any, capabilities: Capabilities, request: PageRequest, query: Query
    ) -> Page[Reservation]:
        """One page of pending reservations."""
        return fetch_page(
            connection,
            reservations(capabilities),
            where=query.terms,
            after=request.after,
            before=request.before,
            from_end=request.from_end,
            limit=request.limit,
        )

    def read_detail(
        self, connection: Any, capabilities: Capabilities, row: Reservation
    ) -> tuple[Section, ...]:
        """One user as the holder of a reservation."""
        return sections(find_reservation(connection, capabilities, row.id))

    def why_not_extend(self) -> str | None:
        """Why the row under the cursor cannot be extended by days; None when it can."""
        row = self.current
        if row is None:
            return "no reservation is under the cursor"
        if ReservationState.NO_EXPIRY in row.states:
            return "it has no expiry to move; `nightdesk reservations extend --until` names one"
        return None

    def extend(self) -> None:
        """Move the expiry of the reservation under the cursor by days."""
        row = self.current
        if row is not None:
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
