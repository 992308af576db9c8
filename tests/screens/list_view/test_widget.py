from __future__ import annotations

import threading
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from db.errors import PermissionDenied
from db.page import Page
from screens.list_view import ListView, PageRequest, Step
from tests.coroutines import until
from tests.screens.list_view.numbers import COLUMNS, Number, Numbers


class ListApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.list: ListView[Number] = ListView(COLUMNS, lambda row: row.value)

    def compose(self) -> ComposeResult:
        yield self.list


def _lines(widget: ListView[Number]) -> list[str]:
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


async def _settled(pilot: Pilot[Any], widget: ListView[Number]) -> None:
    await until(pilot, lambda: not widget.busy)


def _value(widget: ListView[Number]) -> int | None:
    return widget.current.value if widget.current else None


async def test_it_walks_a_long_list_both_ways_with_few_rows_in_memory() -> None:
    app, source = ListApp(), Numbers.up_to(3_000)
    async with app.run_test(size=(40, 21)) as pilot:
        app.list.focus()
        app.list.show(source)
        await _settled(pilot, app.list)
        assert _lines(app.list)[:2] == ["  value  label", "› " + "    0  row 0"]
        await pilot.press("j", "down", "k")
        assert _value(app.list) == 1
        for page in range(1, 80):
            await pilot.press("pagedown")
            await until(pilot, lambda expected=1 + page * 19: _value(app.list) == expected)  # type: ignore[misc]
        assert len(app.list.rows) <= 500
        await pilot.press("G")
        await until(pilot, lambda: _value(app.list) == 2_999)
        await pilot.press("pageup")
        await until(pilot, lambda: _value(app.list) == 2_980)
        await pilot.press("g")
        await until(pilot, lambda: _value(app.list) == 0)
        assert all(request.limit == 100 for request in source.asked)


async def test_refresh_keeps_the_cursor_on_its_row() -> None:
    app, source = ListApp(), Numbers.up_to(60)
    async with app.run_test(size=(40, 11)) as pilot:
        app.list.focus()
        app.list.show(source)
        await _settled(pilot, app.list)
        await pilot.press(*["j"] * 15)
        line = _lines(app.list).index("›    15  row 15")
        source.rows[:0] = [Number(-2, "new"), Number(-1, "new")]
        app.list.reload()
        await _settled(pilot, app.list)
        assert _value(app.list) == 15
        assert _lines(app.list)[line] == "›    15  row 15"


async def test_a_refresh_repaints_only_lines_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    app, source = ListApp(), Numbers.up_to(60)
    async with app.run_test(size=(40, 11)) as pilot:
        app.list.show(source)
        await _settled(pilot, app.list)
        await pilot.pause()
        repainted: list[int] = []

        def record(*regions: Region, **_options: bool) -> ListView[Number]:
            repainted.extend(region.y for region in regions)
            return app.list

        monkeypatch.setattr(app.list, "refresh", record)
        app.list.reload()
        await _settled(pilot, app.list)
        assert repainted == []
        source.rows[3] = Number(3, "other")
        app.list.reload()
        await _settled(pilot, app.list)
        assert repainted == [4]


async def test_states_are_said_in_words() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 8)) as pilot:
        app.list.show(Numbers.up_to(0), empty=lambda: "no reservation is pending")
        await _settled(pilot, app.list)
        assert "no reservation is pending" in _lines(app.list)[2]
        app.list.block("`users` does not exist here: migration 0001 is pending")
        assert app.list.sentence == "`users` does not exist here: migration 0001 is pending"

        def refused(_request: PageRequest) -> Page[Number]:
            raise PermissionDenied("viewer may not read this")

        app.list.show(refused)
        await until(pilot, lambda: app.list.sentence == "viewer may not read this")


@pytest.mark.parametrize(("patience", "said"), [(0.01, "loading…"), (3_600.0, "")], ids=["lasts", "short"])
async def test_loading_is_said_only_when_it_lasts(
    monkeypatch: pytest.MonkeyPatch, patience: float, said: str
) -> None:
    monkeypatch.setattr("screens.list_view.widget.LOADING_AFTER", patience)
    app, release = ListApp(), threading.Event()

    def slow(request: PageRequest) -> Page[Number]:
        release.wait(60)
        return Numbers.up_to(3)(request)

    async with app.run_test(size=(60, 8)) as pilot:
        app.list.show(slow)
        await pilot.pause()
        await until(pilot, lambda: app.list.sentence == said)
        release.set()
        await until(pilot, lambda: len(app.list.rows) == 3)
        assert app.list.sentence == ""


async def test_a_late_answer_of_another_list_is_dropped() -> None:
    app, release = ListApp(), threading.Event()

    def late(request: PageRequest) -> Page[Number]:
        release.wait(10)
        return Numbers.up_to(99)(request)

    async with app.run_test(size=(60, 8)) as pilot:
        app.list.show(late)
        await pilot.pause()
        app.list.show(Numbers.up_to(2))
        await until(pilot, lambda: len(app.list.rows) == 2)
        release.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert len(app.list.rows) == 2


async def test_an_unexpected_failure_leaves_the_list_usable() -> None:
    app, source = ListApp(), Numbers.up_to(5)
    failing = True

    def broken(request: PageRequest) -> Page[Number]:
        if failing:
            raise RuntimeError("boom")
        return source(request)

    async with app.run_test(size=(60, 8)) as pilot:
        app.list.show(broken)
        await until(pilot, lambda: "unexpected" in app.list.sentence)
        failing = False
        app.list.reload()
        await until(pilot, lambda: len(app.list.rows) == 5)


async def test_pages_without_matches_are_not_walked_by_themselves() -> None:
    app = ListApp()
    asked: list[PageRequest] = []

    def sparse(request: PageRequest) -> Page[Number]:
        asked.append(request)
        page = Numbers.up_to(500)(request)
        return Page((), page.before, page.after, page.as_of, 0.1, "looked through 100 rows")

    async with app.run_test(size=(70, 8)) as pilot:
        app.list.focus()
        app.list.show(sparse)
        await _settled(pilot, app.list)
        assert [request.step for request in asked] == [Step.FIRST]
        assert "PgDn looks further" in app.list.sentence
        await pilot.press("pagedown")
        await until(pilot, lambda: len(asked) == 2)
