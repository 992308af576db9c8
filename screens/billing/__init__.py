"""Billing: clients and the flags that let them work."""

from __future__ import annotations

from screens.billing.screen import BillingScreen

__all__ = ["BillingScreen"]
