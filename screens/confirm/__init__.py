"""The one dialog before anything changes: what exactly, why, and afterwards the receipt."""

from __future__ import annotations

from screens.confirm.screen import Confirm, Delivery

__all__ = ["Confirm", "Delivery"]
