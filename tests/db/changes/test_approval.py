"""Four eyes and batches: who must approve what, once, and how parts stay inside what was declared."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest

from db.changes import ChangeSet, OnConflict, Receipt, RowChange, Unit, apply, begin_batch, undo_plan
from db.errors import ApprovalNeeded, NightdeskError, PermissionDenied, Refused, RowsMoved, UsageError
from tests.db.changes.ground import (
    Connection,
    another_supporter,
    assert_audit_whole,
    one,
    plan_of_units,
    rows,
    seen_by,
)

MANY = 50  # support needs approval from here on `thing`


@pytest.fixture
def second(ground_database: str, owner: Connection) -> Iterator[Connection]:
    """A second operator who could make these changes too."""
    with another_supporter(ground_database, owner) as connection:
        yield connection


def inserting(connection: Connection, count: int, *, start: int = 0, table: str = "thing") -> ChangeSet:
    return plan_of_units(
        connection,
        *(
            Unit(id=f"u{n}", changes=(RowChange.insert(table, key={"id": f"t{n}"}, after={}),))
            for n in range(start, start + count)
        ),
    )


def send(connection: Connection, plan: ChangeSet, parent: UUID | None = None) -> Receipt:
    return apply(connection, plan, operation_id=uuid4(), reason="a test", parent=parent)


def request(connection: Connection, *plans: ChangeSet, lifetime: str = "15 minutes") -> UUID:
    approval = one(
        connection,
        "select nightdesk.request_approval(%s, %s, 'please', %s)",
        plans[0].action,
        [plan.text for plan in plans],
        lifetime,
    )
    assert isinstance(approval, UUID)
    return approval


def decide(connection: Connection, approval: UUID, yes: bool = True) -> None:
    connection.execute("select nightdesk.decide_approval(%s, %s, 'looked')", (approval, yes))


def approve(asker: Connection, decider: Connection, *plans: ChangeSet) -> None:
    decide(decider, request(asker, *plans))


def test_below_the_threshold_nobody_else_is_asked(support: Connection) -> None:
    assert send(support, inserting(support, MANY - 1)).changed == MANY - 1


def test_from_the_threshold_on_a_second_operator_must_approve(
    support: Connection, second: Connection, owner: Connection
) -> None:
    plan = inserting(support, MANY)
    with pytest.raises(ApprovalNeeded, match="second operator must approve"):
        send(support, plan)
    approve(support, second, plan)
    assert send(support, plan).changed == MANY
    assert one(owner, "select approval_id is not null from nightdesk.operation")
    assert_audit_whole(owner)


def test_a_request_that_is_undecided_denied_expired_used_or_for_other_changes_approves_nothing(
    support: Connection, second: Connection, owner: Connection
) -> None:
    plan = inserting(support, MANY)
    approval = request(support, plan)
    with pytest.raises(PermissionDenied):
        send(support, plan)
    decide(second, approval, yes=False)
    with pytest.raises(PermissionDenied):
        send(support, plan)
    approve(support, second, inserting(support, MANY, start=1))
    with pytest.raises(PermissionDenied):
        send(support, plan)
    approve(support, second, plan)
    owner.execute("update nightdesk.approval set expires_at = clock_timestamp() - interval '1 second'")
    with pytest.raises(PermissionDenied):
        send(support, plan)
    approve(support, second, plan)
    send(support, plan)
    owner.execute("delete from thing")
    with pytest.raises(PermissionDenied):
        send(support, plan)


def test_nobody_approves_their_own_request(
    support: Connection, second: Connection, owner: Connection
) -> None:
    approval = request(support, inserting(support, MANY))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="own request"):
        decide(support, approval)
    with pytest.raises(psycopg.errors.CheckViolation, match="approval_needs_two"):
        owner.execute(
            "update nightdesk.approval set decided_by = requested_by, decided_at = now(), approved = true"
        )


def test_the_approval_of_one_operator_is_not_spent_by_another(
    support: Connection, second: Connection
) -> None:
    plan = inserting(support, MANY)
    approve(support, second, plan)
    with pytest.raises(PermissionDenied, match="second operator must approve"):
        send(second, plan)


def test_who_may_not_make_the_changes_may_neither_ask_nor_approve(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    plan = inserting(support, MANY)
    approval = request(support, plan)
    for role in ("viewer", "dba", "worker"):
        with seen_by(ground_database, role) as other:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="may not insert"):
                decide(other, approval)
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="may not insert"):
                request(other, plan)


def test_a_request_is_decided_once_and_in_time(
    support: Connection, second: Connection, owner: Connection
) -> None:
    approval = request(support, inserting(support, MANY))
    decide(second, approval, yes=False)
    with pytest.raises(psycopg.Error, match="already decided"):
        decide(second, approval)
    late = request(support, inserting(support, MANY))
    owner.execute("update nightdesk.approval set expires_at = clock_timestamp() where id = %s", (late,))
    with pytest.raises(psycopg.Error, match="expired"):
        decide(second, late)
    with pytest.raises(psycopg.Error, match="no approval"):
        decide(second, uuid4())


@pytest.mark.parametrize("lifetime", ["1 second", "2 days", None])
def test_an_approval_lives_between_a_minute_and_a_day(lifetime: str, support: Connection) -> None:
    with pytest.raises(psycopg.Error, match="lives between"):
        request(support, inserting(support, 1), lifetime=lifetime)


@pytest.mark.parametrize("changes", [[], None, [None], ["{}"]], ids=str)
def test_an_approval_is_asked_for_change_sets_only(changes: list[str] | None, support: Connection) -> None:
    with pytest.raises(psycopg.Error) as refused:
        one(support, "select nightdesk.request_approval('test.change', %s::text[], 'please')", changes)
    assert refused.value.sqlstate == "ND005"


def test_undo_passes_the_same_policy(support: Connection, second: Connection, owner: Connection) -> None:
    plan = inserting(support, MANY)
    approve(support, second, plan)
    undo = undo_plan(support, send(support, plan).code)
    with pytest.raises(PermissionDenied, match="second operator must approve"):
        send(support, undo)
    approve(support, second, undo)
    assert send(support, undo).changed == MANY
    assert one(owner, "select count(*) from thing") == 0


def test_two_operators_racing_for_one_approval_spend_it_once(
    ground_database: str, support: Connection, second: Connection, owner: Connection
) -> None:
    plan = inserting(support, MANY)
    approve(support, second, plan)
    start = threading.Barrier(3)

    def attempt(_: int) -> Receipt | NightdeskError:
        with seen_by(ground_database, "support") as connection:
            start.wait()
            try:
                return send(connection, plan)
            except NightdeskError as refused:
                return refused

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(attempt, range(3)))
    assert sorted(type(answer).__name__ for answer in answers) == [
        "ApprovalNeeded",
        "ApprovalNeeded",
        "Receipt",
    ]


def batch(connection: Connection, *parts: ChangeSet, operation_id: UUID | None = None) -> UUID:
    return begin_batch(connection, parts, operation_id=operation_id or uuid4(), reason="a test").operation_id


def test_a_batch_applies_its_parts_in_any_order_and_resumes(support: Connection, owner: Connection) -> None:
    parts = (inserting(support, 20), inserting(support, 20, start=20, table="parent"))
    parent = batch(support, *parts)
    last = uuid4()
    apply(support, parts[1], operation_id=last, reason="a test", parent=parent)
    assert batch(support, *parts, operation_id=parent) == parent
    assert apply(support, parts[1], operation_id=last, reason="a test", parent=parent).already_done
    assert send(support, parts[0], parent).parent_id == parent
    assert one(owner, "select sum(changed) from nightdesk.operation where parent_id = %s", parent) == 40
    assert_audit_whole(owner)


def test_a_part_that_was_not_declared_is_refused(
    support: Connection, second: Connection, owner: Connection
) -> None:
    parent = batch(support, inserting(support, 5))
    with pytest.raises(UsageError, match="not a part"):
        send(support, inserting(support, 6), parent)
    with pytest.raises(UsageError, match="not a part"):
        send(second, inserting(support, 5), parent)
    plain = send(support, inserting(support, 1, start=100)).operation_id
    with pytest.raises(UsageError, match="not a part"):
        send(support, inserting(support, 5), plain)


def test_who_may_change_nothing_opens_no_batch(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    part = inserting(support, 5)
    for role in ("viewer", "dba"):
        with seen_by(ground_database, role) as other:
            with pytest.raises(PermissionDenied, match="may not change anything"):
                batch(other, part)
    assert one(owner, "select count(*) from nightdesk.operation") == 0


def test_a_part_is_applied_once(support: Connection, owner: Connection) -> None:
    part = inserting(support, 5)
    parent = batch(support, part, inserting(support, 5, start=5))
    send(support, part, parent)
    owner.execute("delete from thing")
    with pytest.raises(Refused, match="already applied"):
        send(support, part, parent)


def test_parts_write_no_more_rows_than_the_batch_declared(support: Connection, owner: Connection) -> None:
    parts = (inserting(support, 30), inserting(support, 30, start=30))
    parent = uuid4()
    support.execute(
        "select nightdesk.begin_batch(%s, 'test.change', 'small', %s, 49)",
        (parent, [part.hash for part in parts]),
    )
    send(support, parts[0], parent)
    with pytest.raises(UsageError, match="more than the 49 row"):
        send(support, parts[1], parent)


def test_two_parts_at_once_cannot_both_slip_under_the_declared_number(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    parts = (inserting(support, 30), inserting(support, 30, start=30))
    for _ in range(5):
        owner.execute("delete from thing")
        parent = uuid4()
        support.execute(
            "select nightdesk.begin_batch(%s, 'test.change', 'small', %s, 49)",
            (parent, [part.hash for part in parts]),
        )
        start = threading.Barrier(2)

        def attempt(part: ChangeSet, parent: UUID = parent, start: threading.Barrier = start) -> bool:
            with seen_by(ground_database, "support") as connection:
                start.wait()
                try:
                    return send(connection, part, parent).changed == 30
                except UsageError:
                    return False

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(attempt, parts)) == [False, True]
        assert one(owner, "select count(*) from thing") == 30


def test_a_large_batch_needs_approval_as_a_whole(
    support: Connection, second: Connection, owner: Connection
) -> None:
    parts = (inserting(support, 30), inserting(support, 30, start=30))
    with pytest.raises(PermissionDenied, match="approve this batch"):
        send(support, parts[0], batch(support, *parts))
    approve(support, second, *parts)
    parent = batch(support, *parts)
    assert [send(support, part, parent).changed for part in parts] == [30, 30]
    assert (
        one(
            owner, "select count(distinct approval_id) from nightdesk.operation where approval_id is not null"
        )
        == 1
    )


def test_a_batch_of_one_part_can_be_approved(support: Connection, second: Connection) -> None:
    part = inserting(support, MANY)
    approve(support, second, part)
    assert send(support, part, batch(support, part)).changed == MANY


# Fixed: workers of a run must collect the same names.
_ID = UUID("7620fedb-be9e-4180-94d3-10c88331a6e5")


@pytest.mark.parametrize(
    "arguments",
    [
        (None, "a", "r", ["0" * 64], 1),
        (_ID, None, "r", ["0" * 64], 1),
        (_ID, "a", " ", ["0" * 64], 1),
        (_ID, "a", "r", [], 1),
        (_ID, "a", "r", None, 1),
        (_ID, "a", "r", ["short"], 1),
        (_ID, "a", "r", [None], 1),
        (_ID, "a", "r", ["0" * 64], 0),
        (_ID, "a", "r", ["0" * 64], None),
    ],
    ids=str,
)
def test_a_malformed_batch_is_refused(arguments: tuple[object, ...], support: Connection) -> None:
    with pytest.raises(psycopg.Error) as refused:
        support.execute("select nightdesk.begin_batch(%s, %s, %s, %s::text[], %s)", arguments)
    assert refused.value.sqlstate == "ND005"


def test_a_skipped_unit_of_a_part_leaves_the_rest(support: Connection, owner: Connection) -> None:
    part = inserting(support, 3)
    owner.execute("insert into thing (id) values ('t1')")
    parent = batch(support, part)
    with pytest.raises(RowsMoved):
        send(support, part, parent)
    receipt = apply(
        support, part, operation_id=uuid4(), reason="a test", parent=parent, on_conflict=OnConflict.SKIP
    )
    assert (receipt.changed, [skip.unit for skip in receipt.skipped]) == (2, ["u1"])


def test_only_a_worker_acts_on_behalf_of_somebody(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    owner.execute(
        "insert into nightdesk.permission select 'nightdesk_worker', table_name, verb, column_name, null"
        " from nightdesk.permission where table_name = 'public.parent' on conflict do nothing"
    )
    with seen_by(ground_database, "worker") as worker:
        for connection, start in ((support, 0), (worker, 1)):
            plan = inserting(connection, 1, start=start, table="parent")
            apply(connection, plan, operation_id=uuid4(), reason="a test", requested_by="ana")
    assert rows(owner, "select actor, requested_by from nightdesk.operation order by applied_at") == [
        ("test_support", "test_support"),
        ("test_worker", "ana"),
    ]
