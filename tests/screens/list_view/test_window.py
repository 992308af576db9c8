from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from screens.list_view.source import PageRequest, Step
from screens.list_view.window import WINDOW_ROWS, Loaded, View, Window, found_again, reread
from tests.screens.list_view.numbers import Number, Numbers


def _first(source: Numbers) -> Window[Number]:
    request = PageRequest(Step.FIRST)
    return Window((Loaded(request, source(request)),))


def _extend(window: Window[Number], source: Numbers, step: Step) -> tuple[Window[Number], int]:
    request = PageRequest(step, window.below if step is Step.AFTER else window.above)
    loaded = Loaded(request, source(request))
    return window.with_below(loaded) if step is Step.AFTER else window.with_above(loaded)


def _values(window: Window[Number]) -> list[int]:
    return [row.value for row in window.rows]


def test_the_window_is_bounded_and_can_walk_back_to_where_it_began() -> None:
    source = Numbers.up_to(2_000)
    window = _first(source)
    shifts = 0
    while window.below is not None:
        window, shift = _extend(window, source, Step.AFTER)
        shifts += shift
        assert len(window.rows) <= WINDOW_ROWS
    assert _values(window) == list(range(1_500, 2_000))
    assert shifts == -1_500
    while window.above is not None:
        window, _shift = _extend(window, source, Step.BEFORE)
    assert _values(window) == list(range(500))


@given(st.lists(st.booleans(), max_size=40))
def test_any_walk_leaves_one_gapless_stretch(steps: list[bool]) -> None:
    source = Numbers.up_to(1_234)
    window = _first(source)
    place = 0
    for down in steps:
        step = Step.AFTER if down else Step.BEFORE
        if (window.below if down else window.above) is None:
            continue
        under_cursor = window.rows[place]
        window, shift = _extend(window, source, step)
        place = max(0, min(place + shift, len(window.rows) - 1))
        if 0 < place < len(window.rows) - 1:
            assert window.rows[place] == under_cursor
        values = _values(window)
        assert values == list(range(values[0], values[0] + len(values)))


def test_rereading_follows_rows_that_came_in_front() -> None:
    source = Numbers.up_to(300)
    window, _shift = _extend(_first(source), source, Step.AFTER)
    source.rows[:0] = [Number(-3), Number(-2), Number(-1)]
    again = reread(window.pages, source)
    assert _values(again) == list(range(-3, 197))


def test_rereading_reads_only_the_pages_in_view() -> None:
    source = Numbers.up_to(1_000)
    window = _first(source)
    for _ in range(3):
        window, _shift = _extend(window, source, Step.AFTER)
    assert [loaded.page.rows[0].value for loaded in window.pages_over(150, 170)] == [100]
    assert [loaded.page.rows[0].value for loaded in window.pages_over(190, 210)] == [100, 200]
    assert [loaded.page.rows[0].value for loaded in window.pages_over(0, 99)] == [0]


def test_the_cursor_stays_on_its_row_and_line() -> None:
    source = Numbers.up_to(50)
    old = _first(source)
    source.rows[:0] = [Number(-2), Number(-1)]
    new = reread(old.pages, source)
    view = found_again(old, View(10, 15), new, lambda row: row.value)
    assert view == View(12, 17)
    assert new.rows[view.cursor] == old.rows[15]


def test_a_row_that_left_gives_its_place_to_its_neighbour() -> None:
    source = Numbers.up_to(50)
    old = _first(source)
    del source.rows[15]
    new = reread(old.pages, source)
    assert new.rows[found_again(old, View(10, 15), new, lambda row: row.value).cursor].value == 16
    del source.rows[20:]
    last = reread(old.pages, source)
    assert last.rows[found_again(old, View(10, 30), last, lambda row: row.value).cursor].value == 20


def test_nothing_is_left_of_an_emptied_list() -> None:
    source = Numbers.up_to(5)
    old = _first(source)
    source.rows.clear()
    assert (
        found_again(old, View(0, 3), reread(old.pages, source), lambda row: row.value).settled(0, 10)
        == View()
    )


@given(
    st.integers(-50, 600),
    st.integers(-50, 600),
    st.integers(0, 550),
    st.integers(0, 60),
    st.integers(-99, 99),
)
def test_a_settled_view_shows_its_cursor(top: int, cursor: int, rows: int, height: int, delta: int) -> None:
    view = View(top, cursor).moved(delta, rows, height)
    assert 0 <= view.cursor <= max(rows - 1, 0)
    assert view.top <= view.cursor < view.top + max(height, 1)
    assert view.top == 0 or view.top + max(height, 1) <= rows
