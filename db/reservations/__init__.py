"""Pending reservations: who holds which name until when; `detail` has one of them, `plan` moves the hour at which it ends."""

from __future__ import annotations

from db.reservations.listing import Reservation, reservations
from db.reservations.state import ReservationState

__all__ = ["Reservation", "ReservationState", "reservations"]
