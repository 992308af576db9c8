"""Pending reservations: who holds which name until when, and moving the hour at which they end."""

from __future__ import annotations

from db.reservations.detail import ReservationDetail, find_reservation
from db.reservations.listing import Reservation, reservations
from db.reservations.state import ReservationState

__all__ = ["Reservation", "ReservationDetail", "ReservationState", "find_reservation", "reservations"]
