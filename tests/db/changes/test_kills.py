"""The client killed at known points, a backend ended: never a change without audit, nor audit without change."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest

from db.changes import Outcome, RowChange, apply, resolve
from db.errors import OutcomeUnknown
from tests import postgres
from tests.db.changes import killed_client
from tests.db.changes.ground import Connection, assert_audit_whole, one, plan_of, rows, seen_by
from tests.db.changes.waiting import wait_for_lock, wait_until

ROUNDS = 40  # of each of the five points: 200 kills
POINTS = ("before send", "right after send", "while waiting", "after commit", "after the answer")
# Forked from a process that has the driver loaded: 200 clients cost seconds, and no thread of ours is copied.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["__main__", "tests.db.changes.killed_client"])


class Killed:
    """A client of its own process that sends one operation on one row."""

    def __init__(self, conninfo: str, point: str, row: str, watcher: Connection) -> None:
        self.operation_id = uuid4()
        change = RowChange.update(
            "thing", key={"id": row}, before={"note": "before"}, after={"note": "after"}
        )
        text = plan_of(watcher, change).text
        self._heard, told = PROCESSES.Pipe()
        self._process = PROCESSES.Process(
            target=killed_client.run,
            args=(point, postgres.as_role(conninfo, "support"), str(self.operation_id), text, told),
        )
        self._process.start()
        told.close()

    def hears(self, word: str) -> int:
        said, value = self._heard.recv()
        assert said == word
        return int(value or 0)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self._heard.close()


def kill_at(
    point: str, number: int, conninfo: str, watcher: Connection, asking: Connection
) -> tuple[str, UUID, Outcome | None]:
    """Kill one client at a point; return its row, operation and what its outcome must be (None: either)."""
    row = f"{point} {number}"
    watcher.execute("insert into thing (id, note) values (%s, 'before')", (row,))
    if point == "while waiting":
        return row, *kill_while_waiting(row, conninfo, watcher, asking, rolled_back=number % 2 == 0)
    client = Killed(conninfo, point, row, watcher)
    client.hears("ready")
    expected: Outcome | None = Outcome.DONE
    match point:
        case "before send":
            expected = Outcome.NOT_DONE
        case "right after send":
            client.hears("sent")
            expected = None
        case "after commit":
            wait_until(lambda: committed(watcher, client.operation_id), "it is committed")
        case _:
            client.hears("sent")
            client.hears("answered")
    client.kill()
    return row, client.operation_id, expected


def kill_while_waiting(
    row: str, conninfo: str, watcher: Connection, asking: Connection, *, rolled_back: bool
) -> tuple[UUID, Outcome | None]:
    """Killed while another session holds its row; the server notices the death, or gets the lock first."""
    with psycopg.connect(conninfo) as holder:
        holder.execute("select from thing where id = %s for update", (row,))
        client = Killed(conninfo, "while waiting", row, watcher)
        backend = client.hears("ready")
        wait_for_lock(watcher, backend)
        assert resolve(asking, client.operation_id).outcome is Outcome.STILL_RUNNING
        client.kill()
        if rolled_back:
            wait_until(lambda: gone(watcher, backend), "the server noticed that the client died")
        holder.rollback()
    return client.operation_id, Outcome.NOT_DONE if rolled_back else None


def committed(watcher: Connection, operation_id: UUID) -> bool:
    return bool(one(watcher, "select count(*) from nightdesk.operation where id = %s", operation_id))


def gone(watcher: Connection, backend: int) -> bool:
    return not one(watcher, "select count(*) from pg_stat_activity where pid = %s", backend)


def settled(asking: Connection, operation_id: UUID) -> Outcome:
    """Ask until the operation no longer runs."""
    found = Outcome.STILL_RUNNING
    while found is Outcome.STILL_RUNNING:
        found = resolve(asking, operation_id).outcome
    return found


def assert_done_and_audited_or_neither(
    watcher: Connection, row: str, operation_id: UUID, outcome: Outcome
) -> None:
    note = one(watcher, "select note from thing where id = %s", row)
    images = one(watcher, "select count(*) from nightdesk.row_change where key ->> 'id' = %s", row)
    done = outcome is Outcome.DONE
    assert (note, images, committed(watcher, operation_id)) == ("after" if done else "before", done, done)


def test_a_client_killed_at_200_points_leaves_change_and_audit_or_neither(
    ground_database: str, owner: Connection
) -> None:
    points = [(point, number) for point in POINTS for number in range(ROUNDS)]
    random.Random(7).shuffle(points)

    def kills(share: list[tuple[str, int]]) -> Counter[tuple[str, Outcome]]:
        seen: Counter[tuple[str, Outcome]] = Counter()
        with psycopg.connect(ground_database, autocommit=True) as watcher:
            with seen_by(ground_database, "support") as asking:
                for point, number in share:
                    row, operation_id, expected = kill_at(point, number, ground_database, watcher, asking)
                    outcome = settled(asking, operation_id)
                    assert expected in (None, outcome), (point, expected, outcome)
                    assert_done_and_audited_or_neither(watcher, row, operation_id, outcome)
                    # Once NOT DONE is said, it stays so, whatever arrives.
                    assert settled(asking, operation_id) is outcome
                    seen[point, outcome] += 1
        return seen

    with ThreadPoolExecutor(5) as pool:
        seen = sum(pool.map(kills, (points[n::5] for n in range(5))), Counter())
    assert sum(seen.values()) == 200
    assert_audit_whole(owner)
    assert one(owner, "select count(*) from thing where note = 'after'") == one(
        owner, "select count(*) from nightdesk.operation"
    )


@pytest.mark.parametrize("number", range(10))
def test_a_backend_ended_while_it_works_is_an_unknown_outcome_that_resolves(
    number: int, ground_database: str, owner: Connection
) -> None:
    """Half of them wait for a row, half for the head of their chain: the rows are written by then."""
    owner.execute("insert into thing (id, note) values ('t1', 'before'), ('t2', 'before')")
    session, operation = uuid4(), uuid4()
    at_the_head = number % 2 == 1

    with seen_by(ground_database, "support") as support, psycopg.connect(ground_database) as holder:
        first = RowChange.update("thing", key={"id": "t2"}, before={"note": "before"}, after={"note": "x"})
        apply(support, plan_of(support, first), operation_id=uuid4(), reason="first", console_session=session)
        holder.execute(
            "select from nightdesk.chain_head for update"
            if at_the_head
            else "select from thing where id = 't1' for update"
        )
        change = RowChange.update(
            "thing", key={"id": "t1"}, before={"note": "before"}, after={"note": "after"}
        )
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(
                apply,
                support,
                plan_of(support, change),
                operation_id=operation,
                reason="ended",
                console_session=session,
            )
            wait_for_lock(owner, support.info.backend_pid)
            owner.execute("select pg_terminate_backend(%s)", (support.info.backend_pid,))
            with pytest.raises(OutcomeUnknown, match=str(operation)):
                running.result()
        holder.rollback()
    with seen_by(ground_database, "support") as asking:
        assert settled(asking, operation) is Outcome.NOT_DONE
    assert rows(owner, "select note from thing order by id") == [("before",), ("x",)]
    assert one(owner, "select count(*) from nightdesk.row_change") == 1
    assert_audit_whole(owner)
