"""The first page of each place, read without its screen."""

from __future__ import annotations

from typing import Any

from db.capabilities import Capabilities
from screens.places import Place


def first_page(place: Place, connection: Any, capabilities: Capabilities) -> Any | None:
    """Read what a place shows first; None for a place that reads for itself.

    Raises:
        NightdeskError: The place cannot be shown here, or the database refuses.
    """
    from db.page import fetch_page

    if place is Place.RESERVATIONS:
        from db.reservations import reservations

        return fetch_page(connection, reservations(capabilities))
    return None
