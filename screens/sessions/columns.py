"""How sessions and blacklist entries look in the list and in full."""

from __future__ import annotations

from db.sessions import BlacklistEntry, Session, SessionDetail
from screens.detail import Field, Group, Section, hidden_note
from screens.list_view import Column, Cut
from screens.times import ago, both, stamp
from screens.tone import Tone

SESSIONS: tuple[Column[Session], ...] = (
    Column("session of", lambda row, _now: row.username or row.user_id, least=10, most=24),
    Column(
        "state",
        lambda row, _now: row.state,
        least=7,
        most=11,
        tone=lambda row: Tone.PLAIN if row.live else Tone.QUIET,
    ),
    Column("used", lambda row, now: ago(row.last_used_at, now) or "never", least=7, most=8),
    Column("expires", lambda row, now: ago(row.expires_at, now), least=7, most=8, priority=1),
    Column("address", lambda row, _now: row.address, least=9, most=20, priority=3),
    Column("device", lambda row, _now: row.device, least=12, most=48, priority=2),
    Column("id", lambda row, _now: row.id, cut=Cut.MIDDLE, least=12, most=26, priority=4),
)

BLACKLIST: tuple[Column[BlacklistEntry], ...] = (
    Column("blacklisted", lambda row, _now: row.token_hash, cut=Cut.MIDDLE, least=11, most=20),
    Column(
        "state",
        lambda row, _now: row.state,
        least=7,
        most=8,
        tone=lambda row: Tone.WARNING if row.live else Tone.QUIET,
    ),
    Column("revoked", lambda row, now: ago(row.revoked_at, now), least=7, most=8),
    Column("user", lambda row, _now: row.username or row.user_id, least=8, most=22, priority=1),
    Column("until", lambda row, _now: stamp(row.expires_at), least=20, most=20, priority=3),
    Column("reason", lambda row, _now: row.reason, least=8, most=40, priority=2),
    Column("by", lambda row, _now: row.revoked_by, least=6, most=20, priority=4),
)


def session_sections(detail: SessionDetail) -> tuple[Section, ...]:
    """A session in full; its refresh token is readable by nobody here."""
    now = detail.as_of
    state = ("live, not used for 90 days" if detail.stale else "live") if detail.live else "expired"
    return (
        Group(
            "Session",
            (
                Field("user", detail.username, Tone.STRONG),
                Field("state", state, Tone.PLAIN if detail.live else Tone.QUIET),
                Field("last used", both(detail.last_used_at, now)),
                Field("began", both(detail.created_at, now)),
                Field("expires", both(detail.expires_at, now)),
                Field("others live", f"{detail.other_live_sessions:,} of the same user"),
            ),
        ),
        Group(
            "From",
            (
                Field("address", detail.address),
                Field("device", detail.device),
                Field("user id", detail.user_id),
                Field("id", detail.id),
                *hidden_note(detail.hidden),
            ),
        ),
    )


def entry_sections(entry: BlacklistEntry) -> tuple[Section, ...]:
    """A revoked token in full; only its hash was ever stored."""
    return (
        Group(
            "Revoked token",
            (
                Field("token hash", entry.token_hash, Tone.STRONG),
                Field(
                    "state", "keeps the token out" if entry.live else "expired, the token has ended by itself"
                ),
                Field("reason", entry.reason),
                Field("revoked", stamp(entry.revoked_at)),
                Field("revoked by", entry.revoked_by),
                Field("needed until", stamp(entry.expires_at)),
            ),
        ),
        Group("User", (Field("name", entry.username), Field("id", entry.user_id))),
    )
