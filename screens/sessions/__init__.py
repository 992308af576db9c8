"""Sessions, with the blacklist of revoked tokens beside them."""

from __future__ import annotations

from screens.sessions.screen import SessionsScreen

__all__ = ["SessionsScreen"]
