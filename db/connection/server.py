"""What the server says about itself and about us, read in the same round trip that sets the session up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from db.errors import Unreachable
from db.roles import Role
from db.visible import visible

OLDEST = 14
NEWEST = 18


@dataclass(frozen=True)
class ServerFacts:
    """One connection as the server sees it.

    Attributes:
        version: server_version_num, e.g. 180004.
        version_text: The version as people write it, e.g. "18.4".
        database: Current database.
        host: Address as the server reports it, or "local socket".
        session_user: Who logged in; the identity of every operation.
        is_superuser: The login passes every permission check.
        roles: nightdesk group roles whose rights the login has, without their prefix: "support", … (a creator who
            may only administer them has none).
        in_recovery: The server is a replica.
        read_only: Transactions begin read-only for this login, apart from what we set.
        system_identifier: Identity of the cluster; None where the login may not ask.
        pooled: A pooler answers in the server's place.
    """

    version: int
    version_text: str
    database: str
    host: str
    session_user: str
    is_superuser: bool
    roles: frozenset[str]
    in_recovery: bool
    read_only: bool
    system_identifier: str | None
    pooled: bool

    @property
    def major(self) -> int:
        """Major version, e.g. 18."""
        return self.version // 10000

    @property
    def writable(self) -> bool:
        """Whether this server takes writes at all."""
        return not (self.in_recovery or self.read_only)


@dataclass(frozen=True)
class Manners:
    """How a session behaves as a guest (milliseconds where a time).

    Attributes:
        read_only: Refuse writes in the server as well.
        search_path: Schemas in order; pg_temp last, or a temporary table could shadow a real one.
        statement_timeout: Longest statement.
        application: Prefix of application_name; the login is appended.
    """

    read_only: bool
    search_path: str
    statement_timeout: int
    application: str

    def settings(self, major: int) -> dict[str, str]:
        """Return the session settings for a server version, all but application_name."""
        chosen = {
            "TimeZone": "UTC",
            # psycopg reads times with zone in this style only; a database may have another as its default.
            "DateStyle": "ISO",
            "search_path": self.search_path,
            "statement_timeout": str(self.statement_timeout),
            "lock_timeout": "2000",
            "idle_in_transaction_session_timeout": "15000",
            "default_transaction_read_only": "on" if self.read_only else "off",
            # The server notices a vanished client and gives up its statement instead of finishing it unseen.
            "client_connection_check_interval": "2000",
        }
        if major >= 17:
            chosen["transaction_timeout"] = str(max(60_000, self.statement_timeout))
        return chosen


_FACTS = """
with facts as materialized (
    select current_setting('server_version') as version_text,
           current_database()::text as database,
           host(inet_server_addr()) as address,
           inet_server_port() as port,
           session_user::text as login,
           coalesce((select rolsuper from pg_catalog.pg_roles where rolname = session_user), false) as superuser,
           array(select substr(rolname, 11)
                   from pg_catalog.pg_roles
                  where rolname = any (%(groups)s) and pg_has_role(session_user, oid, 'usage')) as roles,
           pg_is_in_recovery() as in_recovery,
           current_setting('default_transaction_read_only') = 'on' as read_only,
           pg_backend_pid() as pid,
           {identifier} as system_identifier
)
select facts.*,
       set_config('application_name', %(application)s || login, false) as "set:application_name"{settings}
  from facts
"""
_IDENTIFIER = "(select system_identifier::text from pg_catalog.pg_control_system())"


def introduce(connection: psycopg.Connection[Any], manners: Manners) -> ServerFacts:
    """Set the session up and read what the server says about it, in one round trip where it allows all.

    Args:
        connection: A fresh autocommit connection.
        manners: How the session shall behave.

    Raises:
        Unreachable: The server is older than we support.
    """
    major = connection.info.server_version // 10000
    if major < OLDEST:
        raise Unreachable(
            f"This server is PostgreSQL {major}; nightdesk supports {OLDEST} to {NEWEST}. "
            "Nothing was read or changed."
        )
    settings, identifier = manners.settings(major), _IDENTIFIER
    for _ in range(3):
        try:
            return _ask(connection, manners, settings, identifier)
        except psycopg.errors.InsufficientPrivilege:
            # Some hosted servers keep pg_control_system to themselves.
            identifier = "null::text"
        except psycopg.errors.InvalidParameterValue:
            # A server on a system that cannot watch its clients' sockets.
            settings.pop("client_connection_check_interval", None)
    return _ask(connection, manners, settings, identifier)


def _ask(
    connection: psycopg.Connection[Any], manners: Manners, settings: dict[str, str], identifier: str
) -> ServerFacts:
    calls = "".join(
        f",\n       set_config('{name}', %({name})s, false) as \"set:{name}\"" for name in settings
    )
    query = _FACTS.format(identifier=identifier, settings=calls)
    parameters = settings | {
        "application": manners.application,
        "groups": [role.group for role in Role],
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query.encode(), parameters, prepare=False).fetchone()
    if row is None:
        raise Unreachable("The server did not answer who it is.")
    return _facts(row, connection)


def _facts(row: dict[str, Any], connection: psycopg.Connection[Any]) -> ServerFacts:
    address = row["address"]
    return ServerFacts(
        version=connection.info.server_version,
        version_text=visible(str(row["version_text"]).split(" ")[0], limit=20),
        database=visible(row["database"]),
        host="local socket" if address is None else visible(f"{address}:{row['port']}"),
        session_user=str(row["login"]),
        is_superuser=bool(row["superuser"]),
        roles=frozenset(row["roles"]),
        in_recovery=bool(row["in_recovery"]),
        read_only=bool(row["read_only"]),
        system_identifier=row["system_identifier"],
        # A pooler hands out process ids of its own, so that it can route cancel requests.
        pooled=connection.info.backend_pid != row["pid"],
    )
