"""Documents that no console would send: refused by shape, and nothing but a refusal."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.changes import ChangeSet, RowChange, RowCheck, database_identity
from db.changes.apply import refusal
from db.errors import ExitCode, UsageError
from tests.db.changes.ground import Connection, one, plan_of, send

UPDATE: dict[str, Any] = {
    "verb": "update",
    "table": "public.thing",
    "key": {"id": "t1"},
    "before": {"note": None},
    "after": {"note": "x"},
}
LOOKS: dict[str, Any] = {
    "verb": "looks",
    "table": "public.thing",
    "key": {"id": "t1"},
    "before": {"note": None},
}


def document(connection: Connection, **parts: Any) -> dict[str, Any]:
    unit = {"unit": "u1", "checks": [], "changes": [UPDATE]}
    whole = {"v": 1, "action": "test.change", "database": database_identity(connection), "units": [unit]}
    return {key: value for key, value in (whole | parts).items() if value is not ...}


def refused_with(connection: Connection, text: str | None) -> str | None:
    with pytest.raises(psycopg.Error) as refused:
        send(connection, text)  # type: ignore[arg-type]
    return refused.value.sqlstate


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "null",
        "[]",
        '"text"',
        '{"v":1}',
        '{"v":1,"units":{}}',
        '{"a":"\\u0000"}',
        '{"a":"\\ud800"}',
        '{"a":1e1000000}',
        "[" * 100_000,
    ],
    ids=lambda text: str(text)[:20],
)
def test_what_is_no_document_is_refused(text: str | None, support: Connection) -> None:
    assert refused_with(support, text) == "ND005"


@pytest.mark.parametrize(
    "parts",
    [
        {"v": 2},
        {"v": "1"},
        {"v": ...},
        {"action": ...},
        {"action": "other"},
        {"database": "1:2"},
        {"database": ...},
        {"units": ...},
        {"units": {}},
        {"units": [[]]},
        {"units": [None]},
        {"units": ["unit"]},
        {"units": [{"unit": 1, "changes": [UPDATE]}]},
        {"units": [{"changes": [UPDATE]}]},
        {"units": [{"unit": "u", "changes": UPDATE}]},
        {"units": [{"unit": "u", "checks": LOOKS, "changes": [UPDATE]}]},
        {"units": [{"unit": "u", "checks": [UPDATE]}]},
        {"units": [{"unit": "u", "checks": [UPDATE], "changes": [UPDATE]}]},
        {"units": [{"unit": "u", "changes": [LOOKS, UPDATE]}]},
        {"units": [{"unit": "u", "checks": ["guard"], "changes": [UPDATE]}]},
        {"units": [{"unit": "u", "checks": [{"guard": 1}], "changes": [UPDATE]}]},
        {"units": [{"unit": "u", "checks": [{"guard": None}], "changes": [UPDATE]}]},
        {"units": [{"unit": "u", "changes": [UPDATE | {"guard": "before"}, UPDATE]}]},
        {"undoes": "nonsense"},
        {"undoes": 5},
        {"undoes": None},
    ],
    ids=str,
)
def test_a_document_of_the_wrong_shape_is_refused(
    parts: dict[str, Any], support: Connection, owner: Connection
) -> None:
    owner.execute("insert into thing (id) values ('t1')")
    assert refused_with(support, json.dumps(document(support, **parts))) == "ND005"
    assert one(owner, "select note from thing") is None


@pytest.mark.parametrize(
    "parts", [{"units": []}, {"undoes": "00000000-0000-4000-8000-000000000000"}], ids=str
)
def test_a_document_of_the_right_shape_that_has_nothing_to_do_is_no_misuse(
    parts: dict[str, Any], support: Connection, owner: Connection
) -> None:
    text = json.dumps(document(support, **parts))
    assert refused_with(support, text) == "ND007"
    with pytest.raises(psycopg.Error) as refused:
        send(support, text)
    assert refusal(refused.value).exit_code is ExitCode.REFUSED


@pytest.mark.parametrize(
    "entry",
    [
        {"verb": None},
        {"verb": "UPDATE"},
        {"verb": "upsert"},
        {"table": None},
        {"table": 5},
        {"table": ""},
        {"table": "thing"},
        {"table": "."},
        {"table": "public."},
        {"table": "a.b.c"},
        {"table": {"public": "thing"}},
        {"key": None},
        {"key": ...},
        {"key": {}},
        {"key": []},
        {"key": "t1"},
        {"key": {"id": None}},
        {"key": {"id": 5}},
        {"key": {"id": ["t1"]}},
        {"key": {"": "t1"}},
        {"before": None},
        {"before": "x"},
        {"before": ["note"]},
        {"before": {}},
        {"before": {"note": 5}},
        {"before": {"note": ["x"]}},
        {"before": {"note": {"$now": 1}}},
        {"before": {"note": None, "": None}},
        {"after": None},
        {"after": {}},
        {"after": []},
        {"after": {"note": 5}},
        {"after": {"note": True}},
        {"after": {"note": ["x"]}},
        {"after": {"note": {"$now": 2}}},
        {"after": {"note": {"$now": 1, "x": 1}}},
        {"verb": "insert"},
        {"verb": "delete"},
        {"verb": "insert", "before": ..., "after": {"id": "t1"}},
    ],
    ids=str,
)
def test_a_change_of_the_wrong_shape_is_refused(
    entry: dict[str, Any], support: Connection, owner: Connection
) -> None:
    owner.execute("insert into thing (id) values ('t1')")
    change = {key: value for key, value in (UPDATE | entry).items() if value is not ...}
    text = json.dumps(document(support, units=[{"unit": "u1", "changes": [change]}]))
    # A table or column that nobody may write is refused as that, before its shape is looked at.
    assert refused_with(support, text) in {"ND005", "42501"}
    assert one(owner, "select note from thing") is None


@pytest.mark.parametrize(
    "arguments",
    [
        {"operation_id": None},
        {"action": None},
        {"action": " "},
        {"reason": None},
        {"reason": "\t"},
        {"on_conflict": None},
        {"on_conflict": "force"},
        {"parent": "00000000-0000-4000-8000-000000000000"},
    ],
    ids=str,
)
def test_arguments_out_of_range_are_refused(
    arguments: dict[str, Any], support: Connection, owner: Connection
) -> None:
    owner.execute("insert into thing (id) values ('t1')")
    with pytest.raises(psycopg.Error) as refused:
        send(support, json.dumps(document(support)), **arguments)
    assert refused.value.sqlstate == "ND005"


_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
_json = st.recursive(
    _scalars | st.sampled_from(["public.thing", "looks", "delete", "id", "t1", {"$now": 1}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "unit",
                    "checks",
                    "changes",
                    "verb",
                    "table",
                    "key",
                    "before",
                    "after",
                    "guard",
                    "id",
                    "note",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_PLACES = (
    ("units",), ("units", 0), ("units", 0, "unit"), ("units", 0, "checks"), ("units", 0, "changes"),
    ("units", 0, "changes", 0), ("units", 0, "changes", 0, "key"), ("units", 0, "changes", 0, "before"),
    ("units", 0, "changes", 0, "after"), ("units", 0, "changes", 0, "after", "note"),
    ("units", 0, "changes", 0, "table"), ("units", 0, "changes", 0, "verb"), ("undoes",), ("v",),
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(_PLACES), value=_json)
def test_whatever_stands_in_a_place_of_the_document_is_applied_or_refused_never_a_crash(
    place: tuple[str | int, ...], value: Any, support: Connection, owner: Connection
) -> None:
    with owner.transaction(force_rollback=True), support.transaction(force_rollback=True):
        support.execute("select 1")
        whole = json.loads(json.dumps(document(support)))
        inner: Any = whole
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = value
        try:
            send(support, json.dumps(whole))
        except psycopg.Error as error:
            refused = error.sqlstate or ""
        else:
            return
    assert refused.startswith(("ND", "22", "23")) or refused == "42501"


@pytest.mark.parametrize(
    "text",
    [
        "", "5", "[]", "{}", '{"v":2}', '{"v":1,"action":"a","database":"d","units":[[]]}',
        '{"v":1,"action":"a","database":"d","units":["guard"]}',
        '{"v":1,"action":"a","database":"d","units":[{"unit":"u","checks":["guard"],"changes":[]}]}',
        '{"v":1,"action":"a","database":"d","units":[{"unit":"u","checks":[],"changes":[{"verb":"update","table":"t","key":[],"before":[],"after":[]}]}]}',
        '{"v":1,"action":"a","database":"d","units":[],"undoes":5}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_a_text_that_is_no_change_set_is_not_read(text: str) -> None:
    with pytest.raises(UsageError):
        ChangeSet.from_text(text)


def test_a_text_is_read_only_in_the_form_whose_hash_was_approved(support: Connection) -> None:
    change = RowChange.update("thing", key={"id": "t1"}, before={"note": None}, after={"note": "x"})
    plan = plan_of(support, change, checks=(RowCheck.looks("thing", key={"id": "t1"}, columns={"whole": 1}),))
    assert ChangeSet.from_text(plan.text).hash == plan.hash
    for other in (
        plan.text + " ",
        plan.text.replace('"v":1', '"v":1,"x":1'),
        json.dumps(json.loads(plan.text)),
    ):
        with pytest.raises(UsageError, match="canonical form"):
            ChangeSet.from_text(other)
