"""Confirming on small terminals: what is decided by stays in view, or nothing can be decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from console.shell import Console
from screens.ask import Ask
from screens.confirm import Confirm
from screens.confirm.room import TOO_SMALL, shortened
from screens.confirm.screen import Stage
from tests.console.consoles import add_reservations, audited, expiry, heard, running, text_of
from tests.coroutines import until

AsRole = Callable[[str, str], str]

AFTER = "2031-01-08 01:00:00"


@pytest.fixture
def reserved(platform_database: str) -> str:
    add_reservations(platform_database)
    return platform_database


async def _previewed(console: Console, pilot: Pilot[Any]) -> Confirm:
    await pilot.press("e")
    await until(pilot, lambda: isinstance(console.screen, Ask))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(console.screen, Confirm))
    dialog = await heard(console, pilot)
    await pilot.pause()
    return dialog


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (60, 15)], ids=["160x45", "80x24", "60x15"])
async def test_reason_buttons_and_hint_are_always_in_view(
    reserved: str, as_role: AsRole, size: tuple[int, int]
) -> None:
    async with running(as_role(reserved, "support"), size=size) as (console, pilot):
        dialog = await _previewed(console, pilot)
        for name in ("#reason", "#cancel", "#apply", "#outcome"):
            assert dialog.region.contains_region(dialog.query_one(name).region), name
            assert dialog.query_one(name).region.height, name
        assert "Esc cancels" in text_of(console)
        assert "Extend the reservation of u1" in text_of(console)
        assert dialog.query_one("#body").scroll_y == 0


async def test_the_body_scrolls_by_keys_wherever_the_focus_is(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support"), size=(60, 15)) as (console, pilot):
        dialog = await _previewed(console, pilot)
        body = dialog.query_one("#body")
        dialog.query_one("#changes").styles.min_height = 40
        await until(pilot, lambda: body.max_scroll_y > 20)
        assert body.show_vertical_scrollbar
        await pilot.press("pagedown")
        await until(pilot, lambda: body.scroll_y >= body.size.height - 1)
        await pilot.press("pageup", "down", "down")
        await until(pilot, lambda: body.scroll_y == 2)
        await pilot.press("tab", "up")
        await until(pilot, lambda: body.scroll_y == 1)
        assert isinstance(dialog.focused, Input)
        assert dialog.region.contains_region(dialog.query_one("#apply").region)


@pytest.mark.parametrize("size", [(59, 24), (80, 14), (40, 10)])
async def test_a_terminal_too_small_confirms_nothing(
    reserved: str, as_role: AsRole, size: tuple[int, int]
) -> None:
    async with running(as_role(reserved, "support"), size=size) as (console, pilot):
        dialog = await _previewed(console, pilot)
        assert TOO_SMALL[:30] in " ".join(text_of(console).split())
        await pilot.press("tab", *"blind", "enter", "enter", "enter")
        dialog.query_one("#reason", Input).value = "blind"
        dialog._applied()
        await pilot.pause()
        assert dialog.stage is Stage.PREVIEW
        await pilot.press("escape")
        await until(pilot, lambda: console.screen is not dialog)
    assert audited(reserved) == 0


async def test_resizing_keeps_the_dialog_its_reason_and_its_plan(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support"), size=(80, 24)) as (console, pilot):
        dialog = await _previewed(console, pilot)
        plan = dialog.plan
        await pilot.press("tab", *"ticket 9")
        await pilot.resize_terminal(40, 10)
        await until(pilot, lambda: dialog.has_class("-too-small"))
        await pilot.press("enter", "enter")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: not dialog.has_class("-too-small") and not dialog.deaf)
        assert console.screen is dialog
        assert dialog.plan is plan
        assert dialog.query_one("#reason", Input).value == "ticket 9"
        assert dialog.focused is dialog.query_one("#reason", Input)
        await pilot.press("enter")
        await until(pilot, lambda: not dialog.deaf)
        await pilot.press("enter")
        await until(pilot, lambda: dialog.stage is Stage.DONE)
    assert expiry(reserved, "u1") == AFTER


async def test_letters_typed_on_a_button_begin_the_reason_and_press_nothing(
    reserved: str, as_role: AsRole
) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        dialog = await _previewed(console, pilot)
        assert dialog.focused is not None
        assert dialog.focused.id == "cancel"
        await pilot.press(*"use 7")
        await until(pilot, lambda: dialog.query_one("#reason", Input).value == "use 7")
        assert dialog.query_one("#reason", Input).has_focus
        assert dialog.stage is Stage.PREVIEW
    assert audited(reserved) == 0


async def test_after_a_lock_the_same_operation_can_be_sent_again(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        dialog = await _previewed(console, pilot)
        operation = dialog._operation_id
        await pilot.press("tab", *"locked", "enter")
        await until(pilot, lambda: not dialog.deaf)
        with psycopg.connect(reserved) as other:
            other.execute("select from users where username = 'u1' for update")
            await pilot.press("enter")
            await until(pilot, lambda: dialog.stage is Stage.REFUSED)
            assert "holds a lock" in " ".join(text_of(console).replace("│", " ").split())
        dialog.query_one("#apply", Button).focus()
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: dialog.stage is Stage.DONE)
        assert dialog._operation_id == operation
    assert expiry(reserved, "u1") == AFTER
    assert audited(reserved) == 1


def test_a_hash_is_shortened_in_its_middle() -> None:
    text = "0123456789abcdef" * 4
    assert shortened(text, 64) == text
    assert shortened(text, 20) == f"{text[:13]}…{text[-6:]}"
    assert len(shortened(text, 44)) == 44
