"""The places of the console: one mode each, in the order of their keys."""

from __future__ import annotations

from enum import StrEnum


class Place(StrEnum):
    """A mode of the console; the value is its mode name."""

    OVERVIEW = "overview"
    MIGRATIONS = "migrations"
    RESERVATIONS = "reservations"
    WEBHOOKS = "webhooks"
    SESSIONS = "sessions"
    BILLING = "billing"

    @property
    def key(self) -> str:
        """The digit that leads there."""
        return str(list(Place).index(self) + 1)

    @property
    def heading(self) -> str:
        """Its name for people."""
        return self.value.capitalize()
