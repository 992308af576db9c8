"""A ChangeSet as data: one text, one hash, the same in Python and in the database."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.changes import NOW, ChangeSet, Guard, RowChange, RowCheck, Unit, apply, diff
from db.changes.values import encode
from db.errors import UsageError
from tests.db.changes.ground import Connection, one, plan_of, rows

_text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_name = st.text("abcXYZ_ \"'é", min_size=1, max_size=6)
_value = (
    st.none()
    | _text
    | st.integers()
    | st.booleans()
    | st.decimals(allow_nan=False)
    | st.datetimes()
    | st.uuids()
    | st.just(NOW)
)
_plain = st.none() | _text | st.integers() | st.booleans()
_key = st.dictionaries(_name, _text | st.integers(), min_size=1, max_size=3)
_row = st.dictionaries(_name, _plain, max_size=3)


@st.composite
def _change(draw: st.DrawFn) -> RowChange:
    table, key = draw(_name), draw(_key)
    match draw(st.sampled_from("iud")):
        case "i":
            return RowChange.insert(table, key=key, after=draw(st.dictionaries(_name, _value, max_size=3)))
        case "u":
            before = draw(st.dictionaries(_name, _plain, min_size=1, max_size=3))
            return RowChange.update(
                table, key=key, before=before, after={name: draw(_value) for name in before}
            )
        case _:
            return RowChange.delete(table, key=key, before=draw(_row))


@st.composite
def _plan(draw: st.DrawFn) -> ChangeSet:
    checks = st.one_of(
        st.builds(lambda t, k, c: RowCheck.looks(t, key=k, columns=c), _name, _key, _row),
        st.builds(lambda t, k: RowCheck.absent(t, key=k), _name, _key),
        st.builds(Guard, _name, st.dictionaries(_name, _text, max_size=2)),
    )
    units = st.builds(
        Unit,
        id=_text,
        changes=st.lists(_change(), max_size=3).map(tuple),
        checks=st.lists(checks, max_size=2).map(tuple),
        label=_text,
    )
    return ChangeSet(
        action=draw(_name),
        database="1:2",
        units=tuple(draw(st.lists(units, max_size=3, unique_by=lambda unit: unit.id))),
        undoes=draw(st.none() | st.uuids()),
        summary=draw(_text),
    )


@given(_plan())
def test_a_round_trip_keeps_text_hash_and_diff(plan: ChangeSet) -> None:
    again = ChangeSet.from_text(plan.text)
    assert (again.text, again.hash, again.rows) == (plan.text, plan.hash, plan.rows)
    assert [(line.column, line.before, line.after) for line in diff(again)] == [
        (line.column, line.before, line.after) for line in diff(plan)
    ]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=_plan())
def test_the_database_computes_the_same_hash(plan: ChangeSet, owner: Connection) -> None:
    assert one(owner, "select nightdesk.change_set_hash(array[%s])", plan.text) == plan.hash


@given(_plan())
def test_the_hash_covers_the_changes_and_not_the_words_around_them(plan: ChangeSet) -> None:
    other = ChangeSet(plan.action, plan.database, plan.units, "other words", ("a warning",), plan.undoes)
    assert other.hash == plan.hash
    for changed in (
        ChangeSet(plan.action + "x", plan.database, plan.units, undoes=plan.undoes),
        ChangeSet(plan.action, "3:4", plan.units, undoes=plan.undoes),
        ChangeSet(plan.action, plan.database, plan.units, undoes=UUID(int=7)),
        ChangeSet(plan.action, plan.database, (*plan.units, Unit("another unit", ())), undoes=plan.undoes),
    ):
        assert changed.hash != plan.hash


def test_the_order_of_columns_is_not_part_of_the_hash(support: Connection) -> None:
    one_way = RowChange.insert("thing", key={"id": "a"}, after={"note": "x", "whole": 1})
    other_way = RowChange.insert("thing", key={"id": "a"}, after={"whole": 1, "note": "x"})
    assert plan_of(support, one_way).hash == plan_of(support, other_way).hash


class Mood(enum.StrEnum):
    LOW = "LOW"


class Number(enum.IntEnum):
    SEVEN = 7


VALUES: list[tuple[Any, str]] = [
    (Mood.LOW, "mood"), (Number.SEVEN, "integer"), ([Mood.LOW], "mood[]"), (timedelta(days=-1, seconds=5), "interval"),
    (timedelta(days=400, microseconds=1), "interval"), (date(2026, 2, 28), "date"), (time(23, 59, 59, 999999), "time"),
    (datetime(2026, 1, 1, tzinfo=UTC), "timestamptz"), (float("inf"), "double precision"), (float("nan"), "double precision"),
    (-0.0, "double precision"), (1e-320, "double precision"), (Decimal("NaN"), "numeric"), (Decimal("1E+5"), "numeric"),
    (2**200, "numeric"), (b"", "bytea"), (bytearray(b"\x00\xff"), "bytea"), ([], "text[]"), ([[1, 2], [3, None]], "integer[]"),
    ([b"\x00"], "bytea[]"), (["NULL", "null", "", " ", "\\", '"', "{}", ","], "text[]"), ({}, "jsonb"),
    ({"a": "\\u0000 is text", "b": [1.5, None]}, "jsonb"), ("", "text"), ([date(2026, 1, 1)], "date[]"), ([True, None], "boolean[]"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kind"), VALUES, ids=lambda value: repr(value)[:30])
def test_an_encoded_value_is_what_the_driver_would_have_sent(
    value: Any, kind: str, owner: Connection
) -> None:
    from psycopg.types.json import Jsonb

    sent = [str(v) for v in value] if kind == "mood[]" else Jsonb(value) if isinstance(value, dict) else value
    sent = sent.value if isinstance(sent, enum.Enum) else sent
    assert one(owner, f"select %s::text::{kind} is not distinct from %s::{kind}", encode(value), sent)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_is_read_by_the_server_as_it_was_meant(data: st.DataObject, owner: Connection) -> None:
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "text": _text,
        "bigint": st.integers(-(2**63), 2**63 - 1),
        "numeric": st.decimals(allow_nan=False, allow_infinity=False),
        "double precision": st.floats(),
        "timestamp": st.datetimes(),
        "timestamptz": st.datetimes(timezones=st.just(UTC)),
        "interval": st.timedeltas(timedelta(days=-(10**6)), timedelta(days=10**6)),
        "bytea": st.binary(),
        "text[]": st.lists(st.none() | _text),
        "bigint[]": st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)),
        "uuid": st.uuids(),
        "boolean": st.booleans(),
    }
    kind = data.draw(st.sampled_from(sorted(kinds)))
    value = data.draw(kinds[kind])
    sent, received = encode(value), f"%s::text::{kind}"
    assert one(owner, f"select {received} is not distinct from %s::{kind}", sent, value)
    # What the server prints of it is read back as the same value: an image can be put back.
    assert one(owner, f"select ({received})::text::{kind} is not distinct from %s::{kind}", sent, value)


@pytest.mark.parametrize(
    "value", ["a\x00b", "\ud800", {"a": float("nan")}, {"a": object()}, ["\x00"], {"a": "\udfff"}]
)
def test_a_value_that_cannot_be_stored_is_refused_when_it_is_planned(value: Any) -> None:
    with pytest.raises(UsageError):
        encode(value)


@pytest.mark.parametrize("key", [{}, {"id": None}, {"id": NOW}])
def test_a_key_names_a_value(key: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="key"):
        RowChange.insert("thing", key=key, after={})


def test_an_update_says_what_was_there(support: Connection) -> None:
    with pytest.raises(UsageError, match="without the value before"):
        RowChange.update("thing", key={"id": "a"}, before={}, after={"note": "x"})
    with pytest.raises(UsageError, match="same id"):
        ChangeSet("a", "1:2", (Unit("u", ()), Unit("u", ())))


def test_operation_and_reason_are_not_in_the_hash(support: Connection, owner: Connection) -> None:
    change = RowChange.insert("thing", key={"id": "a"}, after={"at": NOW})
    plan = plan_of(support, change)
    for reason in ("one", "other"):
        apply(support, plan, operation_id=uuid4(), reason=reason)
        owner.execute("delete from thing")
    assert {row[0] for row in rows(owner, "select hash from nightdesk.operation")} == {plan.hash}
