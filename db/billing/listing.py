"""The list of clients, last changed first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.areas import Area, listed, require, withheld
from db.capabilities import Capabilities
from db.masking import email_mask
from db.page import Filter, KeyType, Listing, Sort, SortColumn, filters
from db.user_names import owner_filter

# The labels of "BillingStatus", in the order of the runbook "Phase 1: production-safe database migration".
BILLING_STATUSES = ("none", "trial", "active", "canceled", "past_due")

_FLAGS = {
    "onboarding_complete": "onboardingComplete",
    "outbound_paused": "outboundPaused",
    "ai_disabled": "aiDisabled",
    "payment_active": "paymentActive",
    "pending_cancellation": "pendingCancellation",
    "active": "isActive",
}
# Filters of their own column: name → column.
_FILTERED = {
    **{attribute.replace("_", "-"): name for attribute, name in _FLAGS.items()},
    "customer": "stripeCustomerId",
}


@dataclass(frozen=True)
class Client:
    """One client; None where this role may not look or the column is missing.

    Args:
        email: Masked.
        user_id: The user it is linked to; None also for unlinked.
    """

    id: str
    name: str
    email: str | None
    billing_status: str | None
    payment_active: bool | None
    onboarding_complete: bool | None
    outbound_paused: bool | None
    ai_disabled: bool | None
    pending_cancellation: bool | None
    active: bool | None
    user_id: str | None
    stripe_customer_id: str | None
    updated_at: datetime

    @property
    def flags(self) -> tuple[str, ...]:
        """What keeps something from happening, in words."""
        words = {
            "inactive": self.active is False,
            "onboarding incomplete": self.onboarding_complete is False,
            "outbound paused": self.outbound_paused is True,
            "AI disabled": self.ai_disabled is True,
            "cancellation pending": self.pending_cancellation is True,
        }
        return tuple(word for word, holds in words.items() if holds)


def clients(caps: Capabilities) -> Listing[Client]:
    """Declare the list for this role.

    Raises:
        Refused: The database has no clients.
        PermissionDenied: This role may not read them.
    """
    status = require(Area.CLIENTS, caps)
    updated = (SortColumn('c."updatedAt"', KeyType.TIMESTAMP), SortColumn("c.id", KeyType.TEXT))
    indexed = caps.table("clients").sorts_by("updatedAt", "id")
    return Listing(
        name="clients",
        table="clients",
        alias="c",
        reads=listed(Area.CLIENTS, caps),
        columns=client_columns(caps),
        make=Client,
        sorts=(Sort("updated", updated, descending=True, indexed=indexed),),
        filters=_filters(caps),
        aliases={"name": "text", "client": "text", "username": "user", "updated": "changed"},
        withheld=withheld(caps, "clients", {**_FILTERED, "billing": "billingStatus", "user": "userId"}),
        note=status.sentence or None,
        veil=status.veil,
    )


def client_columns(caps: Capabilities) -> dict[str, str]:
    """Attribute → expression over `clients as c`."""

    def column(name: str) -> str:
        return caps.column("clients", name, "c")

    return {
        "id": "c.id::text",
        "name": "c.name",
        "email": email_mask(f"{column('email')}::text"),
        "billing_status": f"{column('billingStatus')}::text",
        "user_id": f"{column('userId')}::text",
        "stripe_customer_id": column("stripeCustomerId"),
        "updated_at": 'c."updatedAt"',
        **{attribute: column(name) for attribute, name in _FLAGS.items()},
    }


def _filters(caps: Capabilities) -> tuple[Filter, ...]:
    table = caps.table("clients")
    declared = [
        filters.prefix("id", "c.id::text", carried=filters.when(table.finds_by("id", prefix=True))),
        filters.contains("text", "c.name"),
        filters.age("changed", 'c."updatedAt"', carried=filters.under("updated")),
    ]
    if table.readable("billingStatus"):
        by_status = (
            filters.under("updated") if table.sorts_by("billingStatus", "updatedAt") else filters.never
        )
        declared.append(filters.choice("billing", 'c."billingStatus"', BILLING_STATUSES, carried=by_status))
    for attribute, name in _FLAGS.items():
        if table.readable(name):
            by_flag = filters.when(table.finds_by(name))
            declared.append(filters.flag(attribute.replace("_", "-"), f'c."{name}"', carried=by_flag))
    if table.readable("userId"):
        by_user = filters.when(table.finds_by("userId"))
        declared.append(owner_filter("user", 'c."userId"', caps, carried=by_user))
    if table.readable("stripeCustomerId"):
        exact = filters.when(table.finds_by("stripeCustomerId"))
        beginning = filters.when(table.finds_by("stripeCustomerId", prefix=True))
        declared.append(filters.text("customer", 'c."stripeCustomerId"', carried=exact, prefixes=beginning))
    return tuple(declared)
