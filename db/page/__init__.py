"""Keyset pages: declared lists that cost the same at ten rows and at ten million."""

from __future__ import annotations

from db.page.count import Count, Tally, count_all, count_rows
from db.page.cursor import Cursor
from db.page.fetch import Page, fetch_page
from db.page.filters import Filter, Predicate, Term, parse_terms
from db.page.listing import KeyType, Listing, Sort, SortColumn

__all__ = [
    "Count",
    "Cursor",
    "Filter",
    "KeyType",
    "Listing",
    "Page",
    "Predicate",
    "Sort",
    "SortColumn",
    "Tally",
    "Term",
    "count_all",
    "count_rows",
    "fetch_page",
    "parse_terms",
]
