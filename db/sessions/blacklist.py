"""The blacklist of access tokens: hashes of revoked tokens until those would have expired anyway."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from db.areas import Area, listed, require, withheld
from db.capabilities import Capabilities
from db.errors import NotFound
from db.page import Filter, KeyType, Listing, Sort, SortColumn, filters
from db.page.filters import UTC_NOW
from db.sessions.listing import username_of
from db.times import tolerant_cursor
from db.user_names import owner_filter

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class BlacklistEntry:
    """One revoked token; the token itself is stored nowhere.

    Args:
        live: Whether the entry still keeps an unexpired token out, by the server's clock.
        username: Name of its user.
    """

    id: str
    token_hash: str
    user_id: str
    username: str | None
    live: bool
    reason: str | None
    revoked_at: datetime
    revoked_by: str | None
    expires_at: datetime

    @property
    def state(self) -> str:
        """The state in words."""
        return "live" if self.live else "expired"


def blacklist(caps: Capabilities) -> Listing[BlacklistEntry]:
    """Declare the list for this role, last revoked first.

    Raises:
        Refused: The database has no blacklist.
        PermissionDenied: This role may not read it.
    """
    status = require(Area.BLACKLIST, caps)
    table, key = caps.table("token_blacklist"), SortColumn("b.id", KeyType.TEXT)
    revoked = SortColumn('b."revokedAt"', KeyType.TIMESTAMP)
    expires = SortColumn('b."expiresAt"', KeyType.TIMESTAMP)
    return Listing(
        name="blacklist",
        table="token_blacklist",
        alias="b",
        reads=listed(Area.BLACKLIST, caps),
        columns=_columns(caps),
        make=BlacklistEntry,
        sorts=(
            Sort("revoked", (revoked, key), descending=True, indexed=table.sorts_by("revokedAt", "id")),
            Sort("expires", (expires, key), indexed=table.sorts_by("expiresAt")),
        ),
        filters=_filters(caps),
        aliases={
            "username": "user",
            "name": "user",
            "token-hash": "hash",
            "until": "expires",
            "revoked": "age",
        },
        words="user",
        withheld=withheld(caps, "token_blacklist", {"reason": "reason"}),
        note=status.sentence or None,
        veil=status.veil,
    )


def find_blacklist_entry(conn: psycopg.Connection[Any], caps: Capabilities, reference: str) -> BlacklistEntry:
    """Read one entry by its id or the whole hash of the token.

    Raises:
        NotFound: No such entry.
        Refused: The database has no blacklist.
        PermissionDenied: This role may not read it.
    """
    status = require(Area.BLACKLIST, caps)
    columns = _columns(caps)
    condition = 'b."tokenHash" = %s' if _HASH.fullmatch(reference) else "b.id::text = %s"
    with tolerant_cursor(conn) as cursor:
        query = f"select {', '.join(columns.values())} from token_blacklist as b where {condition}"
        record = cursor.execute(query, (reference,)).fetchone()
    if record is None:
        hidden = "; rows may be hidden by row security" if status.rows_hidden else ""
        raise NotFound(f"No blacklist entry {reference!r} here{hidden}.")
    return BlacklistEntry(**dict(zip(columns, record, strict=True)))


def _columns(caps: Capabilities) -> dict[str, str]:
    return {
        "id": "b.id::text",
        "token_hash": 'b."tokenHash"',
        "user_id": 'b."userId"::text',
        "username": username_of(caps, 'b."userId"'),
        "live": f'b."expiresAt" > {UTC_NOW}',
        "reason": caps.column("token_blacklist", "reason", "b"),
        "revoked_at": 'b."revokedAt"',
        "revoked_by": caps.column("token_blacklist", "revokedBy", "b"),
        "expires_at": 'b."expiresAt"',
    }


def _filters(caps: Capabilities) -> tuple[Filter, ...]:
    table = caps.table("token_blacklist")
    states = {"live": f'b."expiresAt" > {UTC_NOW}', "expired": f'b."expiresAt" <= {UTC_NOW}'}
    declared = [
        filters.state("state", states, carried=filters.under("expires")),
        owner_filter("user", 'b."userId"', caps, carried=filters.when(table.finds_by("userId"))),
        filters.moment("expires", 'b."expiresAt"', carried=filters.under("expires")),
        filters.prefix(
            "hash", 'b."tokenHash"', carried=filters.when(table.finds_by("tokenHash", prefix=True))
        ),
        filters.age("age", 'b."revokedAt"', carried=filters.under("revoked")),
    ]
    if table.readable("reason"):
        declared.append(filters.contains("reason", 'b."reason"'))
    return tuple(declared)
