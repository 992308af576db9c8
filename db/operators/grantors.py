"""Who can make somebody an operator: whom to ask when oneself may not."""

from __future__ import annotations

from db.operators.relations import Connection
from db.operators.rights import Role

_NAMED = 5


def grantors(connection: Connection, role: str | Role) -> tuple[str, ...]:
    """The logins that may give a console role: those with its admin option, then superusers; a few of them.

    Args:
        connection: Any connection.
        role: viewer, support, oncall, dba or worker.
    """
    rows = connection.execute(
        "select r.rolname from pg_catalog.pg_roles as r where r.rolcanlogin and (r.rolsuper or r.rolcreaterole and"
        " exists (select from pg_catalog.pg_auth_members as a join pg_catalog.pg_roles as g on g.oid = a.roleid"
        " where g.rolname = %s and a.member = r.oid and a.admin_option))"
        " order by r.rolsuper, r.rolname limit %s",
        (Role(role).group, _NAMED),
    ).fetchall()
    return tuple(str(name) for (name,) in rows)
