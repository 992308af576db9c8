"""The platform's schema in Python: one class a table, compared with the migrations by the tests.

For the names that planners use, the demo's data and the tests; the console reads by SQL and never imports this.
"""

from __future__ import annotations

from db.models.accounts import BlacklistedToken, Session, User, UserStatus
from db.models.base import Base
from db.models.billing import (
    LIVE_STATES,
    BillingInterval,
    Invoice,
    Payment,
    PlanTier,
    Subscription,
    SubscriptionPlan,
    SubscriptionState,
    UsageRecord,
)
from db.models.clients import BillingStatus, Client, OnboardingState
from db.models.content import (
    ContentCategory,
    ContentClick,
    ContentItem,
    ContentMedia,
    ContentTag,
    FeaturedCreator,
    TrendingContent,
)
from db.models.credits import Credit, LlmModel, OAuthClient, UserPreference
from db.models.events import App, Participant, ParticipantRole, Prize, Room, RoomStatus, Winner
from db.models.jobs import Job, JobLogEntry
from db.models.webhooks import WebhookEvent

PLATFORM = Base.metadata

__all__ = [
    "LIVE_STATES",
    "PLATFORM",
    "App",
    "Base",
    "BillingInterval",
    "BillingStatus",
    "BlacklistedToken",
    "Client",
    "ContentCategory",
    "ContentClick",
    "ContentItem",
    "ContentMedia",
    "ContentTag",
    "Credit",
    "FeaturedCreator",
    "Invoice",
    "Job",
    "JobLogEntry",
    "LlmModel",
    "OAuthClient",
    "OnboardingState",
    "Participant",
    "ParticipantRole",
    "Payment",
    "PlanTier",
    "Prize",
    "Room",
    "RoomStatus",
    "Session",
    "Subscription",
    "SubscriptionPlan",
    "SubscriptionState",
    "TrendingContent",
    "UsageRecord",
    "User",
    "UserPreference",
    "UserStatus",
    "WebhookEvent",
    "Winner",
]
