"""Which screen a place has; each is imported when it is first shown."""

from __future__ import annotations

from console.opening import Opening
from screens.area import AreaScreen
from screens.desk import Desk
from screens.places import Place


def open_place(place: Place, desk: Desk, opening: Opening) -> AreaScreen:
    """Build the root screen of a place, with its first page when that was read already."""
    return _screen_of(place)(desk, place, opening.take(place))


def _screen_of(place: Place) -> type[AreaScreen]:
    match place:
        case Place.OVERVIEW:
            from screens.overview import OverviewScreen

            return OverviewScreen
        case Place.MIGRATIONS:
            from screens.migrations import MigrationsScreen

            return MigrationsScreen
        case Place.RESERVATIONS:
            from screens.reservations import ReservationsScreen

            return ReservationsScreen
        case Place.WEBHOOKS:
            from screens.webhooks import WebhooksScreen

            return WebhooksScreen
        case Place.SESSIONS:
            from screens.sessions import SessionsScreen

            return SessionsScreen
        case Place.BILLING:
            from screens.billing import BillingScreen

            return BillingScreen
