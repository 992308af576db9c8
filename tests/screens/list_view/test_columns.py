from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from screens.list_view.columns import GAP, Align, Column, Cut, content_widths, fit
from screens.list_view.drawing import row_runs, title_text
from screens.tone import Tone

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID: Column[str] = Column("id", lambda row, _now: row, cut=Cut.MIDDLE, least=8, most=20)
NAME: Column[str] = Column("name", lambda row, _now: row[::-1], least=6, most=30, priority=1)
COUNT: Column[str] = Column("n", lambda row, _now: len(row), align=Align.RIGHT, priority=2)
COLUMNS = (ID, NAME, COUNT)


@given(st.lists(st.text(max_size=80), max_size=8), st.integers(1, 200))
def test_no_line_is_ever_wider_than_its_room(rows: list[str], width: int) -> None:
    fitted = fit(COLUMNS, content_widths(COLUMNS, rows, NOW), width)
    assert sum(each.width for each in fitted) + GAP * (len(fitted) - 1) <= max(width, 1)
    room = sum(each.width for each in fitted) + GAP * (len(fitted) - 1)
    assert cell_len(title_text(fitted)) <= room
    for row in rows:
        line = "".join(run.text for run in row_runs(fitted, row, NOW))
        assert cell_len(line) == room
        assert line.isprintable()


def test_the_least_important_column_leaves_first() -> None:
    wanted = content_widths(COLUMNS, ["abcdefgh"], NOW)
    assert [each.column.title for each in fit(COLUMNS, wanted, 40)] == ["id", "name", "n"]
    assert [each.column.title for each in fit(COLUMNS, wanted, 18)] == ["id", "name"]
    assert [each.column.title for each in fit(COLUMNS, wanted, 10)] == ["id"]


def test_an_important_column_is_whole_before_another_comes() -> None:
    wanted = content_widths(COLUMNS, ["customer.subscription.updated"], NOW)
    fitted = {each.column.title: each.width for each in fit(COLUMNS, wanted, 51)}
    assert fitted == {"id": 20, "name": 29}


def test_columns_keep_the_width_that_earlier_rows_needed() -> None:
    wide = content_widths(COLUMNS, ["x" * 15], NOW)
    assert content_widths(COLUMNS, ["x"], NOW, wide) == wide


def test_ids_keep_both_ends_and_hostile_text_its_own_tone() -> None:
    fitted = fit((ID,), (20,), 20)
    assert row_runs(fitted, "evt_1234567890abcdefghijklmnop", NOW)[0].text == "evt_123456789…klmnop"
    runs = row_runs(fitted, "a\x1bb", NOW)
    assert [(run.text.strip(), run.tone) for run in runs] == [
        ("a", Tone.PLAIN),
        ("\\x1b", Tone.ALTERED),
        ("b", Tone.PLAIN),
    ]
