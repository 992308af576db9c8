"""Pages walk an index from where they start: no sort of the table, no filter over it, one statement."""

from __future__ import annotations

from typing import Any

import pytest

from db.page import Cursor, Term, fetch_page
from db.page.fetch import conditions
from db.page.statement import Walk, page_statement
from tests.db.page.things import Connection, table, terms, things
from tests.db.round_trips import round_trips


def fill(connection: Connection) -> None:
    connection.execute(
        "insert into things select 't' || i, case when i % 5 > 0 then i % 1000 end, chr(97 + i % 2), i % 7"
        " from generate_series(1, 20000) i"
    )
    connection.execute("analyze things")


def rows_read(connection: Connection, sort: str, start: Cursor | None, backwards: bool, *where: Term) -> int:
    """Rows that the scans of the page's plan produced and threw away."""
    listing = things(window=200)
    order = listing.order(sort)
    statement = page_statement(Walk(listing, order, start, backwards, conditions(listing, order, where), 51))
    record = connection.execute(
        f"explain (analyze, format json, timing off, costs off) {statement.sql}", statement.params
    ).fetchone()
    assert record is not None
    return _scanned(record[0][0]["Plan"])


def _scanned(plan: dict[str, Any]) -> int:
    own = 0
    if plan["Node Type"] in {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"}:
        assert plan["Node Type"] != "Seq Scan", plan
        own = round((plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"])
    return own + sum(_scanned(child) for child in plan.get("Plans", []))


@pytest.mark.parametrize("sort", ["rank", "-rank", "rank-nulls-first", "rank-down", "kind", "-kind", "id"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_page_reads_little_more_than_itself_wherever_it_starts(
    empty_database: str, sort: str, backwards: bool
) -> None:
    with table(empty_database) as connection:
        fill(connection)
        assert rows_read(connection, sort, None, backwards) <= 102
        middle: Cursor | None = None
        for _ in range(9):
            page = fetch_page(connection, things(), sort=sort, after=middle, limit=1000)
            middle = page.after
        assert rows_read(connection, sort, middle, backwards) <= 102
        nulls = fetch_page(connection, things(), sort=sort, from_end=True, limit=100).before
        assert rows_read(connection, sort, nulls, backwards) <= 102


def test_a_filter_without_an_index_reads_its_window_only(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(connection)
        # Two groups, a window each, and the rows shown read again by key.
        assert rows_read(connection, "rank", None, False, Term("unindexed", "a")) <= 200 * 2 + 51


def test_a_rare_value_is_found_by_a_plan_of_its_own_however_often_it_is_asked(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(connection)
        connection.execute("create index things_only_kind on things (kind)")
        for _ in range(12):
            fetch_page(connection, things(), where=terms(kind="a"))
            fetch_page(connection, things(), where=terms(id="t7"))
        record = connection.execute("select count(*) from pg_prepared_statements").fetchone()
        assert record == (0,)


def test_a_page_is_one_round_trip(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(connection)
        for where in ((), terms(unindexed="a")):
            with round_trips(connection) as sent:
                fetch_page(connection, things(), where=where)
            assert sent.count == 1
