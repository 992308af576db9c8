"""The overview: what needs a human now; each line opens its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.message import Message

from db.areas import Area
from db.capabilities import Capabilities
from db.overview import MIGRATIONS, Finding, Urgency, read_overview
from db.page import Page
from screens.area import AreaScreen
from screens.detail import Section
from screens.list_view import Align, Column, Highlighted, PageRequest
from screens.places import Place
from screens.sheet import Query, Sheet
from screens.tone import Tone

_TONES = {
    Urgency.ACT: Tone.BAD,
    Urgency.LOOK: Tone.WARNING,
    Urgency.FINE: Tone.QUIET,
    Urgency.BLIND: Tone.QUIET,
}
_WORDS = {Urgency.ACT: "act", Urgency.LOOK: "look", Urgency.FINE: "fine", Urgency.BLIND: "not known"}
_PLACES = {
    MIGRATIONS: Place.MIGRATIONS,
    Area.RESERVATIONS.value: Place.RESERVATIONS,
    Area.WEBHOOKS.value: Place.WEBHOOKS,
    Area.CLIENTS.value: Place.BILLING,
}


def _tone(finding: Finding) -> Tone:
    return _TONES[finding.urgency]


def _number(finding: Finding) -> str:
    if finding.count is None:
        return "?"
    return str(finding.count) if finding.count.window is None else str(finding.count).split(" ", 1)[0]


COLUMNS: tuple[Column[Finding], ...] = (
    Column("", lambda row, _now: _WORDS[row.urgency], least=9, most=9, tone=_tone),
    Column("how many", lambda row, _now: _number(row), align=Align.RIGHT, least=8, most=8, tone=_tone),
    Column("what", lambda row, _now: row.what, least=20, most=60, tone=_tone),
    Column(
        "note", lambda row, _now: row.sentence, least=12, most=120, priority=1, tone=lambda _row: Tone.QUIET
    ),
)


def _read_page(
    connection: Any, capabilities: Capabilities, _request: PageRequest, _query: Query
) -> Page[Finding]:
    return read_overview(connection, capabilities)


def _no_detail(_connection: Any, _capabilities: Capabilities, _row: Finding) -> tuple[Section, ...]:
    return ()


class OverviewScreen(AreaScreen):
    """What needs a human now, harm first."""

    SHEETS: ClassVar[tuple[Sheet[Any], ...]] = (
        Sheet(
            id="overview",
            columns=COLUMNS,
            key=lambda row: (row.area, row.filter, row.what),
            read_page=_read_page,
            read_detail=_no_detail,
            empty="nothing could be asked here",
        ),
    )
    HELP = """What needs a human now, harm first; Enter goes to the rows behind a line. Act means that money or access
    is wrong, look that something gets lost unless somebody looks. A question mark means: nobody can tell from here."""

    @dataclass
    class PlaceAsked(Message):
        """The operator wants to see the rows behind a finding."""

        place: Place
        filter: str

    @on(Highlighted)
    def _say_note(self) -> None:
        finding = self.current
        self.status.say(finding.sentence if isinstance(finding, Finding) else "", Tone.QUIET)

    def open_current(self) -> None:
        """Go to the rows behind the line under the cursor."""
        finding = self.current
        if isinstance(finding, Finding) and finding.area in _PLACES:
            self.post_message(self.PlaceAsked(_PLACES[finding.area], finding.filter))
