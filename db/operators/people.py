"""Operators: one login role a person, in one or more group roles; the name is the identity in the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from db.connection.failure import translated
from db.errors import NotFound, Refused, UsageError
from db.operators.relations import Connection
from db.operators.rights import Role


@dataclass(frozen=True)
class Operator:
    """A person or machine with a console role.

    Args:
        login: Whether the role may log in.
        known: Whether it was added by `nightdesk operators` (else: granted by hand).
    """

    name: str
    roles: tuple[Role, ...]
    login: bool
    known: bool
    superuser: bool
    added_at: datetime | None
    added_by: str | None


def listing(connection: Connection) -> tuple[Operator, ...]:
    """Everyone who has the rights of a group role by membership of their own, by name.

    Since PostgreSQL 16 a membership may give the right to grant a role and none of its rights, as its creator's
    does; that makes no operator.
    """
    with translated():
        rows = connection.execute(
            "select m.rolname, array_agg(distinct replace(g.rolname, 'nightdesk_', '')), m.rolcanlogin,"
            " o.name is not null, m.rolsuper, o.added_at, o.added_by"
            " from pg_catalog.pg_auth_members a"
            " join pg_catalog.pg_roles g on g.oid = a.roleid and g.rolname = any(%s)"
            " join pg_catalog.pg_roles m on m.oid = a.member and m.rolname <> all(%s)"
            " left join nightdesk.operator o on o.name = m.rolname and o.removed_at is null"
            # The column came with PostgreSQL 16; before, the member decided for all its memberships.
            " where coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, m.rolinherit)"
            " group by m.rolname, m.rolcanlogin, o.name, m.rolsuper, o.added_at, o.added_by order by m.rolname",
            (_groups(), _groups()),
        ).fetchall()
    return tuple(
        Operator(row[0], tuple(Role(role) for role in row[1]), row[2], row[3], row[4], row[5], row[6])
        for row in rows
    )


def add(connection: Connection, name: str, role: str | Role) -> bool:
    """Give a person a console role, creating the login (without a password) if it does not exist.

    Args:
        connection: A session that may create roles.
        name: Login name; it becomes the identity in the audit, so it is never given to somebody else.
        role: viewer, support, oncall, dba or worker.

    Returns:
        Whether a login was created.

    Raises:
        UsageError: The name or role is not usable.
        Refused: The name belonged to an operator who was removed and whose login is gone.
    """
    group = _role(role).group
    if not name or name.startswith(("pg_", "nightdesk_")) or len(name.encode()) > 63:
        raise UsageError(
            f"{name!r} cannot be an operator: a name has 1 to 63 bytes and no prefix pg_ or nightdesk_"
        )
    with translated(), connection.transaction():
        exists = connection.execute(
            "select 1 from pg_catalog.pg_roles where rolname = %s", (name,)
        ).fetchone()
        removed = connection.execute(
            "select removed_at from nightdesk.operator where name = %s and removed_at is not null", (name,)
        ).fetchone()
        if removed is not None and exists is None:
            raise Refused(
                f"{name} was an operator until {removed[0]:%Y-%m-%d}; the audit knows that person by this name"
            )
        if exists is None:
            connection.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
        connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(name)))
        connection.execute(
            "insert into nightdesk.operator (name) values (%s)"
            " on conflict (name) do update set removed_at = null, removed_by = null",
            (name,),
        )
    return exists is None


def remove(connection: Connection, name: str) -> tuple[Role, ...]:
    """Take every console role from a person; the login stays, and so does the name in the audit.

    Raises:
        NotFound: Nobody of that name holds a console role.
        PermissionDenied: A membership was granted by somebody whose grants this login may not take back.
    """
    held = next((operator.roles for operator in listing(connection) if operator.name == name), None)
    if held is None:
        raise NotFound(f"{name} holds no console role")
    with translated(), connection.transaction():
        for group, grantor in _memberships(connection, name):
            _revoke(connection, group, name, grantor)
        connection.execute(
            "update nightdesk.operator set removed_at = now(), removed_by = session_user where name = %s",
            (name,),
        )
    return held


def _memberships(connection: Connection, name: str) -> list[tuple[str, str]]:
    """Group and grantor of every membership of a person; since PostgreSQL 16 one for each grantor."""
    rows = connection.execute(
        "select g.rolname, coalesce(b.rolname, '') from pg_catalog.pg_auth_members a"
        " join pg_catalog.pg_roles g on g.oid = a.roleid and g.rolname = any(%s)"
        " join pg_catalog.pg_roles m on m.oid = a.member and m.rolname = %s"
        " left join pg_catalog.pg_roles b on b.oid = a.grantor order by 1, 2",
        (_groups(), name),
    ).fetchall()
    return [(group, grantor) for group, grantor in rows]


def _revoke(connection: Connection, group: str, name: str, grantor: str) -> None:
    """Take back what one grantor gave; without naming them, PostgreSQL 16 and later warn and take nothing."""
    statement = sql.SQL("revoke {} from {}").format(sql.Identifier(group), sql.Identifier(name))
    if grantor and connection.info.server_version >= 160000:
        statement += sql.SQL(" granted by {}").format(sql.Identifier(grantor))
    connection.execute(statement)


def _role(role: str | Role) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise UsageError(f"{role} is no console role: viewer, support, oncall, dba or worker") from None


def _groups() -> list[str]:
    return [role.group for role in Role]
