"""Once per operation id: repeats, reuse, burial, and what resolve says."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest

from db.changes import Outcome, Receipt, RowChange, apply, deliver, find_operation, resolve
from db.embedded.binaries import binaries, readable_binaries
from db.embedded.server import Server
from db.errors import NightdeskError, OutcomeUnknown, Refused, UsageError
from tests import postgres
from tests.db.changes.ground import Connection, another_supporter, assert_audit_whole, one, plan_of, seen_by
from tests.db.changes.waiting import wait_for_lock, wait_until

ADD = RowChange.insert("thing", key={"id": "t1"}, after={"note": "x"})
OTHER = RowChange.insert("thing", key={"id": "t2"}, after={"note": "x"})


def send(connection: Connection, change: RowChange, operation_id: UUID) -> Receipt:
    return apply(connection, plan_of(connection, change), operation_id=operation_id, reason="a test")


def test_the_same_operation_again_is_answered_not_done_again(support: Connection, owner: Connection) -> None:
    operation = uuid4()
    first = send(support, ADD, operation)
    again = send(support, ADD, operation)
    assert (first.already_done, again.already_done) == (False, True)
    assert (first.code, first.chain_head, first.changed) == (again.code, again.chain_head, again.changed)
    assert one(owner, "select count(*) from nightdesk.operation") == 1


def test_the_same_id_for_other_changes_is_an_error(support: Connection, owner: Connection) -> None:
    operation = uuid4()
    send(support, ADD, operation)
    with pytest.raises(Refused, match="already done with other changes"):
        send(support, OTHER, operation)
    assert one(owner, "select count(*) from thing") == 1


def test_one_id_from_many_connections_is_done_once(ground_database: str, owner: Connection) -> None:
    operation = uuid4()
    start = threading.Barrier(6)

    def attempt(change: RowChange) -> Receipt | NightdeskError:
        with seen_by(ground_database, "support") as connection:
            plan = plan_of(connection, change)
            start.wait()
            try:
                return apply(connection, plan, operation_id=operation, reason="a test")
            except Refused as refused:
                return refused

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(attempt, [ADD, ADD, ADD, OTHER, OTHER, OTHER]))
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    assert len(receipts) == 3
    assert [receipt.already_done for receipt in receipts].count(False) == 1
    assert one(owner, "select count(*) from thing") == 1
    assert_audit_whole(owner)


def test_resolve_says_done_with_the_receipt(support: Connection) -> None:
    receipt = send(support, ADD, uuid4())
    found = resolve(support, receipt.operation_id)
    assert found.outcome is Outcome.DONE
    assert found.receipt is not None
    assert found.receipt.code == receipt.code


def test_not_done_is_final_for_whatever_arrives_late(support: Connection, owner: Connection) -> None:
    operation = uuid4()
    assert resolve(support, operation).outcome is Outcome.NOT_DONE
    assert resolve(support, operation).outcome is Outcome.NOT_DONE
    with pytest.raises(Refused, match="declared not done"):
        send(support, ADD, operation)
    assert one(owner, "select count(*) from thing") == 0
    assert resolve(support, operation).outcome is Outcome.NOT_DONE


@contextmanager
def held_row(owner: Connection, conninfo: str) -> Iterator[None]:
    owner.execute("insert into thing (id, note) values ('t1', 'x')")
    with psycopg.connect(conninfo) as holder:
        holder.execute("select from thing where id = 't1' for update")
        yield
        holder.rollback()


def test_resolve_says_still_running_while_it_runs(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    operation = uuid4()
    change = RowChange.update("thing", key={"id": "t1"}, before={"note": "x"}, after={"note": "y"})
    with ThreadPoolExecutor(1) as pool, seen_by(ground_database, "support") as busy:
        with held_row(owner, ground_database):
            running = pool.submit(send, busy, change, operation)
            wait_for_lock(owner, busy.info.backend_pid)
            assert resolve(support, operation).outcome is Outcome.STILL_RUNNING
        running.result()
    assert resolve(support, operation).outcome is Outcome.DONE


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_resolve_refuses_to_answer_from_an_old_snapshot(level: str, support: Connection) -> None:
    support.execute(f"set default_transaction_isolation = '{level}'")
    with pytest.raises(UsageError, match="read committed"):
        resolve(support, uuid4())


def test_a_late_arrival_cannot_pass_between_the_lock_and_the_look(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    """Apply waits for the id while resolve buries it: what it then sees must be the tombstone."""
    operation = uuid4()
    with ThreadPoolExecutor(1) as pool, seen_by(ground_database, "support") as late:
        with support.transaction():
            assert resolve(support, operation).outcome is Outcome.NOT_DONE
            running = pool.submit(send, late, ADD, operation)
            wait_for_lock(owner, late.info.backend_pid)
        with pytest.raises(Refused, match="declared not done"):
            running.result()
    assert one(owner, "select count(*) from thing") == 0


def test_a_lost_connection_is_an_unknown_outcome_that_deliver_resolves(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    plan = plan_of(
        support, RowChange.update("thing", key={"id": "t1"}, before={"note": "x"}, after={"note": "y"})
    )
    operation = uuid4()
    opened: list[Connection] = []

    @contextmanager
    def writing() -> Iterator[Connection]:
        with seen_by(ground_database, "support") as connection:
            opened.append(connection)
            yield connection

    with ThreadPoolExecutor(1) as pool:
        with held_row(owner, ground_database):
            running = pool.submit(deliver, writing, plan, operation_id=operation, reason="a test")
            while not opened:
                pass
            wait_for_lock(owner, opened[0].info.backend_pid)
            owner.execute("select pg_terminate_backend(%s, 5000)", (opened[0].info.backend_pid,))
        with pytest.raises(Refused, match="NOT DONE"):
            running.result()
    assert one(owner, "select note from thing") == "x"


def test_an_error_that_ends_the_session_is_unknown_and_names_the_operation(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    support.close()
    operation = uuid4()
    with seen_by(ground_database, "support") as other:
        plan = plan_of(other, ADD)
    with pytest.raises(OutcomeUnknown) as unknown:
        apply(support, plan, operation_id=operation, reason="a test")
    assert unknown.value.operation_id == operation


def test_an_operation_is_found_by_id_and_by_code_however_typed(support: Connection) -> None:
    receipt = send(support, ADD, uuid4())
    bare = receipt.code.removeprefix("ND-")
    for reference in (str(receipt.operation_id), receipt.code, receipt.code.lower(), f" {bare.lower()} "):
        assert find_operation(support, reference).receipt.code == receipt.code


def test_codes_are_unique_and_grow(owner: Connection) -> None:
    assert (
        one(owner, "select count(distinct nightdesk.operation_code(n)) from generate_series(0, 99999) n")
        == 100_000
    )
    assert one(owner, "select length(nightdesk.operation_code(1048575))") == 7
    assert one(owner, "select length(nightdesk.operation_code(1048576))") == 8
    assert one(owner, "select length(nightdesk.operation_code(10000000000))") > 8


def test_a_console_session_belongs_to_the_first_who_wrote_in_it(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    session = uuid4()
    plan = plan_of(support, ADD)
    apply(support, plan, operation_id=uuid4(), reason="a test", console_session=session)
    with another_supporter(ground_database, owner) as other:
        with pytest.raises(NightdeskError, match="belongs to test_support"):
            apply(
                other, plan_of(other, OTHER), operation_id=uuid4(), reason="a test", console_session=session
            )
    assert one(owner, "select count(*) from thing") == 1


def test_a_replica_answers_unknown_and_writes_nothing(
    ground_database: str, postgres_server: Server, support: Connection
) -> None:
    """A real streaming standby, made by pg_basebackup."""
    receipt = send(support, ADD, uuid4())
    with standby_of(postgres_server) as standby:
        conninfo = standby.conninfo(user="test_support", dbname=support.info.dbname)
        with psycopg.connect(conninfo, autocommit=True) as replica:
            assert one(replica, "select pg_is_in_recovery()")
            wait_until(lambda: bool(one(replica, "select count(*) from nightdesk.operation")), "it caught up")
            assert resolve(replica, receipt.operation_id).outcome is Outcome.DONE
            unknown = resolve(replica, uuid4())
            assert (unknown.outcome, unknown.why) == (Outcome.UNKNOWN, "this is a replica: ask the primary")
            with pytest.raises(Refused, match="read-only"):
                send(replica, OTHER, uuid4())


@contextmanager
def standby_of(server: Server) -> Iterator[Server]:
    home = server.home.with_name(f"{server.home.name}-standby{uuid4().hex[:6]}")
    standby = Server(home, server.major, settings=postgres._SETTINGS, programs=server._programs)
    account = standby.prepare_home()
    programs = readable_binaries(server._programs or binaries(server.major), account, home)
    copied = account.run(
        [
            programs / "pg_basebackup",
            f"--pgdata={standby.data_dir}",
            f"--dbname={server.conninfo()}",
            "--checkpoint=fast",
            "--write-recovery-conf",
            "--no-sync",
        ]
    )
    assert copied.returncode == 0, copied.stderr
    try:
        standby.start()
        yield standby
    finally:
        standby.stop()
        shutil.rmtree(home, ignore_errors=True)
