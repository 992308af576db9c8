"""At the head revision every declared sort and carried filter walks an index, from any position."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from db.areas import Area
from db.page import Listing, Term, fetch_page
from db.page.fetch import conditions
from db.page.statement import Walk, page_statement
from tests.db.areas.platform import LISTINGS, TABLES, Connection, connected, filled

LIMIT = 20
# What the filters that an index carries may be asked, besides their choices; rows that exist.
VALUES = {
    "id": ("usr_17", "ses_17", "cli_17", "evt_17"),
    "user": ("usr_17", "name_17", "Name_17"),
    "customer": ("cus_17",),
    "expires": ("<24h", ">now"),
}


@pytest.mark.parametrize("area", [area for area in Area if area in LISTINGS])
def test_pages_read_little_more_than_they_show(platform_database: str, area: Area) -> None:
    filled(platform_database, rows=6000)
    with connected(platform_database) as (connection, caps):
        listing = LISTINGS[area](caps)
        for sort in listing.sorts:
            assert sort.indexed
            for text in (sort.name, f"-{sort.name}"):
                assert _most_read(connection, listing, area, text) <= 2 * (LIMIT + 1)


@pytest.mark.parametrize("area", [area for area in Area if area in LISTINGS])
def test_filters_that_claim_an_index_never_read_the_table(platform_database: str, area: Area) -> None:
    filled(platform_database, rows=6000)
    with connected(platform_database) as (connection, caps):
        listing = LISTINGS[area](caps)
        # On a table of this size reading all of it is often cheapest: ask whether an index can answer.
        connection.execute("set enable_seqscan = off")
        tried = 0
        for declared in listing.filters:
            for value in declared.choices or VALUES.get(declared.name, ()):
                for sort in listing.sorts:
                    if declared.carried(sort.name, value) and sort.indexed:
                        tried += 1
                        _most_read(connection, listing, area, sort.name, Term(declared.name, value))
        assert tried


def _most_read(connection: Connection, listing: Listing[Any], area: Area, sort: str, *where: Term) -> int:
    """Rows that the list's own table gave for its first page, one in the middle and its last."""
    order = listing.order(sort)
    asked = conditions(listing, order, where)
    middle = fetch_page(connection, listing, sort=sort, limit=1000, where=where).after
    most = 0
    for start, backwards in ((None, False), (None, True), (middle, False), (middle, True)):
        statement = page_statement(Walk(listing, order, start, backwards, asked, LIMIT + 1))
        record = connection.execute(
            f"explain (analyze, format json, timing off, costs off) {statement.sql}", statement.params
        ).fetchone()
        assert record is not None
        most = max(most, _read(record[0][0]["Plan"], TABLES[area]))
    return most


def _read(plan: dict[str, Any], table: str) -> int:
    own = 0
    # Rows of other tables, and those looked up by key beside the list's own, are one a row that is shown.
    if plan.get("Relation Name") == table and plan["Actual Loops"] == 1:
        assert plan["Node Type"] != "Seq Scan", plan
        own = round(plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0))
    return own + sum(_read(child, table) for child in plan.get("Plans", []))


def test_a_database_without_0010_says_which_sorts_lack_an_index(platform_database: str) -> None:
    filled(platform_database)
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute('drop index users_pending_expiry_idx, "sessions_lastUsedAt_id_idx"')
    with connected(platform_database) as (connection, caps):
        for area, sort in ((Area.RESERVATIONS, "expires"), (Area.SESSIONS, "used")):
            note = fetch_page(connection, LISTINGS[area](caps)).note
            assert f"no index for the sort {sort} here" in str(note)


# As the runbooks have them: NULLs are a group of their own.
PLAIN_INDEXES = """
drop index users_pending_expiry_idx, "sessions_lastUsedAt_id_idx";
create index users_pending_expiry_idx on users (reservation_expires_at, id) where status = 'PENDING'::"UserStatus";
create index "sessions_lastUsedAt_id_idx" on sessions ("lastUsedAt", id);
analyze users, sessions
"""


@pytest.mark.parametrize(("area", "sort"), [(Area.RESERVATIONS, "expires"), (Area.SESSIONS, "used")])
def test_the_order_is_the_same_without_an_index_that_counts_null_as_never(
    platform_database: str, area: Area, sort: str
) -> None:
    filled(platform_database, rows=6000)
    pages: list[list[list[str]]] = []
    for nullable in (False, True):
        with connected(platform_database) as (connection, caps):
            listing = LISTINGS[area](caps)
            declared = listing.order(sort).sort
            assert (declared.indexed, declared.nullable) == (True, nullable)
            first = fetch_page(connection, listing, sort=sort, limit=1000)
            behind = fetch_page(connection, listing, sort=sort, limit=1000, after=first.after)
            last = fetch_page(connection, listing, sort=sort, limit=1000, from_end=True)
            turned = fetch_page(connection, listing, sort=f"-{sort}", limit=1000)
            pages.append([[row.id for row in page.rows] for page in (first, behind, last, turned)])
            connection.execute(PLAIN_INDEXES)
    assert pages[0] == pages[1]
