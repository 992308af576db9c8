"""What needs a human now, harm first: a few counts that cost no more than a page each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from db.areas import Area, area_status
from db.billing import clients
from db.capabilities import Capabilities
from db.errors import NightdeskError, UsageError
from db.migration import State, history
from db.page import Count, Listing, Page, Tally, count_all, parse_terms
from db.reservations import reservations
from db.webhooks import events

MIGRATIONS = "migrations"


class Urgency(StrEnum):
    """How much a finding wants a human."""

    ACT = "act"
    LOOK = "look"
    FINE = "fine"
    BLIND = "blind"
    """Nobody can tell from here: the table is missing or hidden."""


@dataclass(frozen=True)
class Finding:
    """One answer.

    Args:
        area: Where to look, as the area is called.
        filter: The filter that shows the rows.
        what: What was asked, in words.
        count: How many; None where it could not be counted.
        urgency: How much it wants a human.
        sentence: What an operator must know about the answer; empty for nothing.
    """

    area: str
    filter: str
    what: str
    count: Count | None
    urgency: Urgency
    sentence: str = ""


@dataclass(frozen=True)
class _Question:
    area: Area
    listing: Callable[[Capabilities], Listing[Any]]
    filter: str
    what: str
    urgency: Urgency


# In the order of harm: lost money and broken access, then what gets lost unless somebody looks.
_QUESTIONS = (
    _Question(
        Area.WEBHOOKS, events, "state:dead", "Stripe events failed and are not tried again", Urgency.ACT
    ),
    _Question(
        Area.RESERVATIONS,
        reservations,
        "state:paid-but-pending",
        "users have paid and are still pending",
        Urgency.ACT,
    ),
    _Question(
        Area.WEBHOOKS, events, "state:stuck", "Stripe events are stuck with a lost worker", Urgency.ACT
    ),
    _Question(
        Area.RESERVATIONS,
        reservations,
        "state:no-expiry",
        "reservations never end and are never swept",
        Urgency.ACT,
    ),
    _Question(Area.CLIENTS, clients, "billing:past_due", "clients are past due", Urgency.LOOK),
    _Question(Area.WEBHOOKS, events, "status:failed", "Stripe events failed", Urgency.LOOK),
    _Question(Area.RESERVATIONS, reservations, "state:overdue", "reservations are overdue", Urgency.LOOK),
    _Question(Area.RESERVATIONS, reservations, "state:reminder-due", "reminders are due", Urgency.LOOK),
)
_ORDER = {urgency: place for place, urgency in enumerate(Urgency)}


def read_overview(connection: psycopg.Connection[Any], caps: Capabilities) -> Page[Finding]:
    """Ask every question that this database and this role can answer; the answers are one page, most urgent first.

    Args:
        connection: A connection that reads.
        caps: What exists here and what this role may read.
    """
    began = time.perf_counter()
    tallies, blind = _askable(caps)
    counts, as_of = count_all(connection, tuple(tallies.values()))
    findings = [
        _migrations(connection),
        *blind,
        *(
            _judged(question, count, rows_hidden=area_status(question.area, caps).rows_hidden)
            for question, count in zip(tallies, counts, strict=True)
        ),
    ]
    rows = tuple(sorted(findings, key=lambda finding: _ORDER[finding.urgency]))
    return Page(rows, None, None, as_of, (time.perf_counter() - began) * 1000, None)


def _migrations(connection: psycopg.Connection[Any]) -> Finding:
    try:
        states = history(connection)
    except NightdeskError as error:
        return Finding(MIGRATIONS, "", "migrations are pending", None, Urgency.BLIND, str(error))
    unknown = next((each.note or "" for each in states if each.state is State.UNKNOWN), None)
    if unknown is not None:
        return Finding(MIGRATIONS, "", "migrations are pending", None, Urgency.BLIND, unknown)
    pending = sum(each.state is State.PENDING for each in states)
    urgency = Urgency.LOOK if pending else Urgency.FINE
    return Finding(MIGRATIONS, "", "migrations are pending", Count(pending, more=False), urgency)


def _askable(caps: Capabilities) -> tuple[dict[_Question, Tally], list[Finding]]:
    """Part the questions into those that can be counted here and findings that say why the others cannot."""
    tallies: dict[_Question, Tally] = {}
    blind: dict[str, Finding] = {}
    for question in _QUESTIONS:
        area, status = question.area, area_status(question.area, caps)
        if not status.usable:
            blind[area] = Finding(area, "", area.value, None, Urgency.BLIND, status.sentence)
            continue
        listing, terms = question.listing(caps), parse_terms(question.filter)
        try:
            for term in terms:
                listing.filter(term).predicate(term.value)
        except UsageError:
            # The filter needs a column that is missing or hidden here.
            blind[question.what] = Finding(
                area, "", question.what, None, Urgency.BLIND, "cannot be told here"
            )
        else:
            tallies[question] = Tally(listing, terms)
    return tallies, list(blind.values())


def _judged(question: _Question, count: Count, *, rows_hidden: bool) -> Finding:
    """No match among the rows that were looked at, or that this role sees, is no zero."""
    doubts = ["rows may be hidden by row security"] if rows_hidden else []
    if count.value:
        return Finding(
            question.area, question.filter, question.what, count, question.urgency, "".join(doubts)
        )
    if count.more and count.window is not None:
        doubts.insert(0, f"none among the first {count.window:,}")
    if doubts:
        sentence = "; ".join(doubts)
        return Finding(question.area, question.filter, question.what, None, Urgency.BLIND, sentence)
    return Finding(question.area, question.filter, question.what, count, Urgency.FINE)
