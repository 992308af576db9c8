"""Filters mean what the operator typed, no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from db.errors import PermissionDenied, UsageError
from db.page import KeyType, Listing, Sort, SortColumn, Term, count_rows, fetch_page, filters, parse_terms
from db.times import EARLIEST, LATEST
from tests.db.page.things import Connection, Thing, fill, table, terms, things


def ids(connection: object, *where: Term, window: int = 20_000) -> set[str]:
    assert isinstance(connection, psycopg.Connection)
    return {row.id for row in fetch_page(connection, things(window=window), where=where).rows}


def test_wildcards_typed_by_the_operator_are_literals(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(
            connection,
            [Thing(name, 1, "a") for name in ("evt_1", "evtx1", "100%", "1000", "back\\slash", "backXslash")],
        )
        assert ids(connection, Term("id", "evt_")) == {"evt_1"}
        assert ids(connection, Term("id", "100%")) == {"100%"}
        assert ids(connection, Term("id", "back\\")) == {"back\\slash"}
        assert ids(connection, Term("text", "T_1")) == {"evt_1"}


def test_a_star_stands_for_any_text_wherever_it_is(empty_database: str) -> None:
    listing = replace(
        things(),
        filters=(filters.text("id", "t.id"), filters.folded("kind", "t.kind"), *things().filters[3:]),
    )

    def found(connection: Connection, text: str) -> set[str]:
        return {row.id for row in fetch_page(connection, listing, where=parse_terms(text)).rows}

    with table(empty_database) as connection:
        fill(
            connection,
            [Thing("ana_petrov", 1, "One"), Thing("ana-petrova", 1, "one"), Thing("s_silva", 1, "two")],
        )
        assert found(connection, "id:*petrov") == {"ana_petrov"}
        assert found(connection, "id:a*petrov*") == {"ana_petrov", "ana-petrova"}
        assert found(connection, "id:*_*v*") == {"ana_petrov", "s_silva"}
        assert found(connection, "kind:*NE") == {"ana_petrov", "ana-petrova"}
        assert found(connection, "text:s*va") == {"s_silva"}
    beginning = filters.prefix("id", "t.id", carried=filters.always)
    assert beginning.predicate("a*c").params == ("a%c%",)
    assert not beginning.carried("rank", "a*c")
    assert beginning.carried("rank", "a*")


def test_a_bare_word_asks_the_lists_text_filter(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(connection, [Thing("ana_petrov", 1, "a"), Thing("s_silva", 1, "b")])
        assert ids(connection, *parse_terms("PETROV")) == {"ana_petrov"}
        assert ids(connection, *parse_terms("!petrov")) == {"s_silva"}
        assert ids(connection, *parse_terms("_ kind:b")) == {"s_silva"}
        without = replace(things(), words="none")
        with pytest.raises(UsageError, match="'petrov' is not a filter; write name:value"):
            fetch_page(connection, without, where=parse_terms("petrov"))


def test_a_filter_has_other_names_and_says_why_it_is_not_here(empty_database: str) -> None:
    denied = PermissionDenied("viewer may not read things.size, which size: needs.")
    listing = replace(things(), aliases={"sort": "kind", "bulk": "size"}, withheld={"size": denied})
    with table(empty_database) as connection:
        fill(connection, [Thing("x", 1, "a"), Thing("y", 1, "b")])
        assert [row.id for row in fetch_page(connection, listing, where=parse_terms("Sort:b")).rows] == ["y"]
        for name in ("size", "bulk"):
            with pytest.raises(PermissionDenied, match="may not read things"):
                fetch_page(connection, listing, where=(Term(name, "1"),))


def test_a_moment_lies_before_or_behind_now(empty_database: str) -> None:
    stored = ("-2 hours", "3 hours", "30 hours", None)
    listing: Listing[int] = Listing(
        name="ends",
        table="ends",
        alias="e",
        reads=("id", "at"),
        columns={"number": "e.id"},
        make=lambda number: number,
        sorts=(Sort("id", (SortColumn("e.id", KeyType.INTEGER),)),),
        filters=(
            filters.moment("expires", "e.at"),
            filters.moment("never", "e.at", walked="coalesce(e.at, 'infinity')"),
        ),
    )
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("create table ends (id bigint primary key, at timestamp)")
        for number, offset in enumerate(stored):
            connection.execute(
                "insert into ends values (%s, (now() at time zone 'utc') + %s::interval)", (number, offset)
            )
        connection.execute("select set_config('TimeZone', 'Asia/Tokyo', false)")
        for name in ("expires", "never"):
            for value, expected in (
                ("<24h", {0, 1}),
                (">24h", {2}),
                (">now", {1, 2}),
                ("<now", {0}),
                ("<2020-01-01", set()),
                (">2020-01-01T12:00+02:00", {0, 1, 2}),
            ):
                assert set(fetch_page(connection, listing, where=(Term(name, value),)).rows) == expected


@pytest.mark.parametrize("value", ["24h", "<tomorrow", "", ">", "=now", "<0001-01-01T00:00+10:00"])
def test_a_moment_must_read_as_one(value: str) -> None:
    with pytest.raises(UsageError, match="not a time; write <24h"):
        filters.moment("expires", "t.at").predicate(value)


def test_terms_combine_and_invert(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(connection, [Thing("x1", 1, "a"), Thing("x2", 1, "b"), Thing("y1", 1, "a")])
        assert ids(connection, *parse_terms("kind:a id:x")) == {"x1"}
        assert ids(connection, *parse_terms("!kind:a")) == {"x2"}
        assert ids(connection, *parse_terms("!id:x !kind:b")) == {"y1"}


def test_an_age_is_measured_by_the_servers_utc_clock(empty_database: str) -> None:
    listing: Listing[tuple[object, ...]] = Listing(
        name="moments",
        table="moments",
        alias="m",
        reads=("at",),
        columns={"at": "m.at"},
        make=lambda at: (at,),
        sorts=(Sort("at", (SortColumn("m.at", KeyType.TIMESTAMP), SortColumn("m.id", KeyType.INTEGER))),),
        filters=(filters.age("age", "m.at", carried=filters.under("at")),),
    )
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("create table moments (id int primary key, at timestamp not null)")
        connection.execute(
            "insert into moments select i, (now() at time zone 'utc') - i * interval '1 hour' from generate_series(1, 5) i"
        )
        for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
            connection.execute("select set_config('TimeZone', %s, false)", (zone,))
            assert len(fetch_page(connection, listing, where=terms(age=">150m")).rows) == 3
            assert len(fetch_page(connection, listing, where=terms(age="<150m")).rows) == 2


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
@pytest.mark.parametrize("datestyle", ["ISO, MDY", "German", "SQL, DMY"])
def test_times_beyond_python_break_no_page(empty_database: str, zone: str, datestyle: str) -> None:
    listing: Listing[datetime] = Listing(
        name="moments",
        table="moments",
        alias="m",
        reads=("at",),
        columns={"at": "m.at"},
        make=lambda at: at,
        sorts=(
            Sort(
                "at",
                (SortColumn("m.at", KeyType.TIMESTAMP, nullable=True), SortColumn("m.id", KeyType.INTEGER)),
            ),
        ),
    )
    stored = ("-infinity", "0044-03-15 BC", "2026-01-06 10:00:00.123456", "29999-01-01", "infinity", None)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("create table moments (id int primary key, at timestamp)")
        for number, at in enumerate(stored):
            connection.execute("insert into moments values (%s, %s)", (number, at))
        connection.execute("select set_config('DateStyle', %s, false)", (datestyle,))
        connection.execute("select set_config('TimeZone', %s, false)", (zone,))
        walked: list[datetime] = []
        page = fetch_page(connection, listing, limit=1)
        while True:
            walked += page.rows
            if page.after is None:
                break
            page = fetch_page(connection, listing, limit=1, after=page.after)
    exact = datetime(2026, 1, 6, 10, 0, 0, 123456, tzinfo=UTC)
    assert walked == [EARLIEST, EARLIEST, exact, LATEST, LATEST, None]


def test_counts_are_exact_below_the_cap_and_say_so_above(empty_database: str) -> None:
    with table(empty_database) as connection:
        fill(connection, [Thing(f"t{i}", i, "a" if i % 4 else "b") for i in range(40)])
        assert str(count_rows(connection, things())) == "40"
        assert str(count_rows(connection, things(), cap=40)) == "40"
        assert str(count_rows(connection, things(), cap=39)) == "39+"
        assert str(count_rows(connection, things(), where=terms(kind="b"), cap=9)) == "9+"
        assert str(count_rows(connection, things(), where=terms(unindexed="b"))) == "10"
        windowed = count_rows(connection, things(window=8), where=terms(unindexed="b"))
        assert windowed.more
        assert windowed.value <= 8
        assert str(windowed).endswith("+ in the first 8 rows")


def test_a_filter_or_sort_without_an_index_is_named(empty_database: str) -> None:
    with table(empty_database) as connection:
        assert fetch_page(connection, things()).note is None
        assert fetch_page(connection, things(), where=terms(kind="a")).note is None
        fill(connection, [Thing(f"t{i}", i, "a" if i % 4 else "b") for i in range(8)])
        looked = fetch_page(connection, things(window=5), where=terms(unindexed="b"))
        assert "looked through 5 rows" in str(looked.note)
        rest = fetch_page(connection, things(window=5), where=terms(unindexed="b"), after=looked.after)
        assert rest.note is None
        assert fetch_page(connection, things(window=9), where=terms(unindexed="b")).note is None
        assert fetch_page(connection, things(window=5), where=terms(unindexed="a"), limit=2).note is None
        assert "no index for the sort id" in str(fetch_page(connection, things(), sort="id").note)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kind:z", "one of a, b"),
        ("colour:red", "known filters: kind"),
        ("!", "inverts the term"),
        ("id:", "id: needs a value\\.$"),
        ("text:", "text: needs a value\\.$"),
        ("id:\x00", "can store as text"),
        ("id:\ud800", "can store as text"),
    ],
)
def test_an_unknown_filter_is_refused_with_what_is_known(
    empty_database: str, text: str, sentence: str
) -> None:
    with table(empty_database) as connection, pytest.raises(UsageError, match=sentence):
        fetch_page(connection, things(), where=parse_terms(text))


@pytest.mark.parametrize("value", ["2h", ">h", ">1y", ">-1h", ">9999999s", ""])
def test_an_age_must_read_as_one(value: str) -> None:
    with pytest.raises(UsageError, match="not an age"):
        filters.age("age", "t.at").predicate(value)


def test_an_unknown_sort_is_refused_with_what_is_known(empty_database: str) -> None:
    with table(empty_database) as connection, pytest.raises(UsageError, match="known sorts: rank"):
        fetch_page(connection, things(), sort="size")
