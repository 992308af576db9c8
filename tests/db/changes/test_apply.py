"""What apply_changes writes, compares, refuses and records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from db.changes import NOW, Guard, OnConflict, RowChange, RowCheck, Unit, apply, find_operation
from db.errors import PermissionDenied, Refused, RowsMoved, UsageError
from tests.db.changes.ground import Connection, assert_audit_whole, do, one, plan_of, plan_of_units, rows

TOKEN = UUID("6f1c2b1e-0000-4000-8000-000000000001")


def thing(owner: Connection, **columns: Any) -> None:
    values = {"id": columns.pop("key", "t1"), **columns}
    marks = ", ".join(["%s"] * len(values))
    owner.execute(f"insert into thing ({', '.join(values)}) values ({marks})", tuple(values.values()))


def test_one_row_is_inserted_updated_and_deleted(support: Connection, owner: Connection) -> None:
    receipt = do(support, RowChange.insert("thing", key={"id": "t1"}, after={"note": "new", "whole": 1}))
    assert (receipt.changed, receipt.actor, receipt.skipped) == (1, "test_support", ())
    do(support, RowChange.update("thing", key={"id": "t1"}, before={"note": "new"}, after={"note": "old"}))
    assert rows(owner, "select note, whole, doubled from thing") == [("old", 1, 2)]
    do(support, RowChange.delete("thing", key={"id": "t1"}, before={"note": "old"}))
    assert rows(owner, "select id from thing") == []
    assert_audit_whole(owner)


EVERY_KIND: dict[str, tuple[Any, str]] = {
    "note": ("ünï\t'\"\\ {}", "ünï\t'\"\\ {}"),
    "short": ("abc", "abc"),
    "padded": ("ab", "ab"),
    "small": (-7, "-7"),
    "whole": (2**30 - 1, "1073741823"),
    "big": (2**63 - 1, "9223372036854775807"),
    "exact": (
        Decimal("12345678901234567890.123456789012345678900"),
        "12345678901234567890.123456789012345678900",
    ),
    "money": (Decimal("19.9"), "19.90"),
    "approx": (0.1, "0.1"),
    "single": (0.5, "0.5"),
    "truth": (True, "true"),
    "mood": ("HIGH", "HIGH"),
    "at": (datetime(2026, 3, 1, 12, 0, 0, 123456), "2026-03-01 12:00:00.123456"),
    "at_ms": (datetime(2026, 3, 1, 12, 0, 0, 123556), "2026-03-01 12:00:00.124"),
    "at_zone": (datetime(2026, 3, 1, 12, 0, tzinfo=UTC), "2026-03-01 12:00:00+00"),
    "document": (
        {"b": [1, None, "x"], "a": 10**30},
        '{"a": 1000000000000000000000000000000, "b": [1, null, "x"]}',
    ),
    "plain": ({"b": 1}, '{"b":1}'),
    "tags": (["a", "b,c", 'd"e', "", None], '{a,"b,c","d\\"e","",NULL}'),
    "numbers": ([1, None, 3], "{1,NULL,3}"),
    "moods": (["LOW", "HIGH"], "{LOW,HIGH}"),
    "raw": (b"\x00\xff", "\\x00ff"),
    "token": (TOKEN, str(TOKEN)),
    "address": ("10.0.0.1", "10.0.0.1/32"),
    "span": ("1 day 02:00:00", "1 day 02:00:00"),
    "span_range": ("[1,5)", "[1,5)"),
    "spot": ("(1,2)", "(1,2)"),
    "short_dom": ("fits", "fits"),
}


@pytest.mark.parametrize("column", sorted(EVERY_KIND))
def test_a_value_of_every_kind_is_stored_compared_and_audited_as_it_is_held(
    column: str, support: Connection, owner: Connection
) -> None:
    value, printed = EVERY_KIND[column]
    thing(owner)
    receipt = do(
        support, RowChange.update("thing", key={"id": "t1"}, before={column: None}, after={column: value})
    )
    assert one(owner, f"select {column}::text from thing") == printed
    [image] = find_operation(support, receipt.code).images
    assert (image.before, image.after) == ({column: None}, {column: printed})
    stored: Any = printed if column in ("at_ms", "money") else value
    do(support, RowChange.update("thing", key={"id": "t1"}, before={column: stored}, after={column: None}))
    assert one(owner, f"select {column} is null from thing")
    assert_audit_whole(owner)


def test_json_null_and_sql_null_are_two_values(support: Connection, owner: Connection) -> None:
    thing(owner)
    do(
        support,
        RowChange.update("thing", key={"id": "t1"}, before={"document": None}, after={"document": "null"}),
    )
    assert one(owner, "select jsonb_typeof(document) from thing") == "null"
    with pytest.raises(RowsMoved):
        do(
            support,
            RowChange.update(
                "thing", key={"id": "t1"}, before={"document": None, "note": None}, after={"note": "x"}
            ),
        )


@pytest.mark.parametrize(
    ("column", "stored", "shown"),
    [
        ("exact", "1.00", "1.0"),
        ("document", '{"a": 1, "b": 2}', '{"b":2,"a":1}'),
        ("at_zone", "2026-03-01 12:00:00+00", "2026-03-01 14:00:00+02"),
        ("span", "24:00:00", "1 day"),
        ("truth", "t", "yes"),
        ("numbers", "{1,2}", "{ 1, 2 }"),
    ],
)
def test_equality_is_that_of_the_type_and_the_image_holds_what_was_stored(
    column: str, stored: str, shown: str, support: Connection, owner: Connection
) -> None:
    owner.execute(f"insert into thing (id, {column}) values ('t1', '{stored}')")
    printed = one(owner, f"select {column}::text from thing")
    receipt = do(
        support,
        RowChange.update(
            "thing", key={"id": "t1"}, before={column: shown, "note": None}, after={"note": "x"}
        ),
    )
    [image] = find_operation(support, receipt.code).images
    assert image.before == {column: printed, "note": None}


def test_a_value_that_moved_is_named_with_what_it_is_now(support: Connection, owner: Connection) -> None:
    thing(owner, note="theirs", whole=1)
    change = RowChange.update(
        "thing", key={"id": "t1"}, before={"note": "mine", "whole": 1}, after={"note": "ours"}
    )
    with pytest.raises(RowsMoved, match="note is now theirs") as refused:
        do(support, change)
    [moved] = refused.value.moved
    assert moved["columns"] == [{"column": "note", "expected": "mine", "now": "theirs"}]
    assert one(owner, "select note from thing") == "theirs"
    assert one(owner, "select count(*) from nightdesk.operation") == 0


def test_columns_that_do_not_matter_may_move(support: Connection, owner: Connection) -> None:
    thing(owner, note="a", whole=1)
    owner.execute("update thing set whole = 2")
    assert do(
        support, RowChange.update("thing", key={"id": "t1"}, before={"note": "a"}, after={"note": "b"})
    ).changed


def test_a_row_that_is_gone_or_exists_already_is_told_apart(support: Connection, owner: Connection) -> None:
    with pytest.raises(RowsMoved, match="thing t1 is gone"):
        do(support, RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "x"}))
    thing(owner)
    with pytest.raises(RowsMoved, match="exists already"):
        do(support, RowChange.insert("thing", key={"id": "t1"}, after={"note": "x"}))


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


def test_now_is_the_database_clock_and_keeps_the_hash(support: Connection, owner: Connection) -> None:
    thing(owner)
    change = RowChange.update(
        "thing", key={"id": "t1"}, before={"at_zone": None, "at": None}, after={"at_zone": NOW, "at": NOW}
    )
    first = plan_of(support, change)
    receipt = apply(support, first, operation_id=uuid4(), reason="a test")
    assert plan_of(support, change).hash == first.hash == receipt.hash
    assert one(
        owner, "select at_zone = %s and at = at_zone at time zone 'UTC' from thing", receipt.applied_at
    )


def test_updated_at_is_set_by_the_server_and_never_by_a_change(
    support: Connection, owner: Connection
) -> None:
    thing(owner)
    receipt = do(
        support, RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "x"})
    )
    assert one(
        owner, "select updated_at = (%s at time zone 'UTC')::timestamp(3) from thing", receipt.applied_at
    )
    receipt = do(support, RowChange.insert("vault", key={"id": "v"}, after={"name": "x"}))
    assert one(owner, """select "updatedAt" = %s from vault""", receipt.applied_at)
    moment = datetime(2026, 1, 1)
    for change in (
        RowChange.update(
            "thing", key={"id": "t1"}, before={"updated_at": None}, after={"updated_at": moment}
        ),
        RowChange.insert("thing", key={"id": "t2"}, after={"updated_at": moment}),
    ):
        with pytest.raises(UsageError, match="updated_at cannot be set"):
            do(support, change)


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


def test_facts_are_checked_with_the_changes(support: Connection, owner: Connection) -> None:
    thing(owner, note="a")
    owner.execute("insert into parent values ('p', 'c', 'open')")
    change = RowChange.update("thing", key={"id": "t1"}, before={"note": "a"}, after={"note": "b"})
    looks = RowCheck.looks("parent", key={"id": "p"}, columns={"name": "open"})
    absent = RowCheck.absent("child", key={"parent_id": "p"})
    owner.execute("insert into child values ('c', 'p')")
    with pytest.raises(RowsMoved, match="child p exists already"):
        do(support, change, checks=(looks, absent))
    owner.execute("delete from child; update parent set name = 'shut'")
    with pytest.raises(RowsMoved, match="name is now shut"):
        do(support, change, checks=(looks, absent))
    owner.execute("update parent set name = 'open'")
    assert do(support, change, checks=(looks, absent)).changed == 1
    assert one(owner, "select count(*) from nightdesk.row_change") == 1


def test_a_guard_is_asked_by_the_database_clock(support: Connection, owner: Connection) -> None:
    thing(owner)
    change = RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "b"})

    def guarded(name: str, **arguments: str) -> Unit:
        return Unit(id="u1", changes=(change,), checks=(Guard(name, arguments),))

    late = plan_of_units(support, guarded("before", moment="2020-01-01 00:00:00+00"))
    with pytest.raises(RowsMoved, match="it is past 2020"):
        apply(support, late, operation_id=uuid4(), reason="a test")
    for name in ("unknown", "", 'x"; drop table thing'):
        with pytest.raises(UsageError, match="no guard named"):
            apply(support, plan_of_units(support, guarded(name)), operation_id=uuid4(), reason="a test")
    early = plan_of_units(support, guarded("before", moment="2999-01-01 00:00:00+00"))
    assert apply(support, early, operation_id=uuid4(), reason="a test").changed == 1


def test_skip_leaves_out_whole_units_and_reports_them(support: Connection, owner: Connection) -> None:
    for key in ("a", "b", "c"):
        thing(owner, key=key)
    owner.execute("update thing set note = 'moved' where id = 'b'")
    units = [
        Unit(
            id=key,
            changes=(
                RowChange.update("thing", key={"id": key}, before={"note": None}, after={"note": "x"}),
                RowChange.insert("parent", key={"id": key}, after={"name": "n"}),
            ),
        )
        for key in ("a", "b", "c")
    ]
    plan = plan_of_units(support, *units)
    with pytest.raises(RowsMoved):
        apply(support, plan, operation_id=uuid4(), reason="a test")
    assert one(owner, "select count(*) from parent") == 0
    receipt = apply(support, plan, operation_id=uuid4(), reason="a test", on_conflict=OnConflict.SKIP)
    assert receipt.changed == 4
    assert [(skip.unit, skip.why) for skip in receipt.skipped] == [("b", "public.thing b: note is now moved")]
    assert rows(owner, "select id from parent order by 1") == [("a",), ("c",)]
    assert_audit_whole(owner)


def test_skipping_everything_is_a_refusal(support: Connection, owner: Connection) -> None:
    thing(owner, note="moved")
    change = RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "x"})
    with pytest.raises(RowsMoved):
        do(support, change, on_conflict=OnConflict.SKIP)
    assert one(owner, "select count(*) from nightdesk.operation") == 0


def test_rows_are_written_in_foreign_key_order(support: Connection, owner: Connection) -> None:
    inserted = do(
        support,
        RowChange.insert("child", key={"id": "c"}, after={"parent_id": "p", "name": "n"}),
        RowChange.insert("parent", key={"id": "p"}, after={"code": "c", "name": "n"}),
    )
    assert inserted.changed == 2
    deleted = do(
        support,
        RowChange.delete("parent", key={"id": "p"}, before={"name": "n"}),
        RowChange.delete("child", key={"id": "c"}, before={"name": "n"}),
    )
    assert deleted.changed == 2
    assert_audit_whole(owner)


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


def test_a_null_in_an_array_stays_one_whatever_the_session_sets(
    support: Connection, owner: Connection
) -> None:
    thing(owner)
    support.execute("set array_nulls = off")
    do(
        support,
        RowChange.update("thing", key={"id": "t1"}, before={"tags": None}, after={"tags": ["a", None]}),
    )
    assert one(owner, "select tags[2] is null from thing")
