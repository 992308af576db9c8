"""The webhooks screen: received events, one in full with its payload."""

from __future__ import annotations

from typing import Any, ClassVar

from db.areas import Area
from db.webhooks import events
from db.webhooks.detail import find_event
from screens.area import AreaScreen
from screens.sheet import Sheet, listed
from screens.webhooks.columns import COLUMNS, sections


class WebhooksScreen(AreaScreen):
    """Stripe events, newest first."""

    SHEETS: ClassVar[tuple[Sheet[Any], ...]] = (
        Sheet(
            id="webhooks",
            columns=COLUMNS,
            key=lambda row: row.id,
            read_page=listed(events),
            read_detail=lambda connection, caps, row: sections(find_event(connection, caps, str(row.id))),
            empty="no event has been received",
            area=Area.WEBHOOKS,
            filter_hint="status:failed  type:invoice.*  age:<2h  state:dead",
        ),
    )
    HELP = """Stripe's events as they came in, newest first. Dead means failed with no further try planned, stuck that
    a worker took it and its lease ran out. The payload is shown digit for digit, with personal data masked: `nightdesk webhooks
    show EVENT --reveal --reason …` shows it whole and puts that on record."""
