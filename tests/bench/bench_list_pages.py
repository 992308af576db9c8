"""Pages of every list: deep against first, and many rows against few.

Run as `python -m tests.bench list_pages`, or `python -m tests.bench.bench_list_pages --rows 10000000` for another size
(above a million with small payloads). Each list is read as a support operator reads it, through the columns and masks
of that role. Deep is the page behind nine tenths of the rows, reached by its position. The pages of the same list in
the small and the large platform are read alternately; a ratio is the median over those rounds. Where a demand is
missed, the plan of the slower statement follows.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg

from db.audit import operations
from db.billing import clients
from db.capabilities import Capabilities, read_capabilities
from db.embedded.server import Server
from db.jobs import jobs
from db.page import Cursor, Listing, Term, fetch_page
from db.page.fetch import conditions
from db.page.statement import Statement, Walk, page_statement
from db.reservations import reservations
from db.sessions import blacklist, sessions
from db.webhooks import events
from tests import postgres
from tests.bench.large_lists import Connection, load
from tests.bench.ratios import alternating, ratio, spread

FEW, MANY = 10_000, 1_000_000
LARGE_PAYLOAD, SMALL_PAYLOAD = 1_500, 100
PAGE = 100
ROUNDS = 200
DEMANDED = 1.5
# A server that keeps a year of a platform in memory, as one that an operator looks at does.
SETTINGS = {"shared_buffers": "2GB", "max_wal_size": "8GB", "jit": "off", "autovacuum": "off", "fsync": "off"}

LISTS: tuple[Callable[[Capabilities], Listing[Any]], ...] = (
    reservations,
    events,
    sessions,
    blacklist,
    clients,
    jobs,
    operations,
)
# Filters that an index claims to carry, beside the bare lists.
FILTERED: tuple[tuple[Callable[[Capabilities], Listing[Any]], str, str], ...] = (
    (reservations, "state", "overdue"),
    (events, "status", "failed"),
    (events, "customer", "cus_1"),
    (clients, "billing", "past_due"),
    (jobs, "status", "failed"),
    (operations, "actor", "test_support"),
)


@dataclass(frozen=True)
class View:
    """A list in one order, with at most one filter."""

    declare: Callable[[Capabilities], Listing[Any]]
    sort: str
    where: tuple[Term, ...] = ()

    @property
    def name(self) -> str:
        filters = "".join(f" {term.name}:{term.value}" for term in self.where)
        return f"{self.declare.__name__} by {self.sort}{filters}"


@dataclass(frozen=True)
class Platform:
    """One database as an operator of the role support reads it."""

    rows: int
    owner: Connection
    reader: Connection
    caps: Capabilities

    def walk(self, view: View, after: Cursor | None) -> Walk:
        listing = view.declare(self.caps)
        order = listing.order(view.sort)
        return Walk(listing, order, after, False, conditions(listing, order, view.where), PAGE + 1)

    def statement(self, view: View, after: Cursor | None) -> Statement:
        return page_statement(self.walk(view, after))

    def page(self, view: View, after: Cursor | None = None) -> Callable[[], object]:
        """The page behind a position, ready to be read; makes sure that it is a full one."""
        read = partial(
            fetch_page,
            self.reader,
            view.declare(self.caps),
            where=view.where,
            sort=view.sort,
            after=after,
            limit=PAGE,
        )
        assert len(read().rows) == PAGE, (view.name, self.rows)
        return read

    def deep(self, view: View) -> Cursor:
        """The position behind nine tenths of what the view shows."""
        walk = self.walk(view, None)
        wanted = [walk.listing.scope or "true", *(each.sql for each in walk.conditions.carried)]
        params = [value for each in walk.conditions.carried for value in each.params]
        assert not walk.conditions.looked_at, view.name
        columns = walk.order.sort.columns
        assert not walk.order.sort.nullable, view.name
        source = f"from {walk.listing.source} where {' and '.join(wanted)}"
        keys = ", ".join(f"to_jsonb({column.sql}) #>> '{{}}'" for column in columns)
        ordering = walk.ordering([column.sql for column in columns])
        record = self.owner.execute(
            f"select {keys} {source} order by {ordering} limit 1 offset (select count(*) * 9 / 10 {source})".encode(),
            params * 2,
        ).fetchone()
        assert record is not None, view.name
        return Cursor(walk.listing.name, walk.order.sort.name, record)


def main(arguments: Sequence[str] = ()) -> None:
    """Print the ratios; exits with 1 where a demand is missed."""
    parser = argparse.ArgumentParser(prog="bench list_pages")
    parser.add_argument("--rows", type=int, default=MANY, help="rows of every list on the large platform")
    many = parser.parse_args(arguments).rows
    postgres.begin_run()
    server = postgres.open_server("18", settings=SETTINGS)
    server.start()
    try:
        with ExitStack() as stack:
            few = stack.enter_context(platform(server, FEW, LARGE_PAYLOAD))
            large = stack.enter_context(
                platform(server, many, LARGE_PAYLOAD if many <= MANY else SMALL_PAYLOAD)
            )
            missed = sum(report(few, large, view) for view in views(large.caps))
    finally:
        postgres.end_run()
    if missed:
        sys.exit(1)


@contextmanager
def platform(server: Server, rows: int, payload: int) -> Iterator[Platform]:
    """Migrate and fill a database of its own."""
    began = time.monotonic()
    with postgres.database(server) as conninfo:
        postgres.migrate(conninfo)
        with (
            psycopg.connect(conninfo, autocommit=True) as owner,
            psycopg.connect(postgres.as_role(conninfo, "support"), autocommit=True) as reader,
        ):
            load(owner, rows, payload=payload)
            reader.execute("set search_path = public, pg_temp; set timezone = 'UTC'")
            print(f"loaded {rows:,} rows of every list in {time.monotonic() - began:.0f} s", flush=True)
            yield Platform(rows, owner, reader, read_capabilities(reader))


def views(caps: Capabilities) -> Iterator[View]:
    """Every list in every order, and the filtered ones."""
    for declare in LISTS:
        for sort in declare(caps).sorts:
            yield View(declare, sort.name)
    for declare, name, value in FILTERED:
        yield View(declare, declare(caps).sorts[0].name, (Term(name, value),))


def report(few: Platform, many: Platform, view: View) -> bool:
    """Measure one view and print its line; True when it misses a demand."""
    after_few, after_many = few.deep(view), many.deep(view)
    again = many.page(view)
    works = (few.page(view), few.page(view, after_few), many.page(view), many.page(view, after_many), again)
    first_few, deep_few, first_many, deep_many, control = alternating(works, ROUNDS)
    ratios = {
        "deep ÷ first": (deep_many, first_many),
        f"{many.rows:,} ÷ {few.rows:,}": (first_many, first_few),
        "the same, deep": (deep_many, deep_few),
    }
    parts = [f"{name} {ratio(*pair):.2f} {spread(*pair)}" for name, pair in ratios.items()]
    worst = max(ratio(*pair) for pair in ratios.values())
    verdict = "meets " if worst <= DEMANDED else "MISSES"
    print(
        f"{view.name:44s} {verdict} {DEMANDED}   {'   '.join(parts)}   A/A {ratio(control, first_many):.2f}"
        f"   ({milliseconds(first_many)})",
        flush=True,
    )
    if worst <= DEMANDED:
        return False
    for name, (above, below) in ratios.items():
        if ratio(above, below) > DEMANDED:
            deep = above is deep_many
            print(f"    {name}:")
            explain(many, many.statement(view, after_many if deep else None))
    return True


def milliseconds(seconds: Sequence[float]) -> str:
    return f"first page {sorted(seconds)[len(seconds) // 2] * 1000:.2f} ms"


def explain(at: Platform, statement: Statement) -> None:
    """Print the plan of a page."""
    for (line,) in at.reader.execute(
        f"explain (analyze, buffers, costs off) {statement.sql}".encode(), statement.params
    ):
        print(f"      {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
