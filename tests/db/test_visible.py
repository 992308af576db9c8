from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.visible import MARKS_KEPT, visible, visible_parts

any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ana@example.org", "ana@example.org"),
        ("Ana Müller 日本", "Ana Müller 日本"),
        ("", ""),
        (None, ""),
        (7, "7"),
        (True, "True"),
        (b"\x00\xff", "\\x00ff"),
        ("a\nb\tc\rd", "a⏎b\\tc\\x0dd"),
        ("\x1b]52;c;cm0=\x07", "\\x1b]52;c;cm0=\\x07"),
        ("bob\x9b31m", "bob\\x9b31m"),
        ("user\u202egpj.exe", "user<U+202E>gpj.exe"),
        ("a\u200bb\u2060\ufeff", "a<U+200B>b<U+2060><U+FEFF>"),
        ("\U000e0041", "<U+E0041>"),
        ("\ud800", "<U+D800>"),
        ("\u3164\u2800\u115f", "<U+3164><U+2800><U+115F>"),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 9 + "x", "e\u0301\u0301<+7 marks>x"),
        ("\u0301a", "◌\u0301a"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("👩\u200d💻", "👩<U+200D>💻"),
        ("a\u00a0b", "a<U+00A0>b"),
    ],
)
def test_each_kind_of_character_is_shown_as_documented(value: object, shown: str) -> None:
    assert visible(value) == shown


@given(any_text)
def test_nothing_acts_and_nothing_is_invisible(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    marks = 0
    for character in shown:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        assert marks <= MARKS_KEPT


@given(any_text)
def test_showing_what_is_shown_changes_nothing(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(any_text)
def test_ascii_only_is_ascii(text: str) -> None:
    shown = visible(text, ascii_only=True)
    assert shown.isascii()
    assert shown.isprintable()


@given(any_text, st.integers(min_value=0, max_value=20))
def test_a_limit_says_how_much_is_left_out(text: str, limit: int) -> None:
    shown = visible(text, limit=limit)
    if len(text) <= limit:
        assert shown == visible(text)
    else:
        assert shown == visible(text[:limit]) + f"…(+{len(text) - limit})"


@given(any_text)
def test_parts_join_to_the_text_and_alternate(text: str) -> None:
    parts = visible_parts(text)
    assert "".join(part.text for part in parts) == visible(text)
    assert all(left.altered is not right.altered for left, right in pairwise(parts))
    assert all(part.text for part in parts)


def test_a_literal_backslash_is_told_from_a_control() -> None:
    assert [part.altered for part in visible_parts("\\x1b\x1b")] == [False, True]


def test_a_huge_value_costs_its_limit_only() -> None:
    assert visible("\x1b" * 5_000_000, limit=2) == "\\x1b\\x1b…(+4999998)"
