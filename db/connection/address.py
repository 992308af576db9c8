"""Addresses as people have them: libpq URLs, SQLAlchemy's and Prisma's, turned into libpq parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from db.errors import ConfigurationError
from db.visible import visible

DEFAULT_SCHEMA = "public"

_SCHEME = re.compile(r"(?P<name>[a-z][a-z0-9.+-]*)://", re.IGNORECASE)
_POSTGRES = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9_]+)?", re.IGNORECASE)

# Parameters that only Prisma or another client library understands; libpq refuses a URL that has them.
# https://www.prisma.io/docs/orm/overview/databases/postgresql#arguments
_FOREIGN = frozenset(
    {
        "connection_limit",
        "pgbouncer",
        "pool_timeout",
        "schema",
        "socket_timeout",
        "sslaccept",
        "statement_cache_size",
        "uselibpqcompat",
    }
)

_ENCODE = "special characters in user and password must be percent-encoded (@ is %40, / is %2F, : is %3A)"


@dataclass(frozen=True)
class Address:
    """What a URL says, apart: what libpq gets, and what is for us.

    Attributes:
        parameters: libpq keywords; may hold a password.
        schema: The platform's schema.
        pooler: The URL says that a transaction pooler is in between.
    """

    parameters: dict[str, str]
    schema: str = DEFAULT_SCHEMA
    pooler: bool = False

    def __repr__(self) -> str:
        return f"Address({self.label})"

    @property
    def label(self) -> str:
        """Who, where and what, without a password, safe to print."""
        host = self.parameters.get("host") or self.parameters.get("hostaddr")
        service = self.parameters.get("service")
        if host is None and service is not None:
            return visible(f"service {service}")
        user = self.parameters.get("user")
        port = self.parameters.get("port")
        place = f"{host or 'local socket'}{f':{port}' if port and host and not host.startswith('/') else ''}"
        return visible(f"{f'{user}@' if user else ''}{place}/{self.parameters.get('dbname') or user or ''}")


def parse_address(url: str, source: str) -> Address:
    """Take a URL apart.

    Args:
        url: postgres://, postgresql:// or postgresql+driver://, with libpq's and Prisma's parameters.
        source: Where the URL came from, for messages; the URL itself is never quoted.

    Raises:
        ConfigurationError: It is no PostgreSQL URL, or has a parameter that nobody knows.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    url = url.strip()
    scheme = _SCHEME.match(url)
    if scheme is None:
        raise ConfigurationError(f"{source} must be a URL such as postgresql://user@host/database.")
    if not _POSTGRES.fullmatch(scheme["name"]):
        raise ConfigurationError(
            f"{source} begins with {scheme['name'].lower()}://, which is no direct PostgreSQL address; "
            "nightdesk needs postgresql://user@host/database."
        )
    body, query = _split_query(url[scheme.end() :])
    _refuse_unescaped(body, source)
    ours = {name: unquote(value) for name, value in query if name in _FOREIGN}
    theirs = "&".join(f"{name}={value}" for name, value in query if name not in _FOREIGN)
    try:
        found = conninfo_to_dict(f"postgresql://{body}{'?' if theirs else ''}{theirs}")
    except ProgrammingError as error:
        raise ConfigurationError(f"{source} is not understood: {_reason(error, query)}.") from None
    parameters = {name: str(value) for name, value in found.items() if value is not None}
    if not all(_port(each) for each in parameters.get("port", "").split(",")):
        # The value is not quoted: behind an unescaped / in the password it is the password's beginning.
        raise ConfigurationError(f"{source} is not understood: its port is no port; {_ENCODE}.")
    if ours.get("sslaccept") == "strict" and parameters.get("sslmode") not in {"disable", "verify-full"}:
        # Prisma's word for a checked certificate; with libpq's own roots unless the URL names some.
        parameters["sslmode"] = "verify-full"
        parameters.setdefault("sslrootcert", "system")
    return Address(
        parameters=parameters,
        schema=ours.get("schema") or DEFAULT_SCHEMA,
        pooler=ours.get("pgbouncer", "").lower() == "true",
    )


def _split_query(body: str) -> tuple[str, list[tuple[str, str]]]:
    """Part host and path from the parameters, where a password may hold a question mark, as libpq does."""
    at, slash = body.find("@"), body.find("/")
    after_credentials = at + 1 if at != -1 and (slash == -1 or at < slash) else 0
    mark = body.find("?", after_credentials)
    if mark == -1:
        return body, []
    pairs = (part.partition("=") for part in body[mark + 1 :].split("&") if part)
    return body[:mark], [(name, value) for name, _, value in pairs]


def _reason(error: Exception, query: list[tuple[str, str]]) -> str:
    """Say what libpq disliked without its message, which quotes parts of the URL and so of the password."""
    message = str(error)
    for name, _ in query:
        if f'"{name}"' in message:
            return f"the parameter {visible(name, limit=40)} is not one that PostgreSQL knows"
    return f"check it; {_ENCODE}"


def _refuse_unescaped(body: str, source: str) -> None:
    """Refuse what libpq would take apart elsewhere than meant, and so show a part of the password as a host."""
    credentials, _, rest = body.partition("@")
    if "@" in rest or ("/" in credentials and rest):
        raise ConfigurationError(f"{source} is not understood: it has an @ or / too many; {_ENCODE}.")


def _port(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535)
