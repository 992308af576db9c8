"""The list of nightdesk: windowed keyset pages, declared columns, states in words."""

from __future__ import annotations

from screens.list_view.columns import Align, Column, Cut
from screens.list_view.messages import Highlighted, ListMessage, Opened, PageShown, ReadFailed
from screens.list_view.source import PAGE_ROWS, PageRequest, PageSource, Step
from screens.list_view.widget import ListView

__all__ = [
    "PAGE_ROWS",
    "Align",
    "Column",
    "Cut",
    "Highlighted",
    "ListMessage",
    "ListView",
    "Opened",
    "PageRequest",
    "PageShown",
    "PageSource",
    "ReadFailed",
    "Step",
]
