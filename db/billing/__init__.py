"""Clients and their flags; `detail` has their billing state and how far their onboarding got."""

from __future__ import annotations

from db.billing.listing import BILLING_STATUSES, Client, clients

__all__ = ["BILLING_STATUSES", "Client", "clients"]
