"""A table may have more columns than a function takes arguments."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from db.changes import RowChange, apply, find_operation, undo_plan
from db.errors import RowsMoved
from tests.db.changes.ground import Connection, assert_audit_whole, do, one, register, rows

COLUMNS = tuple(f"c{n:03}" for n in range(120))


@pytest.fixture
def wide(owner: Connection) -> Iterator[None]:
    """A registered table of 121 columns."""
    listed = ", ".join(f"{column} integer" for column in COLUMNS)
    owner.execute(f"create table wide (id text primary key, {listed})")
    register(owner, "wide")
    yield
    owner.execute("delete from nightdesk.permission where table_name = 'public.wide'")
    owner.execute("delete from nightdesk.platform_table where table_name = 'public.wide'")
    owner.execute("drop table wide")


def test_every_column_of_a_wide_table_is_written_compared_and_put_back(
    wide: None, support: Connection, owner: Connection
) -> None:
    first = {column: n for n, column in enumerate(COLUMNS)}
    second = {column: n + 1000 for n, column in enumerate(COLUMNS)}
    inserted = do(support, RowChange.insert("wide", key={"id": "w"}, after=first))
    image = find_operation(support, inserted.code).images[0].after
    assert image == {"id": "w", **{column: str(value) for column, value in first.items()}}
    updated = do(support, RowChange.update("wide", key={"id": "w"}, before=first, after=second))
    assert rows(owner, f"select {', '.join(COLUMNS)} from wide") == [tuple(second.values())]

    with pytest.raises(RowsMoved) as moved:
        do(support, RowChange.delete("wide", key={"id": "w"}, before=first))
    assert isinstance(found := moved.value.moved[0]["columns"], list)
    assert [(entry["column"], entry["now"]) for entry in found] == [
        (column, str(value)) for column, value in second.items()
    ]

    deleted = do(support, RowChange.delete("wide", key={"id": "w"}, before=second))
    for receipt, stands in ((deleted, [second]), (updated, [first]), (inserted, [])):
        apply(support, undo_plan(support, receipt.code), operation_id=uuid4(), reason="undone")
        assert rows(owner, f"select {', '.join(COLUMNS)} from wide") == [
            tuple(row.values()) for row in stands
        ]
    assert one(owner, "select count(*) from nightdesk.row_change") == 6
    assert_audit_whole(owner)
