"""Personal data in lists: masked by the server, so that the full value never reaches this process.

The masks are those of `nightdesk.mask_email` and `nightdesk.mask_address`, for databases without schema nightdesk and
for tables that have no masked view.
"""

from __future__ import annotations

from db.capabilities import Capabilities


def masked_email(caps: Capabilities, alias: str) -> str:
    """The expression for a user's masked e-mail, `null` where nothing of it may be read."""
    if caps.table("nightdesk.masked_users").readable("id", "email"):
        return f"(select m.email from nightdesk.masked_users as m where m.id = {alias}.id)"
    if caps.table("users").readable("email"):
        return email_mask(f"{alias}.email")
    return "null"


def masked_address(caps: Capabilities, alias: str) -> str:
    """The expression for a session's masked address, `null` where nothing of it may be read."""
    if caps.table("nightdesk.masked_sessions").readable("id", "ipAddress"):
        return f'(select m."ipAddress" from nightdesk.masked_sessions as m where m.id = {alias}.id)'
    if caps.table("sessions").readable("ipAddress"):
        return address_mask(f'{alias}."ipAddress"')
    return "null"


def email_mask(email: str) -> str:
    """First letters and the top-level domain of an e-mail (`a•••@e•••.com`)."""
    domain = f"split_part({email}, '@', 2)"
    return (
        f"case when {email} is null then null when position('@' in {email}) < 2 then '•••'"
        f" else left({email}, 1) || '•••@' || left({domain}, 1) || '•••'"
        f" || coalesce(substring({domain} from '[.][^.]*$'), '') end"
    )


def address_mask(address: str) -> str:
    """An IP address down to its network, the first two groups (`203.0.•.•`, `2001:db8:•`)."""
    return (
        f"case when {address} is null then null"
        f" when {address} ~ '^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$'"
        f" then regexp_replace({address}, '[.][0-9]+[.][0-9]+$', '.•.•')"
        f" when position(':' in {address}) > 0"
        f" then array_to_string((string_to_array({address}, ':'))[1:2], ':') || ':•' else '•••' end"
    )


def phone_mask(phone: str) -> str:
    """The last two digits of a phone number (`•••78`), nothing of one that is hardly longer."""
    return f"case when {phone} is null then null when length({phone}) < 5 then '•••' else '•••' || right({phone}, 2) end"
