"""What apply_changes writes, compares and records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from db.changes import NOW, Guard, OnConflict, RowChange, RowCheck, Unit, apply, find_operation
from db.errors import RowsMoved, UsageError
from tests.db.changes.ground import (
    Connection,
    assert_audit_whole,
    do,
    one,
    plan_of,
    plan_of_units,
    rows,
    thing,
)

TOKEN = UUID("6f1c2b1e-0000-4000-8000-000000000001")


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
