"""Webhooks: Stripe's events as they came in, and what became of them."""

from __future__ import annotations

from screens.webhooks.screen import WebhooksScreen

__all__ = ["WebhooksScreen"]
