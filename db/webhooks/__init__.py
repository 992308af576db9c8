"""Stripe events as the platform received them: the queue; `detail` has one event with its payload."""

from __future__ import annotations

from db.webhooks.listing import Event, EventState, events

__all__ = ["Event", "EventState", "events"]
