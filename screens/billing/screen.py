"""The billing screen: clients, their flags, one in full."""

from __future__ import annotations

from typing import Any, ClassVar

from db.areas import Area
from db.billing import clients
from db.billing.detail import find_client
from screens.area import AreaScreen
from screens.billing.columns import COLUMNS, sections
from screens.sheet import Sheet, listed


class BillingScreen(AreaScreen):
    """Clients, last changed first."""

    SHEETS: ClassVar[tuple[Sheet[Any], ...]] = (
        Sheet(
            id="clients",
            columns=COLUMNS,
            key=lambda row: row.id,
            read_page=listed(clients),
            read_detail=lambda connection, caps, row: sections(find_client(connection, caps, row.id)),
            empty="there is no client",
            area=Area.CLIENTS,
            filter_hint="billing:past_due  ai-disabled:yes  text:acme",
        ),
    )
    HELP = """Clients, last changed first, with the flags that keep something from happening. Unlinked means that
    nothing here says which user or Stripe customer a client belongs to; it is never guessed."""
