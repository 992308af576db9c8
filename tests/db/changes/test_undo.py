"""Undo: the inverse puts back exactly what was there, and only if nothing touched it since."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.changes import ChangeSet, OnConflict, Receipt, RowChange, Unit, apply, find_operation, undo_plan
from db.errors import NotFound, PermissionDenied, Refused, RowsMoved, UsageError
from tests.db.changes.ground import Connection, assert_audit_whole, do, one, plan_of_units, rows, seen_by


def undo(connection: Connection, receipt: Receipt) -> Receipt:
    return apply(connection, undo_plan(connection, receipt.code), operation_id=uuid4(), reason="undone")


def test_undo_is_refused_where_a_row_moved_since(support: Connection, owner: Connection) -> None:
    owner.execute("insert into thing (id, note) values ('t1', 'a')")
    done = do(support, RowChange.update("thing", key={"id": "t1"}, before={"note": "a"}, after={"note": "b"}))
    owner.execute("update thing set note = 'c'")
    with pytest.raises(RowsMoved, match="note is now c"):
        undo(support, done)
    owner.execute("update thing set note = 'b', whole = 7")
    undo(support, done)
    assert rows(owner, "select note, whole from thing") == [("a", 7)]


def test_an_undo_can_be_undone_and_an_operation_is_undone_once(
    support: Connection, owner: Connection
) -> None:
    owner.execute("insert into thing (id, note) values ('t1', 'a')")
    done = do(support, RowChange.update("thing", key={"id": "t1"}, before={"note": "a"}, after={"note": "b"}))
    undone = undo(support, done)
    assert undone.undoes == done.operation_id
    assert find_operation(support, done.code).undone_by == undone.code
    with pytest.raises(Refused, match=f"already undone by {undone.code}"):
        undo_plan(support, done.code)
    undo(support, undone)
    assert one(owner, "select note from thing") == "b"


def test_what_an_undo_had_to_skip_is_undone_by_the_next(support: Connection, owner: Connection) -> None:
    owner.execute("insert into thing (id, note) values ('a', 'old'), ('b', 'old'), ('c', 'old')")
    done = apply(
        support,
        plan_of_units(
            support,
            *(
                Unit(
                    id=key,
                    changes=(
                        RowChange.update(
                            "thing", key={"id": key}, before={"note": "old"}, after={"note": "new"}
                        ),
                    ),
                )
                for key in "abc"
            ),
        ),
        operation_id=uuid4(),
        reason="a test",
    )
    owner.execute("update thing set note = 'moved' where id = 'b'")
    plan = undo_plan(support, done.code)
    partly = apply(support, plan, operation_id=uuid4(), reason="undone", on_conflict=OnConflict.SKIP)
    assert [skip.unit for skip in partly.skipped] == ["b"]
    assert find_operation(support, done.code).undone_by == f"{partly.code} (partly)"
    owner.execute("update thing set note = 'new' where id = 'b'")
    rest = undo_plan(support, done.code)
    assert [unit.id for unit in rest.units] == ["b"]
    last = apply(support, rest, operation_id=uuid4(), reason="undone")
    assert set(rows(owner, "select note from thing")) == {("old",)}
    with pytest.raises(Refused, match=f"already undone by {partly.code}, {last.code}$"):
        undo_plan(support, done.code)


def test_an_undo_may_not_leave_out_a_row_that_nothing_put_back(
    support: Connection, owner: Connection
) -> None:
    owner.execute("insert into parent values ('p', 'c', 'n'), ('q', 'd', 'n')")
    done = do(
        support,
        *(
            RowChange.update("parent", key={"id": key}, before={"name": "n"}, after={"name": "m"})
            for key in "pq"
        ),
    )
    back = [
        RowChange.update("parent", key={"id": key}, before={"name": "m"}, after={"name": "n"}) for key in "pq"
    ]
    only_one = plan_of_units(support, Unit(id="u", changes=(back[0],)), undoes=done.operation_id)
    with pytest.raises(UsageError, match="exactly the rows"):
        apply(support, only_one, operation_id=uuid4(), reason="half an undo")


def test_a_row_inserted_and_since_referenced_or_changed_is_not_undone(
    support: Connection, owner: Connection
) -> None:
    done = do(support, RowChange.insert("parent", key={"id": "p"}, after={"name": "n"}))
    owner.execute("insert into child values ('c', 'p')")
    with pytest.raises(Refused, match="would also change rows of"):
        undo(support, done)
    owner.execute("delete from child; update parent set code = 'later'")
    with pytest.raises(RowsMoved, match="code is now later"):
        undo(support, done)


def test_a_delete_whose_content_was_not_kept_is_not_undone(support: Connection, owner: Connection) -> None:
    owner.execute("insert into parent values ('p', 'c', 'n'), ('q', 'd', 'n')")
    partly = do(support, RowChange.delete("parent", key={"id": "p"}, before={"name": "n"}))
    with pytest.raises(Refused, match="content was not kept"):
        undo_plan(support, partly.code)
    wholly = do(support, RowChange.delete("parent", key={"id": "q"}, before={"name": "n", "code": "d"}))
    undo(support, wholly)
    assert rows(owner, "select * from parent") == [("q", "d", "n")]


def test_a_delete_from_a_table_with_a_secret_column_is_not_undone(
    support: Connection, owner: Connection
) -> None:
    owner.execute("insert into vault values ('v', 'n', 'hush')")
    done = do(support, RowChange.delete("vault", key={"id": "v"}, before={"name": "n"}))
    with pytest.raises(Refused, match="cannot be undone"):
        undo_plan(support, done.code)


def test_a_delete_from_a_table_whose_keys_the_server_makes_is_not_undone(
    support: Connection, owner: Connection
) -> None:
    owner.execute("insert into counted (name) values ('n')")
    done = do(support, RowChange.delete("counted", key={"id": 1}, before={"name": "n"}))
    with pytest.raises(Refused, match="cannot be undone"):
        undo_plan(support, done.code)


def test_generated_and_server_set_columns_do_not_hinder_the_undo_of_a_delete(
    support: Connection, owner: Connection
) -> None:
    owner.execute("insert into thing (id, whole) values ('t1', 4)")
    before = everything(owner)["thing"][0]
    [updated_at] = rows(owner, "select updated_at::text from thing")[0]
    values = {**before, "updated_at": updated_at}
    done = do(
        support,
        RowChange.delete("thing", key={"id": "t1"}, before={c: v for c, v in values.items() if c != "id"}),
    )
    undo(support, done)
    assert everything(owner)["thing"] == [before]


def test_undo_needs_the_rights_of_the_inverse(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    done = do(support, RowChange.insert("thing", key={"id": "t1"}, after={"note": "n"}))
    with seen_by(ground_database, "viewer") as viewer:
        with pytest.raises(PermissionDenied):
            apply(viewer, undo_plan(viewer, done.code), operation_id=uuid4(), reason="undone")


def test_what_a_role_may_not_read_it_may_not_undo(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    owner.execute("insert into thing (id, note) values ('t1', 'a')")
    done = do(support, RowChange.update("thing", key={"id": "t1"}, before={"note": "a"}, after={"note": "b"}))
    owner.execute("revoke select (note) on thing from nightdesk_viewer")
    try:
        with seen_by(ground_database, "viewer") as viewer:
            assert find_operation(viewer, done.code).images[0].after == {"note": {"$hidden": 1}}
            with pytest.raises(PermissionDenied, match=r"public\.thing\.note, which is hidden"):
                undo_plan(viewer, done.code)
    finally:
        owner.execute("grant select (note) on thing to nightdesk_viewer")


def test_undo_of_an_unknown_or_empty_operation_says_so(support: Connection) -> None:
    with pytest.raises(NotFound):
        undo_plan(support, "ND-ZZZZZ")
    with pytest.raises(UsageError):
        undo_plan(support, "no code!")


IDS = ("a", "b", "c")
_values: dict[str, st.SearchStrategy[Any]] = {
    "note": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6),
    "whole": st.none() | st.integers(-(2**30), 2**30 - 1),
    "big": st.none() | st.integers(-(2**63), 2**63 - 1),
    "exact": st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=3, max_value=10**12, min_value=-(10**12)),
    "at_ms": st.none() | st.datetimes(),
    "document": st.none() | st.dictionaries(st.sampled_from("xyz"), st.integers() | st.booleans() | st.none(), max_size=3),
    "numbers": st.none() | st.lists(st.none() | st.integers(-9, 9), max_size=3),
    "raw": st.none() | st.binary(max_size=4),
    "mood": st.none() | st.sampled_from(["LOW", "HIGH"]),
    "approx": st.none() | st.floats(),
    "span": st.none() | st.sampled_from(["1 day", "24:00:00", "1 mon", "30 days", "-1 days +23:59:59"]),
}  # fmt: skip
_row = st.fixed_dictionaries({}, optional=_values)
_table = st.dictionaries(st.sampled_from(IDS), _row, max_size=3)


def everything(owner: Connection) -> dict[str, list[dict[str, str | None]]]:
    """Every value as the server prints it, but for the time of the last change."""
    return {table: printed(owner, table) for table in ("thing", "parent", "child")}


def printed(owner: Connection, table: str) -> list[dict[str, str | None]]:
    names = [
        row[0]
        for row in rows(
            owner,
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and attname <> 'updated_at'",
            table,
        )
    ]
    texts = ", ".join(f"{name}::text" for name in names)
    return [
        dict(zip(names, row, strict=True)) for row in rows(owner, f"select {texts} from {table} order by id")
    ]


def full(row: dict[str, str | None]) -> dict[str, str | None]:
    return {column: value for column, value in row.items() if column not in ("id", "doubled")}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=_table,
    wanted=_table,
    family=st.lists(st.sampled_from(IDS), unique=True),
    grown=st.lists(st.sampled_from(IDS), unique=True),
)
def test_undo_restores_the_exact_rows(
    start: dict[str, dict[str, Any]], wanted: dict[str, dict[str, Any]], family: list[str], grown: list[str],
    support: Connection, owner: Connection,
) -> None:  # fmt: skip
    owner.execute("truncate thing, parent, child cascade")
    prepared = [RowChange.insert("thing", key={"id": key}, after=row) for key, row in start.items()]
    prepared += family_rows(RowChange.insert, family)
    if prepared:
        do(support, *prepared)
    before = everything(owner)
    changes = towards(before, wanted) + family_change(before, grown)
    if not changes:
        return
    done = apply(support, units(support, changes), operation_id=uuid4(), reason="a test")
    after = everything(owner)
    undone = undo(support, done)
    assert everything(owner) == before
    undo(support, undone)
    assert everything(owner) == after
    assert_audit_whole(owner)


def units(connection: Connection, changes: list[RowChange]) -> ChangeSet:
    return plan_of_units(
        connection, *(Unit(id=f"u{n}", changes=(change,)) for n, change in enumerate(changes))
    )


def towards(before: dict[str, list[dict[str, Any]]], wanted: dict[str, dict[str, Any]]) -> list[RowChange]:
    there = {row["id"]: row for row in before["thing"]}
    changes = []
    for key in IDS:
        if key in there and key in wanted and wanted[key]:
            old = {column: there[key][column] for column in wanted[key]}
            changes.append(RowChange.update("thing", key={"id": key}, before=old, after=wanted[key]))
        elif key in there and key not in wanted:
            changes.append(RowChange.delete("thing", key={"id": key}, before=full(there[key])))
        elif key in wanted and key not in there:
            changes.append(RowChange.insert("thing", key={"id": key}, after=wanted[key]))
    return changes


def family_rows(make: Any, ids: list[str]) -> list[RowChange]:
    return [make("child", key={"id": key}, after={"parent_id": key}) for key in ids] + [
        make("parent", key={"id": key}, after={"name": f"parent {key}"}) for key in ids
    ]


def family_change(before: dict[str, list[dict[str, Any]]], grown: list[str]) -> list[RowChange]:
    there = {row["id"] for row in before["parent"]}
    changes = family_rows(RowChange.insert, [key for key in grown if key not in there])
    for table in ("parent", "child"):
        changes += [
            RowChange.delete(table, key={"id": row["id"]}, before=full(row))
            for row in before[table]
            if row["id"] not in grown
        ]
    return changes


def test_an_operation_id_of_an_undo_must_exist(support: Connection) -> None:
    plan = plan_of_units(
        support,
        Unit(id="u", changes=(RowChange.insert("thing", key={"id": "t1"}, after={}),)),
        undoes=UUID("00000000-0000-4000-8000-000000000000"),
    )
    with pytest.raises(Refused, match="no operation"):
        apply(support, plan, operation_id=uuid4(), reason="undone")


def test_changes_of_other_rows_are_no_undo(support: Connection, owner: Connection) -> None:
    done = do(
        support,
        RowChange.insert("parent", key={"id": "p"}, after={"name": "n"}),
        RowChange.insert("parent", key={"id": "q"}, after={"name": "n"}),
    )
    one_row = RowChange.update("parent", key={"id": "p"}, before={"name": "n"}, after={"name": "m"})
    another = RowChange.insert("parent", key={"id": "r"}, after={"name": "n"})
    for changes in ((one_row,), (one_row, another)):
        plan = plan_of_units(support, Unit(id="u", changes=changes), undoes=done.operation_id)
        with pytest.raises(UsageError, match="exactly the rows"):
            apply(support, plan, operation_id=uuid4(), reason="not an undo")
    undo(support, done)
    assert one(owner, "select count(*) from parent") == 0
