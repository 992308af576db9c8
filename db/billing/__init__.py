"""Clients: their flags, their billing state and how far their onboarding got."""

from __future__ import annotations

from db.billing.detail import ClientDetail, Onboarding, find_client
from db.billing.listing import BILLING_STATUSES, Client, clients

__all__ = ["BILLING_STATUSES", "Client", "ClientDetail", "Onboarding", "clients", "find_client"]
