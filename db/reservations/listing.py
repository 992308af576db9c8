"""The list of pending reservations, those that end first in front, those without an end last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.areas import Area, listed, require, withheld
from db.capabilities import Capabilities
from db.masking import masked_email
from db.page import Filter, KeyType, Listing, Sort, SortColumn, filters
from db.reservations.state import (
    PENDING,
    ReservationState,
    expiry,
    reminder,
    state_conditions,
    walks_by_expression,
)
from db.user_names import name_filter


@dataclass(frozen=True)
class Reservation:
    """A user whose name is held while payment is awaited; None where this role may not look.

    Args:
        states: What stands out, harm first; empty for an ordinary hold.
        email: Masked.
        reminder: The reminder that should have gone out, "day 2" or "day 5".
    """

    id: str
    username: str | None
    email: str | None
    display_name: str | None
    expires_at: datetime | None
    states: tuple[ReservationState, ...]
    reminder: str | None
    payment_attempted_at: datetime | None
    payment_retry_count: int | None
    created_at: datetime | None

    @property
    def state(self) -> str:
        """The states in words."""
        return ", ".join(self.states) or "held"


def reservations(caps: Capabilities) -> Listing[Reservation]:
    """Declare the list for this role.

    Raises:
        Refused: The database has no reservations.
        PermissionDenied: This role may not read them.
    """
    status = require(Area.RESERVATIONS, caps)
    conditions = state_conditions(caps)
    return Listing(
        name="reservations",
        table="users",
        alias="u",
        reads=listed(Area.RESERVATIONS, caps),
        scope="u.status = 'PENDING'",
        columns=_columns(caps, conditions),
        make=lambda **values: _reservation(tuple(conditions), values),
        sorts=_sorts(caps),
        filters=_filters(caps, conditions),
        aliases={"name": "username", "e-mail": "email", "until": "expires", "created": "age"},
        withheld=withheld(
            caps,
            "users",
            {"username": "username", "text": "username", "email": "email", "age": "created_at"},
        ),
        note=status.sentence or None,
        veil=status.veil,
    )


def _columns(caps: Capabilities, conditions: Mapping[ReservationState, str]) -> dict[str, str]:
    plain = ("username", "display_name", "payment_attempted_at", "payment_retry_count", "created_at")
    return {
        "id": "u.id::text",
        "email": masked_email(caps, "u"),
        "expires_at": "u.reservation_expires_at",
        "states": f"array[{', '.join(f'coalesce({each}, false)' for each in conditions.values())}]",
        "reminder": reminder(caps),
        **{name: caps.column("users", name, "u") for name in plain},
    }


def _reservation(states: tuple[ReservationState, ...], values: dict[str, Any]) -> Reservation:
    holds = values.pop("states")
    return Reservation(states=tuple(s for s, held in zip(states, holds, strict=True) if held), **values)


def _sorts(caps: Capabilities) -> tuple[Sort, ...]:
    users, key = caps.table("users"), SortColumn("u.id", KeyType.TEXT)
    expires = SortColumn(expiry(caps), KeyType.TIMESTAMP, nullable=not walks_by_expression(caps))
    indexed = not expires.nullable or users.sorts_by("reservation_expires_at", "id", only=PENDING)
    sorts = [Sort("expires", (expires, key), indexed=indexed)]
    if users.readable("created_at"):
        created = SortColumn("u.created_at", KeyType.TIMESTAMP)
        indexed = users.sorts_by("created_at", "id", only=PENDING)
        sorts.append(Sort("created", (created, key), descending=True, indexed=indexed))
    return tuple(sorts)


def _filters(caps: Capabilities, conditions: Mapping[ReservationState, str]) -> tuple[Filter, ...]:
    users = caps.table("users")
    words = {state.replace(" ", "-"): condition for state, condition in conditions.items()}
    words["held"] = " and ".join(f"not coalesce({each}, false)" for each in conditions.values())
    by_expiry = (ReservationState.NO_EXPIRY, ReservationState.OVERDUE, ReservationState.DUE)
    declared = [
        filters.state(
            "state",
            words,
            carried=filters.under("expires", values={state.replace(" ", "-") for state in by_expiry}),
        ),
        filters.prefix("id", "u.id::text", carried=filters.when(users.finds_by("id", prefix=True))),
        filters.moment(
            "expires", "u.reservation_expires_at", walked=expiry(caps), carried=filters.under("expires")
        ),
    ]
    if users.readable("username"):
        declared.append(name_filter("username", caps))
    if users.readable("email"):
        folded = any(users.finds_by(f"lower({column})", prefix=True) for column in ("email", "(email)"))
        declared.append(filters.folded("email", "u.email", carried=filters.when(folded)))
    if users.readable("username"):
        searched = ("u.username", "u.display_name") if users.readable("display_name") else ("u.username",)
        declared.append(filters.contains("text", *searched))
    if users.readable("created_at"):
        declared.append(filters.age("age", "u.created_at", carried=filters.under("created")))
    return tuple(declared)
