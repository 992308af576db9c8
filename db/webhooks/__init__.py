"""Stripe events as the platform received them: the queue, and one event with its payload."""

from __future__ import annotations

from db.webhooks.detail import EventDetail, find_event
from db.webhooks.listing import Event, EventState, events

__all__ = ["Event", "EventDetail", "EventState", "events", "find_event"]
