"""Times as people read them at night: absolute in UTC, relative in one unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.times import EARLIEST, LATEST

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def as_utc(moment: datetime) -> datetime:
    """The moment with its zone; the platform stores UTC without saying so."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def clock(moment: datetime) -> str:
    """Time of day, such as 12:03:07Z."""
    return f"{as_utc(moment):%H:%M:%S}Z"


def stamp(moment: datetime | None) -> str | None:
    """Date and time, such as 2026-03-01 12:03:07Z; None stays None."""
    if moment is None:
        return None
    if as_utc(moment) in (LATEST, EARLIEST):
        return "beyond the calendar"
    return f"{as_utc(moment):%Y-%m-%d %H:%M:%S}Z"


def span(length: timedelta) -> str:
    """A length in its largest unit, such as 3d, 5h or 40s; below a minute in seconds."""
    seconds = int(abs(length.total_seconds()))
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "0s"


def ago(moment: datetime | None, now: datetime) -> str:
    """How far away a moment is: `3d ago`, `in 5h`, `now`; empty for None."""
    if moment is None:
        return ""
    distance = as_utc(moment).replace(tzinfo=None) - as_utc(now).replace(tzinfo=None)
    if abs(distance.total_seconds()) < 1:
        return "now"
    return f"in {span(distance)}" if distance > timedelta(0) else f"{span(distance)} ago"


def both(moment: datetime | None, now: datetime) -> str | None:
    """Absolute and relative together, for detail panes; None stays None."""
    return None if moment is None else f"{stamp(moment)}  ({ago(moment, now)})"
