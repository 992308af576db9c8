"""Why no connection came about, as a sentence: what libpq glues together, taken apart.

No SQLSTATE comes with a failed login, so its English message has to do; what none of these patterns knows is passed on
without libpq's prefixes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from db.errors import ConfigurationError, NightdeskError, PermissionDenied, Unreachable
from db.visible import visible

_LIMIT: Final = 300
_Kind: TypeAlias = Callable[[str], NightdeskError]

_PREFIX = re.compile(r"^(?:connection (?:failed|is bad):\s*)+")
_PLACE = re.compile(
    r'connection to server (?:at "(?P<host>[^"]*)"(?: \([^)]*\))?, port (?P<port>\d+)|on socket "(?P<socket>[^"]*)")'
    r" failed:\s*"
)
_LEVEL = re.compile(r"^(?:FATAL|ERROR):\s*")
_HINT = re.compile(r"\s*Is the server running (?:on that host|locally) and accepting .*$", re.DOTALL)

# What is said → the error and its sentence; {at} is the server, {0} what the pattern caught.
_KNOWN: Final[tuple[tuple[str, _Kind, str], ...]] = (
    (r'database "(.+)" does not exist', ConfigurationError, "PostgreSQL at {at} has no database {0}."),
    (r'role "(.+)" does not exist', PermissionDenied, "PostgreSQL at {at} has no role {0}."),
    (
        r'role "(.+)" is not permitted to log in',
        PermissionDenied,
        "PostgreSQL at {at} does not let the role {0} log in.",
    ),
    (
        r'permission denied for database "(.+?)"',
        PermissionDenied,
        "This role may not connect to the database {0} of PostgreSQL at {at}.",
    ),
    (
        r'authentication failed for user "(.+)"',
        PermissionDenied,
        "PostgreSQL at {at} refuses the login: the password of {0} is wrong, or it has none.",
    ),
    (
        r"no password supplied",
        PermissionDenied,
        "PostgreSQL at {at} refuses the login: a password is needed, in PGPASSWORD, ~/.pgpass or the address.",
    ),
    (
        r"no pg_hba\.conf entry .*(?:no encryption|SSL off)",
        ConfigurationError,
        "PostgreSQL at {at} takes no unencrypted login from here: add sslmode=require to the address,"
        " or ask for an entry in pg_hba.conf.",
    ),
    (
        r"no pg_hba\.conf entry",
        PermissionDenied,
        "PostgreSQL at {at} refuses the login: its pg_hba.conf has no entry for this user, database and place.",
    ),
    (
        r"server does not support SSL, but SSL was required",
        ConfigurationError,
        "PostgreSQL at {at} offers no encryption, and sslmode of the address asks for it.",
    ),
    (
        r"(certificate verify failed|root certificate file .* does not exist|server certificate for .* does not match)",
        ConfigurationError,
        "The certificate of PostgreSQL at {at} cannot be checked ({0}): see sslmode and sslrootcert.",
    ),
    (r'invalid port number: "', ConfigurationError, "The port of the address is no port: 1 to 65535."),
    (r"Servname not supported", ConfigurationError, "The port of the address is no port: 1 to 65535."),
    (
        r'invalid integer value ".*" for connection option "(.+)"',
        ConfigurationError,
        "The value of {0} in the address is not a number.",
    ),
    (
        r'(?:invalid (?=\w+ value: ")|bad value for )(\w+)',
        ConfigurationError,
        "The value of {0} in the address is not one that PostgreSQL knows.",
    ),
    (
        r'definition of service "(.+)" not found',
        ConfigurationError,
        "There is no libpq service {0}: services stand in ~/.pg_service.conf or the file that PGSERVICEFILE names.",
    ),
    (r'service file "(.+)" not found', ConfigurationError, "The service file {0} does not exist."),
    (
        r"(?:too many clients already|remaining connection slots are reserved|too many connections for .*)",
        Unreachable,
        "PostgreSQL at {at} takes no more connections: all are in use.",
    ),
)


def login_failure(message: str) -> NightdeskError | None:
    """Return what a failed attempt to connect means, None if the message is about something else.

    Args:
        message: What psycopg says; never quoted whole.
    """
    attempts = _attempts(message)
    if not attempts:
        return None
    # Of several attempts (an address of IPv6, then of IPv4) the one that a server answered says more.
    for at, said in attempts:
        for known, kind, sentence in _KNOWN:
            match = re.search(known, said)
            if match is not None:
                return kind(sentence.format(*(visible(each, limit=100) for each in match.groups()), at=at))
    at, said = attempts[0]
    place = f" at {at}" if at != _UNNAMED else ""
    return Unreachable(f"PostgreSQL{place} cannot be reached: {_flat(said)}.")


_UNNAMED = "this address"
# What psycopg says before libpq has a word.
_BEFORE_LIBPQ = ("failed to resolve", "bad value for ")


def _attempts(message: str) -> list[tuple[str, str]]:
    text = _PREFIX.sub("", message.strip())
    if text == message.strip() and not _PLACE.search(text) and not text.startswith(_BEFORE_LIBPQ):
        return []
    text = text.split("\nMultiple connection attempts failed", 1)[0]
    places = list(_PLACE.finditer(text))
    if not places:
        return [(_UNNAMED, _clean(text))]
    ends = [*(place.start() for place in places[1:]), len(text)]
    return [(_place(place), _clean(text[place.end() : end])) for place, end in zip(places, ends, strict=True)]


def _place(match: re.Match[str]) -> str:
    socket = match["socket"]
    return visible(
        f"socket {socket}" if socket is not None else f"{match['host']}:{match['port']}", limit=120
    )


def _clean(said: str) -> str:
    return _LEVEL.sub("", _HINT.sub("", said).strip())


def _flat(text: str) -> str:
    return visible(" ".join(text.split()), limit=_LIMIT).rstrip(".")
