"""One client with its flags, its billing fields and its onboarding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from db.areas import Area, require
from db.billing.listing import client_columns
from db.capabilities import Capabilities
from db.errors import NotFound
from db.masking import phone_mask
from db.times import tolerant_cursor


@dataclass(frozen=True)
class Onboarding:
    """How far a client's onboarding got; None where this role may not look or the column is missing.

    Args:
        completed_steps: The stored JSON as text.
    """

    current_step: str | None
    completed_steps: str | None
    completed_at: datetime | None
    forwarding_enabled: bool | None
    test_call_detected: bool | None


@dataclass(frozen=True)
class ClientDetail:
    """One client; None where this role may not look or the column is missing.

    Args:
        email: Masked.
        phone_number: Masked: its last two digits.
        onboarding: None when none has begun or it may not be read (`hidden` tells which).
        hidden: Columns that this role may not read or this database does not have.
        as_of: The server's clock.
    """

    id: str
    name: str
    email: str | None
    phone_number: str | None
    timezone: str | None
    billing_status: str | None
    payment_active: bool | None
    onboarding_complete: bool | None
    outbound_paused: bool | None
    ai_disabled: bool | None
    pending_cancellation: bool | None
    cancellation_requested_at: datetime | None
    trial_used_at: datetime | None
    active: bool | None
    user_id: str | None
    stripe_customer_id: str | None
    created_at: datetime | None
    updated_at: datetime
    onboarding: Onboarding | None
    hidden: tuple[str, ...]
    as_of: datetime


_STEPS = {
    "current_step": "currentStep",
    "completed_steps": "completedSteps",
    "completed_at": "completedAt",
    "forwarding_enabled": "forwardingEnabled",
    "test_call_detected": "testCallDetected",
}


def find_client(conn: psycopg.Connection[Any], caps: Capabilities, reference: str) -> ClientDetail:
    """Read one client by its id or its Stripe customer id.

    Raises:
        NotFound: No such client, or none this role may see.
        Refused: The database has no clients.
        PermissionDenied: This role may not read them.
    """
    status = require(Area.CLIENTS, caps)
    columns, steps = _columns(caps), _onboarding_columns(caps)
    joined, found = "", "false"
    if caps.table("onboarding_states").readable("clientId"):
        joined = ' left join onboarding_states as o on o."clientId" = c.id'
        found = 'o."clientId" is not null'
    by_customer = ' or c."stripeCustomerId" = %(reference)s'
    named = f"c.id::text = %(reference)s{by_customer if caps.table('clients').readable('stripeCustomerId') else ''}"
    selected = ", ".join((*columns.values(), found, *steps.values()))
    with tolerant_cursor(conn) as cursor:
        query = f"select {selected} from clients as c{joined} where {named} order by c.id::text = %(reference)s desc limit 1"
        record = cursor.execute(query, {"reference": reference}).fetchone()
    if record is None:
        hidden = "; rows may be hidden by row security" if status.rows_hidden else ""
        raise NotFound(f"No client {reference!r} here{hidden}.")
    values = dict(zip(columns, record[: len(columns)], strict=True))
    begun, *stages = record[len(columns) :]
    onboarding = Onboarding(**dict(zip(steps, stages, strict=True))) if begun else None
    return ClientDetail(onboarding=onboarding, hidden=(*status.hidden, *status.missing), **values)


def _columns(caps: Capabilities) -> dict[str, str]:
    def column(name: str) -> str:
        return caps.column("clients", name, "c")

    return {
        **client_columns(caps),
        "phone_number": phone_mask(f"{column('phoneNumber')}::text"),
        "timezone": column("timezone"),
        "cancellation_requested_at": column("cancellationRequestedAt"),
        "trial_used_at": column("trialUsedAt"),
        "created_at": column("createdAt"),
        "as_of": "statement_timestamp()",
    }


def _onboarding_columns(caps: Capabilities) -> dict[str, str]:
    if not caps.table("onboarding_states").readable("clientId"):
        return dict.fromkeys(_STEPS, "null")
    columns = {attribute: caps.column("onboarding_states", name, "o") for attribute, name in _STEPS.items()}
    return {**columns, "completed_steps": f"{columns['completed_steps']}::text"}
