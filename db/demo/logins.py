"""Sessions with devices and addresses, in every age, and the blacklist of revoked tokens."""

from __future__ import annotations

from db.demo.chance import Chance
from db.demo.load import NOW, Load
from db.demo.vocabulary import DEVICES

# Addresses for documentation (RFC 5737, RFC 3849) and private ones.
_NETWORKS = ("192.0.2.", "198.51.100.", "203.0.113.", "10.20.30.", "172.16.4.")
REASONS = (
    "logout",
    "logout",
    "logout",
    "password changed",
    "stolen device",
    "admin action",
    "suspicious activity",
)


def loads(chance: Chance) -> tuple[Load, ...]:
    """Sessions, then the blacklist."""
    return (Load("sessions", _sessions(chance)), Load("token blacklist", _blacklist(chance)))


def _sessions(chance: Chance) -> str:
    """Up to twelve a member; live, expired, stale, from before 0007, and a few that ought not to be there."""
    number = "(p.k * 16 + i)"
    # An address that many people share looks like an office, or like an attack.
    shared = chance.percent("office", number, 6)
    address = f"""case
        when {shared} then '203.0.113.77'
        when {chance.percent("v6", number, 25)}
            then '2001:db8:' || to_hex({chance.number("net", number, 65_536)}) || '::' || to_hex(1 + {chance.number("host", number, 65_535)})
        else {chance.word("network", number, _NETWORKS)} || (1 + {chance.number("host", number, 254)})::text end"""
    return f"""
        insert into sessions (id, "userId", "refreshToken", "expiresAt", "createdAt", "deviceInfo", "ipAddress", "lastUsedAt")
        select {chance.cuid("session", number)}, p.id,
               {chance.digest("refresh", number)} || {chance.digest("token", number)},
               case when odd = 'broken' then used - interval '2 hours' else used + interval '30 days' end, began,
               case when odd is distinct from 'old' then {chance.word("device", number, DEVICES)} end,
               case when odd is distinct from 'old' then {address} end,
               case odd when 'old' then null when 'future' then {NOW} + interval '40 minutes' else used end
        from people as p
        cross join lateral (
            select case when p.situation = 'expired and released' then 0
                        when p.status <> 'ACTIVE' or p.deleted_at is not null
                            then case when {chance.percent("still in", "p.k", 25)} then 1 else 0 end
                        when mod(p.k, 211) = 5 then 12
                        else {chance.number("sessions", "p.k", 5)} end as held
        ) as sessions
        cross join lateral generate_series(1, held) as each (i)
        cross join lateral (
            select {NOW} - power({chance.share("used", number)}, 4) * least(interval '160 days', {NOW} - p.created_at) as used,
                   case when i = 1 and mod(p.k, 199) = 5 then 'future'
                        else (array['old', 'broken'])[(1 + mod({number}, 131))::int] end as odd
        ) as last
        cross join lateral (
            select {chance.between("login", number, "greatest(p.created_at, used - interval '60 days')", "used")} as began
        ) as login"""


def _blacklist(chance: Chance) -> str:
    """Tokens live an hour, so nearly all rows have expired; the newest are still in force."""
    number = "(p.k * 8 + i)"
    return f"""
        insert into token_blacklist (id, "tokenHash", "expiresAt", "userId", reason, "revokedAt", "revokedBy")
        select {chance.cuid("revoked", number)},
               encode(sha256(convert_to({chance.digest("access token", number)}, 'UTF8')), 'hex'),
               revoked + {chance.share("left", number)} * interval '1 hour',
               case when i = 1 and mod(p.k, 23) = 3 then 'cm_unknown_user' else p.id end,
               case when {chance.percent("said why", number, 92)} then reason end, revoked,
               case when reason in ('admin action', 'suspicious activity') then 'admin' else p.id end
        from people as p
        cross join lateral generate_series(1, {chance.number("revoked", "p.k", 3)}) as each (i)
        cross join lateral (
            select {NOW} - power({chance.share("revoked at", number)}, 5) * interval '12 days' as revoked,
                   {chance.word("reason", number, REASONS)} as reason
        ) as said
        where p.status = 'ACTIVE' and {chance.percent("revokes", "p.k", 50)}"""
