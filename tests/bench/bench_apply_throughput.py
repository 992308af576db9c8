"""Apply 10,000 rows, against a hand-written set-based UPDATE with an audit INSERT of the same information.

Run as `python -m tests.bench apply_throughput`. Wall time over pairs that alternate, the median of their ratios, beside
an A/A control (the hand-written statement against itself) that shows the noise of the machine.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg

from db.changes import ChangeSet, RowChange, Unit, apply, begin_batch, database_identity
from tests import postgres

Connection = psycopg.Connection[tuple[Any, ...]]

ROWS = 10_000
PART = 5_000
PAIRS = 7
DEMANDED = 0.25

GROUND = f"""
insert into users (id, email, username, status, reservation_expires_at)
select 'user_' || n, 'user' || n || '@example.com', 'user' || n, 'PENDING', timestamp '2026-01-01' + n * interval '1 second'
from generate_series(1, {ROWS}) n;
create table audit_by_hand (
  operation_id uuid not null, seq bigint generated always as identity, applied_at timestamptz not null default clock_timestamp(),
  actor name not null default session_user, reason text not null, table_name text not null, key jsonb not null,
  before jsonb not null, after jsonb not null, primary key (operation_id, seq)
);
update nightdesk.permission set approval_from_rows = null;
analyze users;
"""
BY_HAND = """
with item as (
  select * from unnest(%(ids)s::text[], %(old)s::timestamp[], %(new)s::timestamp[]) i (id, old_expiry, new_expiry)
), written as (
  update users u set reservation_expires_at = i.new_expiry, updated_at = now() at time zone 'UTC' from item i
  where u.id = i.id and u.reservation_expires_at is not distinct from i.old_expiry
  returning u.id, i.old_expiry, u.reservation_expires_at
)
insert into audit_by_hand (operation_id, reason, table_name, key, before, after)
select %(operation)s, 'bench', 'public.users', jsonb_build_object('id', w.id),
       jsonb_build_object('reservation_expires_at', w.old_expiry::text), jsonb_build_object('reservation_expires_at', w.reservation_expires_at::text)
from written w
"""


def main() -> None:
    """Print the ratios; exits with 1 where the demand is missed."""
    postgres.begin_run()
    server = postgres.open_server("18")
    server.start()
    try:
        with postgres.database(server) as conninfo:
            postgres.migrate(conninfo)
            with psycopg.connect(conninfo, autocommit=True) as owner:
                owner.execute(GROUND)
                with psycopg.connect(postgres.as_role(conninfo, "support"), autocommit=True) as support:
                    missed = report(owner, support)
    finally:
        postgres.end_run()
    if missed:
        sys.exit(1)


def report(owner: Connection, support: Connection) -> bool:
    print(f"{ROWS:,} rows of users, {PAIRS} pairs; ratio = time by hand ÷ time of apply (1.00 = as fast)")
    control = [by_hand(owner) / by_hand(owner) for _ in range(PAIRS)]
    print(f"  A/A control (by hand ÷ by hand)      {statistics.median(control):5.2f}")
    verdicts = [
        ratio("two plain operations", owner, lambda: plain(owner, support)),
        ratio("a batch of two parts", owner, lambda: batched(owner, support)),
    ]
    single = [timed_plan(owner, support, 1) for _ in range(200)]
    print(
        f"  one row: median {statistics.median(single) * 1e3:.2f} ms, 95th percentile {sorted(single)[189] * 1e3:.2f} ms"
    )
    return min(verdicts) < DEMANDED


def ratio(name: str, owner: Connection, applied: Callable[[], float]) -> float:
    applied()
    ratios, seconds = [], []
    for _ in range(PAIRS):
        hand = by_hand(owner)
        seconds.append(applied())
        ratios.append(hand / seconds[-1])
    median = statistics.median(ratios)
    verdict = "meets" if median >= DEMANDED else "MISSES"
    print(
        f"  {name:36s} {median:5.2f}  {verdict} {DEMANDED}"
        f"   ({ROWS / statistics.median(seconds):,.0f} rows/s, {statistics.median(seconds) * 1e3:.0f} ms)"
    )
    return median


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def by_hand(owner: Connection) -> float:
    """What an engineer with psql would write; reading the rows is not part of it, nor of apply."""
    ids, old = zip(*current(owner, ROWS), strict=True)
    new = [moved(expiry) for expiry in old]
    arguments = {"ids": list(ids), "old": list(old), "new": new, "operation": uuid4()}

    def run() -> None:
        assert owner.execute(BY_HAND, arguments).rowcount == ROWS

    return timed(run)


def current(owner: Connection, count: int) -> list[tuple[str, str]]:
    return owner.execute(
        "select id, reservation_expires_at::text from users order by id limit %s", (count,)
    ).fetchall()


def moved(expiry: str) -> str:
    return ("2027" if expiry.startswith("2026") else "2026") + expiry[4:]


def plans(owner: Connection, count: int) -> list[ChangeSet]:
    database = database_identity(owner)
    units = [
        Unit(
            id=user,
            changes=(
                RowChange.update(
                    "users",
                    key={"id": user},
                    before={"reservation_expires_at": expiry},
                    after={"reservation_expires_at": moved(expiry)},
                ),
            ),
        )
        for user, expiry in current(owner, count)
    ]
    return [
        ChangeSet(action="bench", database=database, units=tuple(units[start : start + PART]))
        for start in range(0, count, PART)
    ]


def plain(owner: Connection, support: Connection) -> float:
    parts = plans(owner, ROWS)
    return timed(lambda: [apply(support, part, operation_id=uuid4(), reason="bench") for part in parts])


def batched(owner: Connection, support: Connection) -> float:
    parts = tuple(plans(owner, ROWS))

    def run() -> None:
        parent = begin_batch(support, parts, operation_id=uuid4(), reason="bench").operation_id
        for part in parts:
            apply(support, part, operation_id=uuid4(), reason="bench", parent=parent)

    return timed(run)


def timed_plan(owner: Connection, support: Connection, count: int) -> float:
    [plan] = plans(owner, count)
    return timed(lambda: apply(support, plan, operation_id=uuid4(), reason="bench"))


if __name__ == "__main__":
    main()
