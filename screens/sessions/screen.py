"""The sessions screen: sessions, and beside them the tokens that were revoked."""

from __future__ import annotations

from typing import Any, ClassVar

from db.areas import Area
from db.sessions import blacklist, find_blacklist_entry, find_session, sessions
from screens.area import AreaScreen
from screens.sessions.columns import BLACKLIST, SESSIONS, entry_sections, session_sections
from screens.sheet import Sheet, listed


class SessionsScreen(AreaScreen):
    """Sessions and blacklist; Tab goes from one to the other."""

    SHEETS: ClassVar[tuple[Sheet[Any], ...]] = (
        Sheet(
            id="sessions",
            columns=SESSIONS,
            key=lambda row: row.id,
            read_page=listed(sessions),
            read_detail=lambda connection, caps, row: session_sections(
                find_session(connection, caps, row.id)
            ),
            empty="there is no session",
            area=Area.SESSIONS,
            filter_hint="state:live  user:usr_...  device:firefox  used:<1h",
        ),
        Sheet(
            id="blacklist",
            columns=BLACKLIST,
            key=lambda row: row.id,
            read_page=listed(blacklist),
            read_detail=lambda connection, caps, row: entry_sections(
                find_blacklist_entry(connection, caps, row.id)
            ),
            empty="no token is blacklisted",
            area=Area.BLACKLIST,
            filter_hint="state:live  user:usr_...",
        ),
    )
    HELP = """Sessions, last used first, and the tokens that were revoked. Tab goes from one list to the other; filter
    and details act on the list with the cursor. A revoked token is stored as its hash only."""
