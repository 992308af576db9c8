"""A cursor survives its text form, and nothing else passes for one."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import UsageError
from db.page import Cursor, fetch_page
from tests.db.page.things import Thing, fill, table, things

STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


@given(values=st.lists(st.none() | STORABLE, min_size=1, max_size=4))
def test_a_cursor_reads_back_as_it_was_written(values: list[str | None]) -> None:
    cursor = Cursor("things", "rank", tuple(values))
    text = cursor.encode()
    assert Cursor.decode(text) == cursor
    assert text.replace("-", "").replace("_", "").isalnum()


@given(text=st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_garbage_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError, match="not a page position"):
        Cursor.decode(text)


@pytest.mark.parametrize(
    "body",
    [
        [2, "things", "rank", "1", "a"],
        [1, "things", "rank"],
        [1, 5, "rank", "1"],
        [1, "things", "rank", 7],
        [1, "things", "rank", "nul\x00"],
        [1, "things", "rank", "\ud800"],
        {"listing": "things"},
        "things",
    ],
)
def test_well_formed_text_of_another_shape_is_refused(body: object) -> None:
    text = urlsafe_b64encode(json.dumps(body).encode()).rstrip(b"=").decode()
    with pytest.raises(UsageError, match="not a page position"):
        Cursor.decode(text)


def test_padding_and_length_give_no_second_spelling() -> None:
    text = Cursor("things", "rank", ("1", "a")).encode()
    for other in (text + "=", text + "\n", " " + text, "A" * 5000):
        with pytest.raises(UsageError):
            Cursor.decode(other)


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor("others", "rank", ("1", "a")),
        Cursor("things", "kind", ("a", "0", "a")),
        Cursor("things", "rank", ("1",)),
        Cursor("things", "rank", ("1", None)),
        Cursor("things", "rank", ("one", "a")),
        Cursor("things", "rank", ("1; drop table things", "a")),
    ],
)
def test_a_position_of_another_list_or_shape_is_refused(empty_database: str, cursor: Cursor) -> None:
    with table(empty_database) as connection:
        fill(connection, [Thing("a", 1, "a")])
        with pytest.raises(UsageError, match="position"):
            fetch_page(connection, things(), sort="rank", after=cursor)
