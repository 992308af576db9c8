"""Overview: what needs a human now, harm first."""

from __future__ import annotations

from screens.overview.screen import OverviewScreen

__all__ = ["OverviewScreen"]
