"""Actions on reservations."""

from __future__ import annotations

from console.actions.action import Action, Right, Situation
from db.verb import Verb
from screens.places import Place


def _extend(situation: Situation) -> None:
    from screens.reservations import ReservationsScreen

    if isinstance(situation.screen, ReservationsScreen):
        situation.screen.extend()


def _why_not_extend(situation: Situation) -> str | None:
    from screens.reservations import ReservationsScreen

    screen = situation.screen
    return screen.why_not_extend() if isinstance(screen, ReservationsScreen) else "not here"


RESERVATIONS = (
    Action(
        id="reservation.extend",
        title="extend",
        description="Move the expiry of the reservation under the cursor by days; shows the change before it is made.",
        keys=("e",),
        run=_extend,
        places=frozenset({Place.RESERVATIONS}),
        needs=(Right("users", Verb.UPDATE, ("reservation_expires_at",)),),
        writes=True,
        why_not=_why_not_extend,
    ),
)
