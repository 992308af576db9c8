"""Dropping months of row images whose retention has passed; the digests of their operations stay."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg

from db.audit.verify import verify_month
from db.changes.apply import refusal
from db.errors import Refused
from db.wording import counted


def drop_month(connection: psycopg.Connection[Any], month: date) -> int:
    """Drop the row images of one month, on record; returns how many operations keep their digests only.

    Args:
        connection: An autocommit connection of a DBA.
        month: Any day of the month.

    Raises:
        Refused: The month is not past its retention, is not there, or is not sound: what was altered is evidence.
        PermissionDenied: This login is no DBA's.
    """
    found = verify_month(connection, month)
    if found:
        raise Refused(
            f"{month:%Y-%m} is not sound ({counted(len(found), 'finding')}, first: {found[0].problem});"
            " nothing was dropped"
        )
    try:
        row = connection.execute("select nightdesk.drop_audit_month(%s)", (month,)).fetchone()
    except psycopg.Error as error:
        raise refusal(error) from error
    return int(row[0]) if row else 0
