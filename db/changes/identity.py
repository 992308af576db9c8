"""Which database a plan was made for."""

from __future__ import annotations

from db.changes.apply import Connection
from db.errors import Refused


def database_identity(connection: Connection) -> str:
    """The identity that a ChangeSet carries: cluster and database, so that a restored copy is another one.

    Raises:
        Refused: The schema nightdesk is not installed, so nothing can be changed here.
    """
    installed = connection.execute(
        "select pg_catalog.to_regprocedure('nightdesk.database_identity()') is not null"
    ).fetchone()
    if installed != (True,):
        raise Refused(
            "this database has no schema nightdesk: it is read-only here until `nightdesk install` has run"
        )
    row = connection.execute("select nightdesk.database_identity()").fetchone()
    return str(row[0]) if row else ""
