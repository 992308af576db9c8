"""Reservations: who holds which name until when, and moving that hour."""

from __future__ import annotations

from screens.reservations.screen import ReservationsScreen

__all__ = ["ReservationsScreen"]
