"""Extending a reservation: the plan for moving the hour at which a name is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from db.areas import Area, require
from db.capabilities import Capabilities, read_capabilities
from db.changes import ChangeSet, RowChange, RowCheck, Unit, database_identity
from db.errors import Refused, UsageError
from db.reservations.detail import look_up
from db.times import EARLIEST, LATEST

ACTION = "reservation.extend"
LONGEST_DAYS = 365
EXTENDS = "--days N moves the expiry by N days from where it stands; --until TIME names it"


@dataclass(frozen=True)
class _Held:
    """What the plan reads of a user."""

    id: str
    name: str
    status: str
    expires_at: datetime | None
    stored: str | None
    now: datetime


def plan_extend(
    conn: psycopg.Connection[Any], user: str, *, days: int | None = None, until: datetime | None = None
) -> ChangeSet:
    """Plan to move a pending reservation's expiry, by whole days from where it stands or to a named time.

    Args:
        conn: A connection that reads.
        user: Id, user name or (where readable) e-mail.
        days: Days to add to the expiry that stands.
        until: The new expiry; a time without zone means UTC.

    Raises:
        UsageError: Neither or both of days and until, or a number or time that makes no sense.
        NotFound: No such user.
        Refused: The user is not PENDING, or has no expiry that days could be added to.
        PermissionDenied: This role may not read reservations.
    """
    if days is None and until is None:
        raise UsageError(f"Say by how much or until when: {EXTENDS}.")
    if days is not None and until is not None:
        raise UsageError(f"Give one of them: {EXTENDS}.")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise UsageError(f"--days takes 1 to {LONGEST_DAYS}.")
    caps = read_capabilities(conn)
    require(Area.RESERVATIONS, caps)
    held = _read(conn, caps, user)
    _assert_pending(held)
    target = _moved(held, days) if days is not None else _named_time(held, until)
    return ChangeSet(
        action=ACTION,
        database=database_identity(conn),
        units=(_unit(held, target),),
        summary=f"Extend the reservation of {held.name} to {_words(target)}",
        warnings=_warnings(held, target),
        schema=caps.schema,
    )


def _read(conn: psycopg.Connection[Any], caps: Capabilities, user: str) -> _Held:
    columns = (
        "u.id::text",
        f"coalesce({caps.column('users', 'username', 'u')}, u.id::text)",
        "u.status::text",
        "u.reservation_expires_at",
        "u.reservation_expires_at::text",
        "statement_timestamp()",
    )
    return _Held(*look_up(conn, caps, user, columns))


def _assert_pending(held: _Held) -> None:
    if held.status == "ACTIVE":
        raise Refused(f"{held.name} is ACTIVE: the name is theirs, there is no reservation to extend.")
    if held.status == "EXPIRED":
        raise Refused(f"{held.name} is EXPIRED: the reservation has ended and the name may be gone.")
    if held.status != "PENDING":
        raise Refused(f"{held.name} is {held.status}; only a PENDING reservation can be extended.")


def _moved(held: _Held, days: int) -> datetime:
    if held.expires_at is None:
        raise Refused(
            f"The reservation of {held.name} has no expiry to move by days: name one with --until TIME."
        )
    if held.expires_at in {EARLIEST, LATEST} or held.expires_at > LATEST - timedelta(days=days):
        raise Refused(f"The expiry of {held.name} lies beyond any calendar: name one with --until TIME.")
    return held.expires_at + timedelta(days=days)


def _named_time(held: _Held, until: datetime | None) -> datetime:
    assert until is not None
    target = until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)
    if target <= held.now:
        raise UsageError(f"--until {_words(target)} is already past; it is {_words(held.now)} on the server.")
    if target > held.now + timedelta(days=LONGEST_DAYS):
        raise UsageError(f"--until reaches at most {LONGEST_DAYS} days ahead.")
    if target == held.expires_at:
        raise Refused(f"The reservation of {held.name} ends at {_words(target)} already.")
    return target


def _unit(held: _Held, target: datetime) -> Unit:
    key = {"id": held.id}
    return Unit(
        id=held.id,
        label=held.name,
        checks=(RowCheck.looks("users", key=key, columns={"status": "PENDING"}),),
        changes=(
            RowChange.update(
                "users",
                key=key,
                before={"reservation_expires_at": _before(held)},
                after={"reservation_expires_at": _stored(target)},
            ),
        ),
    )


def _warnings(held: _Held, target: datetime) -> tuple[str, ...]:
    found = []
    if held.expires_at is not None and held.expires_at <= held.now:
        found.append(
            f"the reservation has been overdue since {_words(held.expires_at)}; the result is {_words(target)}"
        )
    if held.expires_at is not None and target < held.expires_at:
        found.append(f"this shortens the reservation, which stands until {_words(held.expires_at)}")
    if target <= held.now:
        found.append("the new expiry is still in the past: a sweep may release the name at any time")
    return tuple(found)


def _before(held: _Held) -> datetime | str | None:
    # What lies beyond Python's calendar is compared as the text that the server gave.
    return held.stored if held.expires_at in {EARLIEST, LATEST} else _stored(held.expires_at)


def _stored(time: datetime | None) -> datetime | None:
    """The time as the column holds it: UTC without zone."""
    return time.replace(tzinfo=None) if time is not None else None


def _words(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}Z"
