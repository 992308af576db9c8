"""One user's reservation, found by whatever name the operator has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from db.areas import Area, require
from db.capabilities import Capabilities
from db.errors import NotFound, Refused
from db.masking import masked_email
from db.reservations.state import ReservationState, reminder, sees_payments, state_conditions
from db.times import tolerant_cursor


@dataclass(frozen=True)
class ReservationDetail:
    """A user seen as the holder of a reservation, whatever its status; None where this role may not look.

    Args:
        states: What stands out, harm first; always empty for a user who is not PENDING.
        email: Masked.
        subscription: Status of the live Stripe subscription, None for none or where it is hidden.
        hidden: Columns that this role may not read or this database does not have.
        as_of: The server's clock.
    """

    id: str
    username: str | None
    email: str | None
    display_name: str | None
    status: str
    expires_at: datetime | None
    states: tuple[ReservationState, ...]
    reminder: str | None
    payment_attempted_at: datetime | None
    payment_retry_count: int | None
    day2_reminder_sent_at: datetime | None
    day5_reminder_sent_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
    deleted_at: datetime | None
    subscription: str | None
    hidden: tuple[str, ...]
    as_of: datetime


_PLAIN = (
    "username",
    "display_name",
    "payment_attempted_at",
    "payment_retry_count",
    "day2_reminder_sent_at",
    "day5_reminder_sent_at",
    "created_at",
    "updated_at",
    "deleted_at",
)
_SUBSCRIPTION = (
    "(select s.status from subscriptions as s where s.user_id = u.id and s.stripe_subscription_id is not null"
    " and s.status in ('active', 'trialing', 'past_due', 'incomplete', 'unpaid', 'paused') limit 1)"
)


def find_reservation(conn: psycopg.Connection[Any], caps: Capabilities, reference: str) -> ReservationDetail:
    """Read one user's reservation by id, user name or (where readable) e-mail.

    Raises:
        NotFound: No such user, or none this role may see.
        Refused: The text names more than one user; the sentence lists their ids.
        PermissionDenied: This role may not read reservations.
    """
    status = require(Area.RESERVATIONS, caps)
    conditions = state_conditions(caps)
    columns = {
        "id": "u.id",
        "status": "u.status::text",
        "expires_at": "u.reservation_expires_at",
        "email": masked_email(caps, "u"),
        "states": f"array[{', '.join(f'coalesce({each}, false)' for each in conditions.values())}]",
        "reminder": reminder(caps),
        "subscription": _SUBSCRIPTION if sees_payments(caps) else "null",
        "as_of": "statement_timestamp() at time zone 'utc'",
        **{name: caps.column("users", name, "u") for name in _PLAIN},
    }
    with tolerant_cursor(conn) as cursor:
        query = (
            f"select {', '.join(columns.values())} from users as u where {named(caps)} order by u.id limit 5"
        )
        records = cursor.execute(query, {"reference": reference}).fetchall()
    record = the_one(records, reference, caps)
    values = dict(zip(columns, record, strict=True))
    pending = values["status"] == "PENDING"
    holds = zip(conditions, values.pop("states"), strict=True)
    values["states"] = tuple(state for state, held in holds if held and pending)
    values["reminder"] = values["reminder"] if pending else None
    return ReservationDetail(hidden=(*status.hidden, *status.missing), **values)


def named(caps: Capabilities) -> str:
    """The condition on `users as u` that a reference names this user; each part has an index of its own."""
    users = caps.table("users")
    parts = ["u.id = %(reference)s"]
    parts += [f"u.{name} = %(reference)s" for name in ("username", "email") if users.readable(name)]
    return f"({' or '.join(parts)})"


def the_one(records: list[tuple[Any, ...]], reference: str, caps: Capabilities) -> tuple[Any, ...]:
    """The only record found; its first column is the id.

    Raises:
        NotFound: There is none.
        Refused: There are several.
    """
    if not records:
        ways = " or ".join(("id", *(n for n in ("username", "email") if caps.table("users").readable(n))))
        hidden = "; rows may be hidden by row security" if caps.table("users").rows_hidden else ""
        raise NotFound(f"No user {reference!r} here, looked for by {ways}{hidden}.")
    if len(records) > 1:
        ids = ", ".join(str(record[0]) for record in records)
        raise Refused(f"{reference!r} names more than one user: {ids}. Use the id.")
    return records[0]
