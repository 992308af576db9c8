"""Who approves sees what is asked for, as far as their own rights go, before they decide."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from db.changes import NOW, Guard, RowChange, RowCheck, Unit, apply
from db.changes.approval import (
    AskedChange,
    State,
    approval_changes,
    approvals,
    decide_approval,
    find_approval,
    request_approval,
)
from db.errors import NotFound, PermissionDenied, Refused
from tests.db.changes.ground import (
    Connection,
    another_supporter,
    plan_of,
    plan_of_units,
    seen_by,
)


@pytest.fixture
def second(ground_database: str, owner: Connection) -> Iterator[Connection]:
    with another_supporter(ground_database, owner) as connection:
        yield connection


UNITS = (
    Unit(
        id="u1",
        checks=(
            RowCheck.looks("parent", key={"id": "p"}, columns={"code": "c"}),
            Guard("before", {"moment": "2099-01-01"}),
        ),
        changes=(
            RowChange.update(
                "parent", key={"id": "p"}, before={"code": "c", "name": "old"}, after={"name": "new"}
            ),
            RowChange.insert("thing", key={"id": "t"}, after={"at": NOW, "note": None}),
        ),
    ),
    Unit(id="u2", changes=(RowChange.delete("parent", key={"id": "q"}, before={"name": "gone"}),)),
)
SHOWN = (
    AskedChange("u1", "looks", "public.parent", "p", "code", "c", None),
    AskedChange("u1", "guard", "", "", "before", "moment 2099-01-01", None),
    AskedChange("u1", "update", "public.parent", "p", "name", "old", "new"),
    AskedChange("u1", "insert", "public.thing", "t", "at", None, "(now)"),
    AskedChange("u1", "insert", "public.thing", "t", "note", None, None),
    AskedChange("u2", "delete", "public.parent", "q", "name", "gone", None),
)


def test_what_is_asked_for_is_shown_change_by_change(support: Connection, second: Connection) -> None:
    asked = request_approval(support, (plan_of_units(support, *UNITS),), reason="please")
    assert (asked.state, asked.rows, asked.requested_by) == (State.WAITING, 3, "test_support")
    for connection in (support, second):
        assert approval_changes(connection, asked.id) == SHOWN


def test_the_parts_of_a_batch_are_shown_one_after_the_other(support: Connection) -> None:
    parts = tuple(plan_of_units(support, unit) for unit in UNITS)
    asked = request_approval(support, parts, reason="please")
    assert approval_changes(support, asked.id) == SHOWN


def test_columns_that_the_reader_may_not_select_are_hidden(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    secret = plan_of(
        support,
        RowChange.update(
            "vault", key={"id": "v"}, before={"secret": "hush", "name": "n"}, after={"name": "m"}
        ),
    )
    asked = request_approval(support, (plan_of_units(support, *UNITS),), reason="please")
    with_secret = request_approval(support, (secret,), reason="please")
    assert "hush" not in str(approval_changes(support, with_secret.id))
    owner.execute("revoke select (id, name, code) on parent from nightdesk_viewer")
    try:
        with seen_by(ground_database, "viewer") as viewer:
            seen = approval_changes(viewer, asked.id)
    finally:
        owner.execute("grant select (id, name, code) on parent to nightdesk_viewer")
    assert [(line.key, line.before, line.after) for line in seen if line.table == "public.parent"] == [
        ("(hidden)", "(hidden)", None),
        ("(hidden)", "(hidden)", "(hidden)"),
        ("(hidden)", "(hidden)", None),
    ]
    assert [line for line in seen if line.table == "public.thing"] == list(SHOWN[3:5])


def test_a_request_goes_through_its_states(
    support: Connection, second: Connection, owner: Connection
) -> None:
    plan = plan_of(support, RowChange.insert("thing", key={"id": "t"}, after={}))
    used, rejected, late = (request_approval(support, (plan,), reason="please") for _ in range(3))
    with pytest.raises(PermissionDenied, match="own request"):
        decide_approval(support, used.id, approve=True, reason="mine")
    assert decide_approval(second, used.id, approve=True, reason="fine").state is State.APPROVED
    assert decide_approval(second, rejected.id, approve=False, reason="no").state is State.REJECTED
    owner.execute("update nightdesk.approval set expires_at = clock_timestamp() where id = %s", (late.id,))
    with pytest.raises(Refused, match="expired"):
        decide_approval(second, late.id, approve=True, reason="late")
    with pytest.raises(Refused, match="already decided by"):
        decide_approval(second, used.id, approve=True, reason="again")
    assert [found.id for found in approvals(support)] == [used.id]
    owner.execute("update nightdesk.permission set approval_from_rows = 1 where table_name = 'public.thing'")
    try:
        receipt = apply(support, plan, operation_id=uuid4(), reason="approved")
    finally:
        owner.execute(
            "update nightdesk.permission set approval_from_rows = 50 where table_name = 'public.thing'"
        )
    spent = find_approval(support, used.id)
    assert (spent.state, spent.used_by, spent.decision_reason) == (State.USED, receipt.operation_id, "fine")
    assert find_approval(support, late.id).state is State.EXPIRED
    assert approvals(support) == ()
    assert {found.id for found in approvals(support, every=True)} == {used.id, rejected.id, late.id}


def test_an_approval_that_nobody_asked_for_is_not_there(support: Connection) -> None:
    with pytest.raises(NotFound):
        find_approval(support, uuid4())
    with pytest.raises(Refused, match="no approval"):
        decide_approval(support, uuid4(), approve=True, reason="why not")
    assert approval_changes(support, uuid4()) == ()
