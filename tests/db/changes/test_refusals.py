"""What apply_changes refuses: columns, keys, values, repetitions, cascades, sizes and sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pytest

from db.changes import RowChange, apply, find_operation
from db.errors import PermissionDenied, Refused, UsageError
from tests.db.changes.ground import (
    Connection,
    do,
    one,
    plan_of,
    rows,
    thing,
)


def test_a_composite_key_reaches_exactly_its_row(support: Connection, owner: Connection) -> None:
    owner.execute("insert into pair select 'a', n, timestamp '2026-01-01', 'v' from generate_series(1, 3) n")
    key = {"one": "a", "two": 2, "three": datetime(2026, 1, 1)}
    do(support, RowChange.update("pair", key=key, before={"value": "v"}, after={"value": "w"}))
    assert rows(owner, "select two from pair where value = 'w'") == [(2,)]
    with pytest.raises(UsageError, match="does not identify one row"):
        do(
            support,
            RowChange.update("pair", key={"one": "a", "two": 2}, before={"value": "w"}, after={"value": "x"}),
        )
    with pytest.raises(UsageError, match="does not identify one row"):
        do(support, RowChange.delete("loose", key={"a": "1"}, before={}))


@pytest.mark.parametrize(("column", "value"), [("short", "abcd"), ("padded", "abcde")])
def test_a_text_too_long_is_refused_never_cut(
    column: str, value: str, support: Connection, owner: Connection
) -> None:
    thing(owner)
    with pytest.raises(UsageError, match="value too long"):
        do(support, RowChange.update("thing", key={"id": "t1"}, before={column: None}, after={column: value}))
    with pytest.raises(UsageError, match="value too long"):
        do(support, RowChange.insert("thing", key={"id": "t2"}, after={column: value}))
    assert rows(owner, f"select id, {column} from thing") == [("t1", None)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("whole", "no number"),
        ("mood", "SAD"),
        ("at", "yesterdayish"),
        ("small", "99999"),
        ("short_dom", "x" * 20),
    ],
)
def test_a_value_that_does_not_fit_its_column_is_refused(
    column: str, value: str, support: Connection, owner: Connection
) -> None:
    thing(owner)
    with pytest.raises((UsageError, Refused)):
        do(support, RowChange.update("thing", key={"id": "t1"}, before={column: None}, after={column: value}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            RowChange.update("thing", key={"id": "t1"}, before={"doubled": None}, after={"doubled": 1}),
            "doubled cannot be set",
        ),
        (RowChange.insert("thing", key={"id": "t2"}, after={"doubled": 1}), "doubled cannot be set"),
        (
            RowChange.update("thing", key={"id": "t1"}, before={"id": "t1"}, after={"id": "t2"}),
            "id cannot be set",
        ),
        (
            RowChange.update("parent", key={"code": "c"}, before={"id": "p"}, after={"id": "q"}),
            "id cannot be set",
        ),
        (
            RowChange.update("parent", key={"id": "p"}, before={"code": "c"}, after={"code": "d"}),
            "code cannot be set",
        ),
        (RowChange.insert("counted", key={"id": 7}, after={"name": "x"}), "id cannot be set"),
        (
            RowChange.update("thing", key={"id": "t1"}, before={"nothing": None}, after={"nothing": 1}),
            "may not update public.thing.nothing",
        ),
        (
            RowChange.update("thing", key={"id": "t1"}, before={"ctid": None}, after={"ctid": "(0,1)"}),
            "may not update public.thing.ctid",
        ),
        (
            RowChange.update("nowhere", key={"id": "t1"}, before={"a": None}, after={"a": 1}),
            "may not update public.nowhere",
        ),
        (RowChange.delete("thing", key={"spot": "(1,2)"}, before={}), "has no equality"),
        (RowChange.update("thing", key={"id": "t1"}, before={}, after={}), "malformed"),
        (RowChange.insert("thing", key={"id": "t1"}, after={"id": "t1"}), "malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_change_may_set_is_refused(
    change: RowChange, told: str, support: Connection, owner: Connection
) -> None:
    thing(owner)
    owner.execute("insert into parent values ('p', 'c', 'n'); insert into coded values ('x', 'c')")
    before = rows(owner, "select t.*, p.* from thing t, parent p")
    with pytest.raises((UsageError, PermissionDenied), match=told):
        do(support, change)
    assert rows(owner, "select t.*, p.* from thing t, parent p") == before


@pytest.mark.parametrize(
    "change",
    [
        RowChange.update("vault", key={"id": "v"}, before={"secret": "s"}, after={"secret": "t"}),
        RowChange.update("vault", key={"id": "v"}, before={"secret": "s", "name": "n"}, after={"name": "t"}),
        RowChange.insert("vault", key={"id": "w"}, after={"secret": "t"}),
        RowChange.delete("vault", key={"id": "v"}, before={"secret": "s"}),
        RowChange.delete("vault", key={"id": "v", "secret": "s"}, before={}),
    ],
    ids=["set", "compared", "inserted", "compared on delete", "key"],
)
def test_a_secret_column_enters_no_change(change: RowChange, support: Connection, owner: Connection) -> None:
    owner.execute("insert into vault values ('v', 'n', 's')")
    with pytest.raises(PermissionDenied, match=r"is secret: no change|secret \(no role may"):
        do(support, change)


def test_a_secret_column_enters_no_image(support: Connection, owner: Connection) -> None:
    owner.execute("insert into vault values ('v', 'n', 'hush')")
    do(support, RowChange.insert("vault", key={"id": "w"}, after={"name": "x"}))
    receipt = do(support, RowChange.delete("vault", key={"id": "v"}, before={"name": "n"}))
    assert (
        one(owner, "select count(*) from nightdesk.row_change where row_change::text like '%%secret%%'") == 0
    )
    assert not find_operation(support, receipt.code).images[0].undoable


@pytest.mark.parametrize("child", ["child", "guest"])
def test_a_delete_that_would_reach_rows_nobody_saw_is_refused(
    child: str, support: Connection, owner: Connection
) -> None:
    owner.execute(
        f"insert into parent values ('p', 'c', 'n'), ('q', 'd', 'n'); insert into {child} values ('x', 'p', 'n')"
    )
    with pytest.raises(Refused, match=f"would also change rows of (public.)?{child}"):
        do(support, RowChange.delete("parent", key={"id": "p"}, before={"name": "n"}))
    assert one(owner, f"select parent_id from {child}") == "p"
    assert do(support, RowChange.delete("parent", key={"id": "q"}, before={"name": "n"})).changed == 1


def test_a_constraint_that_refuses_is_named_without_the_row(support: Connection, owner: Connection) -> None:
    owner.execute(
        "insert into parent values ('p', 'c', 'confidential'); insert into strict_child values ('x', 'p')"
    )
    with pytest.raises(Refused, match="strict_child_parent_id_fkey") as refused:
        do(support, RowChange.delete("parent", key={"id": "p"}, before={}))
    assert "confidential" not in str(refused.value)
    with pytest.raises(Refused, match="parent_code_key"):
        do(support, RowChange.insert("parent", key={"id": "q"}, after={"code": "c"}))


@pytest.mark.parametrize(
    "changes",
    [
        (
            RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "x"}),
            RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "y"}),
        ),
        (
            RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "x"}),
            RowChange.update(
                "thing", key={"id": "t1"}, before={"note": None, "whole": None}, after={"note": "y"}
            ),
        ),
        (
            RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "x"}),
            RowChange.delete("thing", key={"id": "t1"}, before={"note": None}),
        ),
        (
            RowChange.delete("thing", key={"id": "t1"}, before={"note": None}),
            RowChange.delete("thing", key={"id": "t1"}, before={"note": None}),
        ),
        (
            RowChange.update("parent", key={"id": "p"}, before={"name": "n"}, after={"name": "x"}),
            RowChange.update("parent", key={"code": "c"}, before={"name": "n"}, after={"name": "y"}),
        ),
        (
            RowChange.insert("thing", key={"id": "t9"}, after={"note": "x"}),
            RowChange.insert("thing", key={"id": "t9"}, after={"note": "x"}),
        ),
    ],
    ids=["update twice", "other columns", "update and delete", "delete twice", "by two keys", "insert twice"],
)
def test_a_row_named_twice_is_refused(
    changes: tuple[RowChange, ...], support: Connection, owner: Connection
) -> None:
    thing(owner)
    owner.execute("insert into parent values ('p', 'c', 'n')")
    with pytest.raises((UsageError, Refused)):
        do(support, *changes)
    assert one(owner, "select note from thing") is None
    assert one(owner, "select count(*) from nightdesk.row_change") == 0


def test_two_rows_of_one_table_changed_in_different_columns_are_no_repetition(
    support: Connection, owner: Connection
) -> None:
    thing(owner, key="a")
    thing(owner, key="b")
    receipt = do(
        support,
        RowChange.update("thing", key={"id": "a"}, before={"note": None}, after={"note": "x"}),
        RowChange.update("thing", key={"id": "b"}, before={"whole": None}, after={"whole": 1}),
    )
    assert receipt.changed == 2


def test_more_rows_than_one_statement_may_hold_are_refused(support: Connection, owner: Connection) -> None:
    changes = [
        RowChange.insert("pair", key={"one": "a", "two": n, "three": "2026-01-01"}, after={})
        for n in range(5001)
    ]
    with pytest.raises(UsageError, match="at most 5000 rows"):
        do(support, *changes)
    assert do(support, *changes[:5000]).changed == 5000


def test_a_session_of_another_isolation_level_is_refused(support: Connection, owner: Connection) -> None:
    thing(owner)
    change = RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "x"})
    for level in ("repeatable read", "serializable"):
        support.execute(f"set default_transaction_isolation = '{level}'")
        with pytest.raises(UsageError, match="read committed"):
            do(support, change)


def test_a_reason_is_required(support: Connection, owner: Connection) -> None:
    thing(owner)
    plan = plan_of(
        support, RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "x"})
    )
    for reason in ("", "  "):
        with pytest.raises(UsageError, match="reason"):
            apply(support, plan, operation_id=uuid4(), reason=reason)
    with pytest.raises(UsageError, match="nothing was sent"):
        apply(support, plan, operation_id=uuid4(), reason="a\x00b")


def test_a_receipt_that_could_be_rolled_back_is_not_given(support: Connection, owner: Connection) -> None:
    change = RowChange.insert("thing", key={"id": "t1"}, after={})
    with support.transaction():
        with pytest.raises(UsageError, match="outside a transaction"):
            do(support, change)
    assert do(support, change).changed == 1


def test_a_plan_for_another_database_is_refused(support: Connection) -> None:
    change = RowChange.insert("thing", key={"id": "t1"}, after={})
    plan = plan_of(support, change)
    other = type(plan)(action=plan.action, database="123:456", units=plan.units)
    with pytest.raises(UsageError, match="another database"):
        apply(support, other, operation_id=uuid4(), reason="a test")
