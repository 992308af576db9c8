"""Apps, and their rooms with prizes, participants and winners."""

from __future__ import annotations

from db.demo.chance import Chance, quoted
from db.demo.load import NOW, Load
from db.demo.structured import json_sql
from db.demo.vocabulary import PRIZE_NAMES, ROOM_NAMES

APPS = (
    ("raffle", "Raffle", "2.1.0"),
    ("quiz", "Quiz Night", "1.4.2"),
    ("auction", "Silent Auction", "1.0.0"),
    ("bingo", "Bingo", "3.0.1"),
    ("hackathon", "Hackathon", "0.9.0"),
    ("photo-contest", "Photo Contest", "1.2.0"),
)
_RETIRED = "bingo"
# Every fifteenth person runs a room.
_HOSTS = "mod(p.k, 15) = 4"
_NUMBER = "(p.k * 8 + i)"


def loads(chance: Chance) -> tuple[Load, ...]:
    """In the order of their foreign keys."""
    return (
        Load("apps", _apps(chance), whole=True),
        Load("rooms", _rooms(chance)),
        Load("participants", _participants(chance)),
        Load("prizes", _prizes(chance)),
        Load("winners", _winners(chance)),
    )


def _apps(chance: Chance) -> str:
    rows = []
    for number, (app, name, version) in enumerate(APPS, start=1):
        manifest = json_sql({"meta": {"id": app, "version": version}, "settings": {"maxParticipants": 500}})
        gone = f"{NOW} - interval '40 days'" if app == _RETIRED else "null"
        rows.append(
            f"""({chance.cuid("app", f"{number}::bigint")}, {quoted(app)}, {quoted(name)}, {manifest}, {quoted(version)},
                '[{{"version": "0.9.0"}}]'::jsonb, {app != _RETIRED}, {NOW} - interval '400 days', {NOW} - interval '40 days', {gone})"""
        )
    return f"""
        insert into apps (id, "appId", name, manifest, "manifestVersion", "manifestHistory", "isActive", "createdAt",
            "updatedAt", "deletedAt")
        values {", ".join(rows)}"""


def _room(chance: Chance) -> str:
    return chance.cuid("room", "p.k")


def _app(chance: Chance, column: int) -> str:
    words = [app[column] for app in APPS]
    return chance.word("app", "p.k", words)


def _status(chance: Chance) -> str:
    return '(enum_range(null::"RoomStatus"))[1 + mod(p.k / 15, 4)]'


def _rooms(chance: Chance) -> str:
    begins = f"{NOW} + ({chance.share('begins', 'p.k')} - 0.7) * interval '60 days'"
    return f"""
        insert into rooms (
            id, "appId", "appManifestVersion", "createdBy", name, status, "isPublic", "appSettings", "startsAt",
            "endsAt", "createdAt", "updatedAt", "deletedAt"
        )
        select {_room(chance)}, {_app(chance, 0)}, {_app(chance, 2)}, p.id, {chance.word("room", "p.k", ROOM_NAMES)},
               {_status(chance)}, {chance.percent("open", "p.k", 60)}, '{{"theme": "classic"}}', {begins},
               {begins} + interval '3 hours', {NOW} - interval '70 days', {NOW} - interval '2 days',
               case when mod(p.k / 15, 13) = 0 then {NOW} - interval '3 days' end
        from people as p where {_HOSTS}"""


def _participants(chance: Chance) -> str:
    """The host's neighbours in the list of people, so that none is in a room twice."""
    return f"""
        insert into participants (id, "userId", "roomId", role, metadata, "joinedAt", "updatedAt", "deletedAt")
        select {chance.cuid("participant", _NUMBER)}, {chance.cuid("user", "(p.k - i)")}, {_room(chance)},
               case i when 0 then 'ORGANIZER' when 1 then 'ADMIN' when 2 then 'MODERATOR' when 5 then 'VIEWER'
                      else 'PARTICIPANT' end::"ParticipantRole",
               '{{"ticket": 1}}', joined, joined,
               case when {chance.percent("left", _NUMBER, 6)} then joined + interval '1 day' end
        from people as p
        cross join lateral generate_series(0::bigint, least(p.k - 1, 5)) as each (i)
        cross join lateral (select {NOW} - (5 + {chance.share("joined", _NUMBER)} * 50) * interval '1 day' as joined) as came
        where {_HOSTS}"""


def _prizes(chance: Chance) -> str:
    return f"""
        insert into prizes (id, "roomId", name, quantity, metadata, "createdAt", "updatedAt", "deletedAt")
        select {chance.cuid("prize", _NUMBER)}, {_room(chance)}, {chance.word("prize", _NUMBER, PRIZE_NAMES)},
               1 + {chance.number("quantity", _NUMBER, 4)}, '{{"sponsor": "Example Inc."}}', {NOW} - interval '60 days',
               {NOW} - interval '60 days', case when i = 3 then {NOW} - interval '9 days' end
        from people as p
        cross join lateral generate_series(1::bigint, 3) as each (i)
        where {_HOSTS}"""


def _winners(chance: Chance) -> str:
    """Of completed rooms: the third to fifth participants won, one of them had the prize taken back."""
    return f"""
        insert into winners (id, "roomId", "participantId", "prizeId", metadata, "wonAt", "updatedAt", "deletedAt")
        select {chance.cuid("winner", _NUMBER)}, {_room(chance)}, {chance.cuid("participant", f"({_NUMBER} + 2)")},
               {chance.cuid("prize", _NUMBER)}, jsonb_build_object('draw', {chance.number("draw", _NUMBER, 1_000_000)}),
               {NOW} - interval '4 days', {NOW} - interval '4 days',
               case when {chance.percent("taken back", _NUMBER, 10)} then {NOW} - interval '3 days' end
        from people as p
        cross join lateral generate_series(1::bigint, 2) as each (i)
        where {_HOSTS} and p.k > 6 and {_status(chance)} = 'COMPLETED'"""
