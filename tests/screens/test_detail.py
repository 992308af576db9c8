from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from screens.detail.fields import Document, Field, Group
from screens.detail.json_text import indented
from screens.detail.layout import LINES_MOST, lines
from screens.list_view.drawing import Run
from screens.tone import Tone

any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=120)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def _text(sections: tuple[Group | Document, ...], width: int) -> list[str]:
    return ["".join(run.text for run in line) for line in lines(sections, width)]


@pytest.mark.parametrize(
    "number",
    ["9007199254740993", "1.10", "1e400", "-0", "12345678901234567890.123456789012345678901234567890"],
)
def test_numbers_keep_every_digit(number: str) -> None:
    assert f'"n": {number}' in "\n".join(indented(f'{{"n":{number}}}'))


def test_keys_that_stand_twice_stay_twice() -> None:
    assert list(indented('{"a":1,"a":2}')) == ["{", '  "a": 1,', '  "a": 2', "}"]


@given(documents)
def test_indenting_changes_no_value(document: object) -> None:
    compact = json.dumps(document, ensure_ascii=False)
    assert json.loads("\n".join(indented(compact))) == document


@given(any_text)
def test_what_is_no_json_still_comes_out(text: str) -> None:
    told = "".join("".join(indented(text)).split())
    assert told == "".join(text.split())


@given(st.lists(st.tuples(any_text, any_text), max_size=6), any_text, st.integers(8, 120))
def test_no_line_is_wider_than_the_pane(pairs: list[tuple[str, str]], document: str, width: int) -> None:
    fields = tuple(Field(label, value) for label, value in pairs)
    for line in _text((Group(document, fields), Document(document, document)), width):
        assert cell_len(line) <= width
        assert line.isprintable()


def test_labels_of_all_groups_stand_in_one_column() -> None:
    groups = (Group("One", (Field("a", 1),)), Group("Two", (Field("much longer", 2),)))
    assert _text(groups, 60) == ["One", "a            1", "", "Two", "much longer  2"]


def test_nothing_empty_and_long_values_are_told_apart() -> None:
    group = Group("G", (Field("none", None), Field("empty", ""), Field("long", ("word " * 8).strip())))
    assert _text((group,), 24) == [
        "G",
        "none   –",
        "empty  ''",
        "long   word word word",
        "       word word word",
        "       word word",
    ]


def test_a_huge_document_is_cut_and_says_so() -> None:
    told = _text((Document("Payload", "[" + "1," * 9_000 + "1]"),), 40)
    assert len(told) == LINES_MOST + 1
    assert "command line" in told[-1]


def test_titles_and_labels_are_spelled_out_like_values() -> None:
    (title, field) = lines((Group("bob\x1b]0;x\x07 · users", (Field("note\x9b", 1),)),), 60)
    assert title == (
        Run("bob", Tone.STRONG),
        Run("\\x1b", Tone.ALTERED),
        Run("]0;x", Tone.STRONG),
        Run("\\x07", Tone.ALTERED),
        Run(" · users", Tone.STRONG),
    )
    assert field[:2] == (Run("note", Tone.QUIET), Run("\\x9b", Tone.ALTERED))


def test_a_long_title_is_wrapped_so_that_its_end_is_not_lost() -> None:
    assert _text((Group("a name of many words · users · changed", ()),), 20) == [
        "a name of many",
        "words · users ·",
        "changed",
    ]
