"""The first page of each place, read without its screen, so that reading need not wait for the interface."""

from __future__ import annotations

from typing import Any

from db.capabilities import Capabilities
from db.page import Listing, Page, fetch_page
from screens.places import Place


def first_page(place: Place, connection: Any, capabilities: Capabilities) -> Page[Any] | None:
    """Read what a place shows first; None for a place that reads for itself.

    Raises:
        NightdeskError: The place cannot be shown here, or the database refuses.
    """
    if place is Place.OVERVIEW:
        from db.overview import read_overview

        return read_overview(connection, capabilities)
    listing = _listing(place, capabilities)
    return None if listing is None else fetch_page(connection, listing)


def _listing(place: Place, capabilities: Capabilities) -> Listing[Any] | None:
    match place:
        case Place.RESERVATIONS:
            from db.reservations import reservations

            return reservations(capabilities)
        case Place.WEBHOOKS:
            from db.webhooks import events

            return events(capabilities)
        case Place.SESSIONS:
            from db.sessions import sessions

            return sessions(capabilities)
        case Place.BILLING:
            from db.billing import clients

            return clients(capabilities)
        case _:
            return None
