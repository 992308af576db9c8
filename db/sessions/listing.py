"""The list of sessions, last used first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.areas import Area, listed, require, withheld
from db.capabilities import Capabilities
from db.masking import masked_address
from db.page import Filter, KeyType, Listing, Sort, SortColumn, filters
from db.page.filters import UTC_NOW
from db.user_names import owner_filter

# The weekly task of the runbook counts a session as stale after this.
STALE_AFTER = "90 days"
DEVICE_SHOWN = 300


@dataclass(frozen=True)
class Session:
    """One session; None where this role may not look or the column is missing.

    Args:
        username: Name of its user.
        live: Whether it can still be refreshed, by the server's clock.
        stale: Whether it has not been used for 90 days; None where last use is not known.
        address: Masked.
    """

    id: str
    user_id: str
    username: str | None
    live: bool
    stale: bool | None
    device: str | None
    address: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime

    @property
    def state(self) -> str:
        """The state in words."""
        return ("live, stale" if self.stale else "live") if self.live else "expired"


def sessions(caps: Capabilities) -> Listing[Session]:
    """Declare the list for this role.

    Raises:
        Refused: The database has no sessions.
        PermissionDenied: This role may not read them.
    """
    status = require(Area.SESSIONS, caps)
    return Listing(
        name="sessions",
        table="sessions",
        alias="s",
        reads=listed(Area.SESSIONS, caps),
        columns=session_columns(caps),
        make=Session,
        sorts=_sorts(caps),
        filters=_filters(caps),
        aliases={"username": "user", "name": "user", "created": "age"},
        words="user",
        withheld=withheld(
            caps, "sessions", {"used": "lastUsedAt", "device": "deviceInfo", "address": "ipAddress"}
        ),
        note=status.sentence or None,
        veil=status.veil,
    )


def session_columns(caps: Capabilities) -> dict[str, str]:
    """Attribute → expression over `sessions as s`."""
    used = caps.column("sessions", "lastUsedAt", "s")
    return {
        "id": "s.id::text",
        "user_id": 's."userId"::text',
        "username": username_of(caps, 's."userId"'),
        "live": f's."expiresAt" > {UTC_NOW}',
        "stale": f"{used}::timestamp < {UTC_NOW} - interval '{STALE_AFTER}'",
        "device": f"left({caps.column('sessions', 'deviceInfo', 's')}::text, {DEVICE_SHOWN})",
        "address": masked_address(caps, "s"),
        "created_at": 's."createdAt"',
        "last_used_at": used,
        "expires_at": 's."expiresAt"',
    }


def username_of(caps: Capabilities, user_id: str) -> str:
    """The expression for a user's name, `null` where it may not be read."""
    if not caps.table("users").readable("id", "username"):
        return "null"
    return f"(select u.username from users as u where u.id = {user_id})"


def _sorts(caps: Capabilities) -> tuple[Sort, ...]:
    table, key = caps.table("sessions"), SortColumn("s.id", KeyType.TEXT)
    created = SortColumn('s."createdAt"', KeyType.TIMESTAMP)
    expires = SortColumn('s."expiresAt"', KeyType.TIMESTAMP)
    sorts = [
        Sort("created", (created, key), descending=True, indexed=table.sorts_by("createdAt", "id")),
        # An index without the id is enough: few sessions end in the same millisecond.
        Sort("expires", (expires, key), indexed=table.sorts_by("expiresAt")),
    ]
    if table.readable("lastUsedAt"):
        by_expression = table.sorts_by("coalesce(lastusedat,'-infinity')", "id")
        used = SortColumn(
            "coalesce(s.\"lastUsedAt\", '-infinity')" if by_expression else 's."lastUsedAt"',
            KeyType.TIMESTAMP,
            nullable=not by_expression,
        )
        indexed = by_expression or table.sorts_by("lastUsedAt", "id")
        sorts.insert(0, Sort("used", (used, key), descending=True, indexed=indexed))
    return tuple(sorts)


def _filters(caps: Capabilities) -> tuple[Filter, ...]:
    table = caps.table("sessions")
    states = {"live": f's."expiresAt" > {UTC_NOW}', "expired": f's."expiresAt" <= {UTC_NOW}'}
    declared = [
        filters.state("state", states, carried=filters.under("expires")),
        owner_filter("user", 's."userId"', caps, carried=filters.when(table.finds_by("userId"))),
        filters.moment("expires", 's."expiresAt"', carried=filters.under("expires")),
        filters.prefix("id", "s.id::text", carried=filters.when(table.finds_by("id", prefix=True))),
        filters.age("age", 's."createdAt"', carried=filters.under("created")),
    ]
    if table.readable("lastUsedAt"):
        declared.append(filters.age("used", 's."lastUsedAt"', carried=filters.under("used")))
    if table.readable("deviceInfo"):
        declared.append(filters.contains("device", 's."deviceInfo"'))
    if table.readable("ipAddress"):
        declared.append(
            filters.text("address", 's."ipAddress"', carried=filters.when(table.finds_by("ipAddress")))
        )
    return tuple(declared)
