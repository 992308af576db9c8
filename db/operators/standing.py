"""Whether this login may hand objects to the console's owner roles, and what a superuser has to run where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from db.errors import PermissionDenied
from db.operators.relations import OWNER, Connection
from db.operators.rights import PEOPLE_AND_MACHINES

AUDIT_OWNER = "nightdesk_audit_owner"
OWNERS = (OWNER, AUDIT_OWNER)
GROUPS = tuple(role.group for role in PEOPLE_AND_MACHINES)
# Since PostgreSQL 16 a membership says apart whether it inherits and allows SET ROLE, and CREATEROLE grants nothing
# but the roles that its holder administers.
_MEMBERSHIP_OPTIONS = 160000


@dataclass(frozen=True)
class Standing:
    """What the current login is to one of the console's roles.

    Args:
        inherits: It has the role's rights.
        sets: It may hand objects to the role.
        grants: It may grant the role, to itself too.
    """

    inherits: bool
    sets: bool
    grants: bool


def assert_may_install(connection: Connection) -> None:
    """Refuse in one sentence, before anything is done, where the roles cannot be created or handed objects.

    Raises:
        PermissionDenied: Names what a superuser must run.
    """
    login, superuser, creates = _login(connection)
    if superuser:
        return
    known = {role: _standing(connection, role, creates) for role in (*OWNERS, *GROUPS)}
    if None in known.values() and not creates:
        raise PermissionDenied(
            f"{login} may not create the roles nightdesk_*: a superuser must run `{_createrole(connection, login)}`."
        )
    for role in OWNERS:
        standing = known[role]
        if standing is not None and not standing.grants and not (standing.inherits and standing.sets):
            raise _must_be_granted(connection, login)


def acting_as(connection: Connection, role: str, statement: sql.Composed) -> tuple[sql.Composed, ...]:
    """Surround a statement that asks for a role's rights with a membership for as long as it runs, where needed.

    Args:
        connection: The session that will run them.
        role: An existing role of the console.
        statement: What asks for its rights, e.g. DROP OWNED.

    Raises:
        PermissionDenied: The login may not grant itself the role; names what a superuser must run.
    """
    login, superuser, creates = _login(connection)
    standing = _standing(connection, role, creates)
    if superuser or standing is None or standing.inherits:
        return (statement,)
    if not standing.grants:
        raise _must_be_granted(connection, login)
    options = " with inherit true, set false" if _has_options(connection) else ""
    names = sql.Identifier(role), sql.Identifier(login)
    return (
        sql.SQL("grant {} to {}" + options).format(*names),
        statement,
        sql.SQL("revoke {} from {}").format(*names),
    )


def _login(connection: Connection) -> tuple[str, bool, bool]:
    row = connection.execute(
        "select rolname, rolsuper, rolcreaterole from pg_catalog.pg_roles where rolname = current_user"
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def _standing(connection: Connection, role: str, creates: bool) -> Standing | None:
    modern = _has_options(connection)
    row = connection.execute(
        "select pg_catalog.pg_has_role(oid, 'usage'), pg_catalog.pg_has_role(oid, %s),"
        " pg_catalog.pg_has_role(oid, 'member with admin option') from pg_catalog.pg_roles where rolname = %s",
        ("set" if modern else "member", role),
    ).fetchone()
    return None if row is None else Standing(row[0], row[1], row[2] or (creates and not modern))


def _has_options(connection: Connection) -> bool:
    return connection.info.server_version >= _MEMBERSHIP_OPTIONS


def _createrole(connection: Connection, login: str) -> str:
    return sql.SQL("alter role {} createrole").format(sql.Identifier(login)).as_string(connection)


def _must_be_granted(connection: Connection, login: str) -> PermissionDenied:
    def grant(roles: Sequence[str], options: str) -> str:
        statement = sql.SQL("grant {} to {} with " + options).format(
            sql.SQL(", ").join(map(sql.Identifier, roles)), sql.Identifier(login)
        )
        return statement.as_string(connection)

    if _has_options(connection):
        # Whoever administers the groups is no operator by that.
        owners = grant(OWNERS, "admin true, inherit true, set true")
        needed = f"{owners}; {grant(GROUPS, 'admin true, inherit false, set false')}"
    else:
        needed = grant((*OWNERS, *GROUPS), "admin option")
    return PermissionDenied(
        f"The roles nightdesk_* of this cluster were made by somebody else and {login} may not grant them to itself: "
        f"a superuser must run `{needed}`."
    )
