"""Stripe's six event types as JSON, in the shapes before and after API version 2025-03-31 ("basil").

The new shape moved a subscription's period to its items, and an invoice's subscription below `parent`; linked
objects come as ids or expanded in either.
"""

from __future__ import annotations

from dataclasses import dataclass

from db.demo.chance import Chance
from db.demo.money import bill
from db.demo.structured import Json, Sql, json_sql

OLD_VERSIONS = ("2022-11-15", "2023-10-16", "2024-06-20", "2025-02-24.acacia")
NEW_VERSIONS = ("2025-03-31.basil", "2025-08-27.basil")

# The first integer that a double cannot hold: whoever reads payloads as doubles loses a digit.
_BEYOND_DOUBLE = 9_007_199_254_740_993


@dataclass(frozen=True)
class Payloads:
    """The object of each event type, over `people as p` and the columns of an event (see stripe_events)."""

    chance: Chance

    def checkout_session(self) -> Json:
        """A completed checkout."""
        return {
            "id": Sql(self.chance.stripe("cs_live", "p.k")),
            "object": "checkout.session",
            "mode": "subscription",
            "status": "complete",
            "payment_status": "paid",
            "amount_total": Sql("p.price"),
            "currency": "usd",
            "client_reference_id": Sql("p.id"),
            "customer": self._customer(),
            "customer_details": {
                "email": Sql("p.email"),
                "name": Sql("p.display_name"),
                "address": {"country": Sql("p.country")},
            },
            "subscription": Sql("p.stripe_subscription"),
            "metadata": {"username": Sql("p.username"), "order": Sql(f"{_BEYOND_DOUBLE} + p.k")},
        }

    def subscription(self, *, new: bool, status: str = "p.subscription_status") -> Json:
        """A subscription; its period is in the items in the new shape."""
        period: dict[str, Json] = {
            "current_period_start": _epoch("p.period_start"),
            "current_period_end": _epoch("p.period_end"),
        }
        item: dict[str, Json] = {
            "id": Sql(self.chance.stripe("si", "p.k")),
            "object": "subscription_item",
            "quantity": 1,
            "price": {
                "id": Sql("p.price_id"),
                "object": "price",
                "currency": "usd",
                "unit_amount": Sql("p.price"),
                "recurring": {"interval": Sql("case when p.cycle > '31 days' then 'year' else 'month' end")},
            },
        }
        return {
            "id": Sql("p.stripe_subscription"),
            "object": "subscription",
            "status": Sql(status),
            "customer": self._customer(),
            "cancel_at_period_end": Sql("p.cancels"),
            "cancel_at": Sql(
                f"case when p.billing = 'cancels at a date' then {_epoch('p.period_end').text} end"
            ),
            "canceled_at": Sql(f"case when p.canceled then {_epoch('at').text} end"),
            "collection_method": "charge_automatically",
            "created": _epoch("p.started_at"),
            "start_date": _epoch("p.started_at"),
            "trial_end": _epoch("p.trial_end"),
            "items": {
                "object": "list",
                "has_more": False,
                "total_count": 1,
                "data": [{**item, **(period if new else {})}],
            },
            "latest_invoice": Sql(self.chance.stripe("in", bill("0"))),
            "metadata": {"user_id": Sql("p.id")},
            **({} if new else period),
        }

    def invoice(self, *, new: bool, paid: bool) -> Json:
        """An invoice; its subscription is below `parent` in the new shape."""
        # Events of paid invoices count periods back from 1; only the current invoice is ever unpaid.
        back = "(i - 1)" if paid else "0"
        amount = Sql("case when p.subscription_status = 'trialing' then 0 else p.price end")
        line: Json = {
            "object": "line_item",
            "amount": amount,
            "description": "Subscription",
            "period": {
                "start": _epoch(f"p.period_start - p.cycle * {back}"),
                "end": _epoch(f"p.period_end - p.cycle * {back}"),
            },
        }
        link: dict[str, Json] = (
            {
                "parent": {
                    "type": "subscription_details",
                    "subscription_details": {
                        "subscription": self._subscription(),
                        "metadata": {"user_id": Sql("p.id")},
                    },
                }
            }
            if new
            else {
                "subscription": self._subscription(),
                "charge": Sql(self.chance.stripe("ch", bill(back))),
                "payment_intent": Sql(self.chance.stripe("pi", bill(back))),
                "paid": paid,
            }
        )
        return {
            "id": Sql(self.chance.stripe("in", bill(back))),
            "object": "invoice",
            "status": "paid" if paid else "open",
            "billing_reason": Sql(
                f"case when {back} = p.periods then 'subscription_create' else 'subscription_cycle' end"
            ),
            "attempt_count": 1 if paid else Sql("i"),
            "amount_due": amount,
            "amount_paid": amount if paid else 0,
            "currency": "usd",
            "customer": self._customer(),
            "customer_email": Sql("p.email"),
            "customer_name": Sql("p.display_name"),
            "next_payment_attempt": None if paid else _epoch("at + interval '3 days'"),
            "last_finalization_error": None,
            "lines": {"object": "list", "has_more": False, "data": [line]},
            **link,
        }

    def event(self, kind: str, thing: Json, *, before: Json = None) -> str:
        """The whole event around its object, as a jsonb expression."""
        data: dict[str, Json] = {"object": thing}
        if before is not None:
            data["previous_attributes"] = before
        return json_sql(
            {
                "id": Sql("event_id"),
                "object": "event",
                "type": kind,
                "api_version": Sql("api_version"),
                "created": _epoch("at"),
                "livemode": Sql("livemode"),
                "pending_webhooks": 1,
                "request": {
                    "id": Sql(self.chance.stripe("req", "ordinal")),
                    "idempotency_key": Sql(self.chance.uuid("idempotency", "ordinal")),
                },
                "data": data,
            }
        )

    def _customer(self) -> Json:
        whole = json_sql(
            {
                "id": Sql("p.customer"),
                "object": "customer",
                "email": Sql("p.email"),
                "name": Sql("p.display_name"),
                "balance": 0,
                "delinquent": Sql("p.unsettled > 0"),
            }
        )
        return Sql(f"case when expanded then {whole} else to_jsonb(p.customer) end")

    def _subscription(self) -> Json:
        whole = json_sql(
            {
                "id": Sql("p.stripe_subscription"),
                "object": "subscription",
                "status": Sql("p.subscription_status"),
            }
        )
        return Sql(f"case when expanded then {whole} else to_jsonb(p.stripe_subscription) end")


def _epoch(moment: str) -> Sql:
    return Sql(f"floor(extract(epoch from {moment}))::bigint")
