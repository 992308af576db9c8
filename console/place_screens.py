"""Which screen a place has; each is imported when it is first shown."""

from __future__ import annotations

from console.opening import Opening
from screens.desk import Desk
from screens.place_screen import PlaceScreen
from screens.places import Place


def open_place(place: Place, desk: Desk, opening: Opening) -> PlaceScreen:
    """Build the root screen of a place."""
    match place:
        case Place.RESERVATIONS:
            from screens.reservations import ReservationsScreen

            return ReservationsScreen(desk, place, opening.take(place))
        case _:
            return PlaceScreen(desk, place)
