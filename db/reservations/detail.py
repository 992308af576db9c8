"""One user's reservation, found by whatever name the operator has at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from db.areas import Area, require
from db.capabilities import Capabilities
from db.errors import NightdeskError, NotFound, PermissionDenied, Refused
from db.masking import masked_email
from db.reservations.state import ReservationState, reminder, sees_payments, state_conditions
from db.times import tolerant_cursor
from db.user_names import folds, same


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
        PermissionDenied: This role may not read reservations, or not the e-mail that was asked for.
    """
    status = require(Area.RESERVATIONS, caps)
    conditions = state_conditions(caps)
    columns = {
        "id": "u.id::text",
        "status": "u.status::text",
        "expires_at": "u.reservation_expires_at",
        "email": masked_email(caps, "u"),
        "states": f"array[{', '.join(f'coalesce({each}, false)' for each in conditions.values())}]",
        "reminder": reminder(caps),
        "subscription": _SUBSCRIPTION if sees_payments(caps) else "null",
        "as_of": "statement_timestamp() at time zone 'utc'",
        **{name: caps.column("users", name, "u") for name in _PLAIN},
    }
    record = look_up(conn, caps, reference, tuple(columns.values()))
    values = dict(zip(columns, record, strict=True))
    pending = values["status"] == "PENDING"
    holds = zip(conditions, values.pop("states"), strict=True)
    values["states"] = tuple(state for state, held in holds if held and pending)
    values["reminder"] = values["reminder"] if pending else None
    return ReservationDetail(hidden=(*status.hidden, *status.missing), **values)


def look_up(
    conn: psycopg.Connection[Any], caps: Capabilities, reference: str, columns: tuple[str, ...]
) -> tuple[Any, ...]:
    """Read the one user whom a reference names: as written, or else in either case.

    Args:
        conn: A connection that reads.
        caps: What this role may read.
        reference: Id, user name or (where readable) e-mail.
        columns: What to read of `users as u`; the first is the id.

    Raises:
        NotFound: There is none.
        Refused: There are several; the sentence lists their ids.
        PermissionDenied: The reference is an e-mail, which this role may not read.
    """
    names = caps.reads("users", "username", "email")
    # The id is compared as text, whatever its type: for a text column that is nothing, so its index still serves.
    written = ["u.id::text = %s", *(f"u.{name} = %s" for name in names)]
    found = _users(conn, columns, written, (reference,) * len(written))
    if not found and names:
        # Not at once: a name as written goes before the same name in another case.
        either = [same(caps, name, reference) for name in names]
        found = _users(
            conn, columns, [each.sql for each in either], [v for each in either for v in each.params]
        )
    if not found:
        raise _nobody(caps, reference)
    if len(found) > 1:
        ids = ", ".join(str(record[0]) for record in found)
        raise Refused(f"{reference!r} names more than one user: {ids}. Use the id.")
    return found[0]


def _users(
    conn: psycopg.Connection[Any],
    columns: Sequence[str],
    alternatives: Sequence[str],
    params: Sequence[object],
) -> list[tuple[Any, ...]]:
    query = (
        f"select {', '.join(columns)} from users as u where {' or '.join(alternatives)} order by u.id limit 5"
    )
    with tolerant_cursor(conn) as cursor:
        return cursor.execute(query, params).fetchall()


def _nobody(caps: Capabilities, reference: str) -> NightdeskError:
    users = caps.table("users")
    if "@" in reference and users.columns.get("email") is False:
        return PermissionDenied(
            f"{caps.role} may not read users.email, so nobody is found by e-mail; use the id or user name."
        )
    ways = " or ".join(("id", *caps.reads("users", "username", "email")))
    whole = all(folds(caps, name) for name in caps.reads("users", "username", "email"))
    cases = "in either case" if whole else "as written and in lower case"
    hidden = "; rows may be hidden by row security" if users.rows_hidden else ""
    return NotFound(f"No user {reference!r} here, looked for by {ways}, {cases}{hidden}.")
