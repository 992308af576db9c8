"""Operators on the same rows at the same time."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg

from db.changes import ChangeSet, Receipt, RowChange, RowCheck, Unit, apply
from db.errors import NightdeskError, RowsMoved
from tests.db.changes.ground import Connection, assert_audit_whole, one, plan_of, plan_of_units, seen_by, send
from tests.db.changes.waiting import wait_for_lock


def attempt(connection: Connection, plan: ChangeSet, start: threading.Barrier) -> Receipt | NightdeskError:
    start.wait()
    try:
        return apply(connection, plan, operation_id=uuid4(), reason="a race")
    except NightdeskError as refused:
        return refused


def race(conninfo: str, plans: list[ChangeSet]) -> list[Receipt | NightdeskError]:
    start = threading.Barrier(len(plans))

    def run(plan: ChangeSet) -> Receipt | NightdeskError:
        with seen_by(conninfo, "support") as connection:
            # Plans of large tables: rows are found in the order of the set, not in that of the table.
            connection.execute(
                "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off"
            )
            return attempt(connection, plan, start)

    with ThreadPoolExecutor(len(plans)) as pool:
        return list(pool.map(run, plans))


def test_of_two_operators_on_one_row_one_wins_and_the_other_sees_what_changed(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    """The loser waits for the winner's lock, then compares with what the winner wrote."""
    owner.execute("insert into thing (id, note) values ('t1', 'a')")
    mine, theirs = (
        plan_of(
            support, RowChange.update("thing", key={"id": "t1"}, before={"note": "a"}, after={"note": note})
        )
        for note in ("mine", "theirs")
    )
    with ThreadPoolExecutor(1) as pool, seen_by(ground_database, "support") as other:
        with support.transaction():
            assert send(support, mine.text)["changed"] == 1
            losing = pool.submit(apply, other, theirs, operation_id=uuid4(), reason="a race")
            wait_for_lock(owner, other.info.backend_pid)
        error = losing.exception()
    assert isinstance(error, RowsMoved)
    assert "note is now mine" in str(error)
    assert one(owner, "select note from thing") == "mine"
    assert_audit_whole(owner)


def test_of_many_racing_for_one_row_exactly_one_wins(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    for round_ in range(5):
        owner.execute("insert into thing (id, note) values (%s, 'a')", (f"t{round_}",))
        plans = [
            plan_of(
                support,
                RowChange.update(
                    "thing", key={"id": f"t{round_}"}, before={"note": "a"}, after={"note": f"by {n}"}
                ),
            )
            for n in range(6)
        ]
        answers = race(ground_database, plans)
        [winner] = [n for n, answer in enumerate(answers) if isinstance(answer, Receipt)]
        losers = [answer for answer in answers if not isinstance(answer, Receipt)]
        assert all(
            isinstance(loser, RowsMoved) and f"note is now by {winner}" in str(loser) for loser in losers
        )
    assert_audit_whole(owner)


def test_of_many_who_rely_on_the_same_absence_one_wins(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    """No unique index forbids two children of a parent; the fact that there is none must hold all the same."""
    owner.execute("insert into parent values ('p', 'c', 'n')")
    for round_ in range(5):
        owner.execute("delete from child")
        plans = [
            plan_of(
                support,
                RowChange.insert("child", key={"id": f"{round_} {n}"}, after={"parent_id": "p"}),
                checks=(RowCheck.absent("child", key={"parent_id": "p"}),),
            )
            for n in range(6)
        ]
        answers = race(ground_database, plans)
        assert sum(isinstance(answer, Receipt) for answer in answers) == 1
        assert one(owner, "select count(*) from child") == 1


def test_crossing_sets_in_any_order_never_deadlock(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    """Rows are locked in (table, key) order whatever the order in the set; a deadlock would end one attempt."""
    keys = [f"k{n}" for n in range(12)]
    owner.execute("insert into thing (id) select unnest(%s::text[])", (keys,))
    owner.execute("insert into parent (id) select unnest(%s::text[])", (keys,))
    chance = random.Random(3)

    def crossing(number: int) -> ChangeSet:
        changes = [
            RowChange.update(table, key={"id": key}, before={column: None}, after={column: f"by {number}"})
            for table, column in (("thing", "note"), ("parent", "name"))
            for key in keys
        ]
        chance.shuffle(changes)
        return plan_of_units(
            support, *(Unit(id=f"u{n}", changes=(change,)) for n, change in enumerate(changes))
        )

    for _ in range(8):
        owner.execute(
            "update thing set note = null where note is not null; update parent set name = null where name is not null"
        )
        answers = race(ground_database, [crossing(number) for number in range(5)])
        assert sum(isinstance(answer, Receipt) for answer in answers) == 1
        assert all(isinstance(answer, Receipt | RowsMoved) for answer in answers), answers
    assert_audit_whole(owner)


def test_two_operations_of_one_console_session_wait_for_each_other_only_at_the_end(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    owner.execute("insert into thing (id) select 't' || n from generate_series(1, 40) n")
    session = uuid4()

    def work(half: int) -> int:
        with seen_by(ground_database, "support") as connection:
            return sum(
                apply(
                    connection,
                    plan_of(
                        connection,
                        RowChange.update(
                            "thing", key={"id": f"t{n}"}, before={"note": None}, after={"note": "x"}
                        ),
                    ),
                    operation_id=uuid4(),
                    reason="one of many",
                    console_session=session,
                ).changed
                for n in range(1 + half * 10, 11 + half * 10)
            )

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 40
    assert (
        one(owner, "select max(chain_seq) from nightdesk.operation where console_session = %s", session) == 40
    )
    assert_audit_whole(owner)


def test_a_row_locked_by_the_application_is_waited_for_no_longer_than_asked(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    owner.execute("insert into thing (id, note) values ('t1', 'a')")
    support.execute("set lock_timeout = '50ms'")
    with psycopg.connect(ground_database) as application:
        application.execute("update thing set whole = 1")
        answers = [
            attempt(
                support,
                plan_of(
                    support,
                    RowChange.update("thing", key={"id": "t1"}, before={"note": "a"}, after={"note": "b"}),
                ),
                threading.Barrier(1),
            )
        ]
        application.rollback()
    assert "Somebody else holds a lock" in str(answers[0])
    assert one(owner, "select note from thing") == "a"
