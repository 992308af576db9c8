"""Personal data in lists: masked by the server, so that the full value never reaches this process."""

from __future__ import annotations

from db.capabilities import Capabilities


def masked_email(caps: Capabilities, alias: str) -> str:
    """The expression for a user's masked e-mail (`a***@example.com`), `null` where nothing of it may be read."""
    if caps.table("nightdesk.masked_users").readable("id", "email"):
        return f"(select m.email from nightdesk.masked_users as m where m.id = {alias}.id)"
    if caps.table("users").readable("email"):
        return f"regexp_replace({alias}.email, '^(.?)[^@]*', '\\1***')"
    return "null"


def masked_address(caps: Capabilities, alias: str) -> str:
    """The expression for a session's masked address (`203.0.*.*`), `null` where nothing of it may be read."""
    if caps.table("nightdesk.masked_sessions").readable("id", "ipAddress"):
        return f'(select m."ipAddress" from nightdesk.masked_sessions as m where m.id = {alias}.id)'
    if caps.table("sessions").readable("ipAddress"):
        # The first half of an IPv4 address, the first two groups of an IPv6 one, nothing of any other text.
        return (
            f"case when {alias}.\"ipAddress\" ~ '^\\d+\\.\\d+\\.'"
            f" then regexp_replace({alias}.\"ipAddress\", '^(\\d+\\.\\d+)\\..*', '\\1.*.*')"
            f" else regexp_replace({alias}.\"ipAddress\", '^(([0-9a-fA-F]{{1,4}}:){{0,2}}).*', '\\1***') end"
        )
    return "null"
