"""Whatever the duplicates and NULLs, every walk meets every row once and in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.errors import UsageError
from db.page import fetch_page
from tests.db.page.things import Thing, backward, fill, forward, table, terms, there_and_back, things

ROWS = st.lists(
    st.builds(
        Thing,
        id=st.text(alphabet="abc_%", min_size=1, max_size=4),
        rank=st.none() | st.integers(0, 3),
        kind=st.sampled_from(("a", "b")),
    ),
    unique_by=lambda row: row.id,
    max_size=25,
)
Key = Callable[[Thing], tuple[object, ...]]
# The sort's name → the key that Python orders by, and whether it is reversed as a whole.
ORDERS: dict[str, tuple[Key, bool]] = {
    "rank": (lambda r: (r.rank is None, r.rank or 0, r.id), False),
    "rank-nulls-first": (lambda r: (r.rank is not None, r.rank or 0, r.id), False),
    "rank-down": (lambda r: (r.rank is not None, r.rank or 0, r.id), True),
    "rank-down-nulls-first": (lambda r: (r.rank is None, r.rank or 0, r.id), True),
    "kind": (lambda r: (r.kind, r.id), False),
    "id": (lambda r: (r.id,), False),
}


def test_every_walk_yields_exactly_the_ordered_rows(empty_database: str) -> None:
    with table(empty_database) as connection:

        @given(rows=ROWS, sort=st.sampled_from(sorted(ORDERS)), turned=st.booleans(), limit=st.integers(1, 7))
        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def check(rows: list[Thing], sort: str, turned: bool, limit: int) -> None:
            fill(connection, rows)
            key, reverse = ORDERS[sort]
            expected = sorted(rows, key=key, reverse=reverse ^ turned)
            asked = f"-{sort}" if turned else sort
            assert forward(connection, things(), limit, sort=asked) == expected
            assert backward(connection, things(), limit, sort=asked) == expected

        check()


def test_a_filter_without_an_index_still_meets_every_matching_row(empty_database: str) -> None:
    with table(empty_database) as connection:

        @given(
            rows=ROWS,
            sort=st.sampled_from(sorted(ORDERS)),
            limit=st.integers(1, 5),
            window=st.integers(1, 9),
            name=st.sampled_from(("kind", "unindexed")),
        )
        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def check(rows: list[Thing], sort: str, limit: int, window: int, name: str) -> None:
            fill(connection, rows)
            key, reverse = ORDERS[sort]
            expected = sorted((row for row in rows if row.kind == "a"), key=key, reverse=reverse)
            listing = things(window=window)
            assert forward(connection, listing, limit, sort=sort, where=terms(**{name: "a"})) == expected
            assert backward(connection, listing, limit, sort=sort, where=terms(**{name: "a"})) == expected

        check()


def test_turning_round_leads_back_to_the_same_page(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(connection, [Thing(f"t{i:02}", None if i % 3 == 0 else i % 4, "a") for i in range(40)])
        for sort in ORDERS:
            page = fetch_page(connection, things(), sort=sort, limit=7)
            middle = fetch_page(connection, things(), sort=sort, limit=7, after=page.after)
            assert there_and_back(connection, things(), page, sort=sort).rows == page.rows
            assert there_and_back(connection, things(), middle, sort=sort).rows == middle.rows


def test_a_position_serves_both_directions_of_its_sort(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(connection, [Thing(f"t{i}", i, "a") for i in range(6)])
        page = fetch_page(connection, things(), sort="rank", limit=3)
        turned = fetch_page(connection, things(), sort="-rank", after=page.after)
        assert [row.rank for row in turned.rows] == [1, 0]


def test_an_empty_table_gives_an_empty_page_with_the_servers_clock(empty_database: str) -> None:
    with table(empty_database) as connection:
        for ask in ({}, {"from_end": True}, {"where": terms(unindexed="a")}):
            page = fetch_page(connection, things(), **ask)
            assert (page.rows, page.before, page.after) == ((), None, None)
            assert page.as_of.tzinfo is not None


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_reasonable_size(empty_database: str, limit: int) -> None:
    with table(empty_database) as connection, pytest.raises(UsageError, match="1 to 1,000"):
        fetch_page(connection, things(), limit=limit)


def test_one_starting_point_at_a_time(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(connection, [Thing("x", 1, "a"), Thing("y", 1, "a")])
        position = fetch_page(connection, things(), limit=1).after
        with pytest.raises(UsageError, match="one starting point"):
            fetch_page(connection, things(), after=position, from_end=True)
