from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import psycopg
import pytest

from db import demo
from db.demo import load, seeding
from db.demo.seeding import SMALLEST
from db.errors import Refused
from db.migration import fingerprint
from tests.db.round_trips import round_trips

Connection = psycopg.Connection[Any]

# Two seedings are moments apart; times are stored in milliseconds, payloads hold whole seconds.
NEAR = 1.5


def connect(conninfo: str) -> Connection:
    connection = psycopg.connect(conninfo, autocommit=True)
    connection.execute("set timezone = 'UTC'")
    return connection


def tables(connection: Connection) -> list[str]:
    query = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' order by 1"
    return [name for (name,) in connection.execute(query)]


def counts(connection: Connection) -> dict[str, int]:
    found = {}
    for table in tables(connection):
        row = connection.execute(f"select count(*) from {table}").fetchone()
        assert row is not None
        found[table] = row[0]
    return found


def seeded_at(connection: Connection) -> datetime:
    row = connection.execute("select created_at from users where email = 'free@example.com'").fetchone()
    assert row is not None
    assert isinstance(row[0], datetime)
    return row[0]


def alike(one: object, other: object, shift: float) -> bool:
    """Whether two values say the same, times counted from the moments of seeding, `shift` seconds apart."""
    match one, other:
        case datetime(), datetime():
            return abs((other - one).total_seconds() - shift) < NEAR
        case bool(), bool():
            return one == other
        case int(), int():
            return one == other or (one > 10**9 and abs(other - one - shift) < NEAR)
        case dict(), dict():
            return one.keys() == other.keys() and all(alike(one[key], other[key], shift) for key in one)
        case list(), list():
            return len(one) == len(other) and all(alike(a, b, shift) for a, b in zip(one, other, strict=True))
    return one == other


def test_the_same_seed_gives_the_same_platform(platform_database: str, other_platform_database: str) -> None:
    with connect(platform_database) as one, connect(other_platform_database) as other:
        demo.seed(one, rows=SMALLEST, seed=11)
        demo.seed(other, rows=SMALLEST, seed=11)
        shift = (seeded_at(other) - seeded_at(one)).total_seconds()
        compared = 0
        for table in tables(one):
            order = "user_id" if table == "user_preferences" else "id"
            query = f"select * from {table} order by {order}"
            rows, others = one.execute(query).fetchall(), other.execute(query).fetchall()
            assert len(rows) == len(others), table
            for row, twin in zip(rows, others, strict=True):
                assert alike(list(row), list(twin), shift), (table, row, twin)
            compared += len(rows)
    assert compared > 4_000


def test_another_seed_gives_other_people(platform_database: str, other_platform_database: str) -> None:
    with connect(platform_database) as one, connect(other_platform_database) as other:
        demo.seed(one, rows=SMALLEST, seed=1)
        demo.seed(other, rows=SMALLEST, seed=2)
        query = "select id from users"
        assert not set(one.execute(query)) & set(other.execute(query))


def test_statements_do_not_grow_with_rows(platform_database: str, other_platform_database: str) -> None:
    trips = []
    for conninfo, rows in ((platform_database, SMALLEST), (other_platform_database, 5 * SMALLEST)):
        with connect(conninfo) as connection, round_trips(connection) as sent:
            started = time.perf_counter()
            demo.seed(connection, rows=rows)
            print(f"{rows} people seeded in {time.perf_counter() - started:.2f} s")
        trips.append(sent.count)
    assert trips[0] == trips[1] < 100


def test_a_large_platform_is_the_same_in_parts_and_keeps_its_indexes(
    platform_database: str, other_platform_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    with connect(platform_database) as whole, connect(other_platform_database) as parts:
        before = fingerprint.take(parts, "public")
        comment = "select obj_description('\"token_blacklist_tokenHash_idx\"'::regclass)"
        said = parts.execute(comment).fetchone()
        demo.seed(whole, rows=SMALLEST)
        monkeypatch.setattr(load, "BATCH", 70)
        monkeypatch.setattr(seeding, "BATCH", 70)
        monkeypatch.setattr(load, "QUIET_SECONDS", 0)
        demo.seed(parts, rows=SMALLEST, progress=lines.append)
        assert counts(whole) == counts(parts)
        assert fingerprint.difference(before, fingerprint.take(parts, "public")) == ()
        assert parts.execute(comment).fetchone() == said != (None,)
    assert any("users: 210 rows, 70 %" in line for line in lines), lines


def test_it_refuses_a_platform_with_users(platform_database: str) -> None:
    with connect(platform_database) as connection:
        connection.execute("insert into users (id, email) values ('u1', 'somebody@example.org')")
        with pytest.raises(Refused, match="has users already"):
            demo.seed(connection, rows=SMALLEST)
        assert connection.execute("select count(*) from sessions").fetchone() == (0,)


def test_an_interrupted_seeding_leaves_nothing(platform_database: str) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("jobs"):
            raise KeyboardInterrupt

    with connect(platform_database) as connection:
        empty = counts(connection)
        with pytest.raises(KeyboardInterrupt):
            demo.seed(connection, rows=SMALLEST, progress=interrupt)
        assert counts(connection) == empty


def test_everything_that_guards_rows_is_on_again(smallest: Connection) -> None:
    disabled = "select tgname from pg_trigger where tgenabled <> 'O' and tgrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)"
    unproved = (
        "select conname from pg_constraint where not convalidated and connamespace = 'public'::regnamespace"
    )
    assert smallest.execute(disabled).fetchall() == []
    assert smallest.execute(unproved).fetchall() == []


def test_no_table_is_left_empty(smallest: Connection) -> None:
    assert [table for table, count in counts(smallest).items() if not count] == []
