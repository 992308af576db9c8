"""Reveals and histories: what an operator may not read, no key of theirs confirms."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from db.changes import RowChange
from tests.db.changes.ground import Connection, do, one, rows, seen_by

DENIED = psycopg.errors.InsufficientPrivilege
REVEAL = "select nightdesk.reveal_value(%s, %s, %s, 'curious')"


@pytest.fixture
def viewer(ground_database: str, owner: Connection) -> Iterator[Connection]:
    """A viewer for whom `code` of `parent` is personal data."""
    owner.execute("insert into parent values ('p', 'hidden', 'n')")
    owner.execute("revoke select (code) on parent from nightdesk_viewer")
    try:
        with seen_by(ground_database, "viewer") as connection:
            yield connection
    finally:
        owner.execute("grant select (code) on parent to nightdesk_viewer")


@pytest.mark.parametrize("guess", ["hidden", "wrong"])
def test_a_reveal_confirms_no_hidden_value(guess: str, viewer: Connection, owner: Connection) -> None:
    with pytest.raises(DENIED, match=r"may not read public\.parent\.code"):
        viewer.execute(REVEAL, ("public.parent", f'{{"code": "{guess}"}}', "id"))
    assert rows(owner, "select * from nightdesk.reveal") == []


def test_a_reveal_by_what_one_may_read_is_on_record(support: Connection, viewer: Connection) -> None:
    assert one(support, REVEAL, "public.parent", '{"code": "hidden"}', "name") == "n"
    assert one(viewer, REVEAL, "public.parent", '{"id": "p"}', "name") == "n"
    assert [row[0] for row in rows(viewer, "select operator from nightdesk.reveal order by id")] == [
        "test_support",
        "test_viewer",
    ]


def test_a_reveal_names_one_row(support: Connection, owner: Connection) -> None:
    owner.execute("insert into parent values ('p', 'c', 'same'), ('q', 'd', 'same')")
    with pytest.raises(psycopg.Error, match="does not identify one row"):
        support.execute(REVEAL, ("public.parent", '{"name": "same"}', "code"))
    assert rows(owner, "select * from nightdesk.reveal") == []


@pytest.mark.parametrize("key", ["{}", "[]", "null", '{"ctid": "(0,1)"}', '{"nothing": "x"}'])
def test_a_reveal_without_a_key_is_refused(key: str, support: Connection) -> None:
    with pytest.raises(psycopg.Error, match=r"names no record|has no column"):
        support.execute(REVEAL, ("public.parent", key, "name"))


def test_a_viewer_reads_who_looked_and_not_which_key_was_named(
    support: Connection, viewer: Connection
) -> None:
    one(support, REVEAL, "public.parent", '{"code": "hidden"}', "name")
    assert one(viewer, "select operator from nightdesk.reveal") == "test_support"
    with pytest.raises(DENIED):
        viewer.execute("select key from nightdesk.reveal")
    assert one(support, "select key ->> 'code' from nightdesk.reveal") == "hidden"


def test_a_history_is_not_asked_for_by_what_is_hidden(support: Connection, viewer: Connection) -> None:
    do(
        support,
        RowChange.update("parent", key={"code": "hidden"}, before={"name": "n"}, after={"name": "m"}),
    )
    history = "select count(*) from nightdesk.record_history('public.parent', '{\"code\": \"hidden\"}')"
    assert one(support, history) == 1
    assert one(viewer, history) == 0
