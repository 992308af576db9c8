"""Sessions, and the blacklist of revoked access tokens beside them. Refresh tokens are never read, by anything."""

from __future__ import annotations

from db.sessions.blacklist import BlacklistEntry, blacklist, find_blacklist_entry
from db.sessions.detail import SessionDetail, find_session
from db.sessions.listing import Session, sessions

__all__ = [
    "BlacklistEntry",
    "Session",
    "SessionDetail",
    "blacklist",
    "find_blacklist_entry",
    "find_session",
    "sessions",
]
