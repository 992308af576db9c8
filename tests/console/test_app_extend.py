from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from screens.ask import Ask
from screens.confirm import Confirm
from screens.confirm.screen import Stage
from screens.reservations import ReservationsScreen
from tests.console.consoles import add_reservations, area, audited, expiry, heard, running, settled, text_of
from tests.coroutines import until

AsRole = Callable[[str, str], str]

BEFORE = "2031-01-01 01:00:00"
AFTER = "2031-01-08 01:00:00"


@pytest.fixture
def reserved(platform_database: str) -> str:
    add_reservations(platform_database)
    return platform_database


async def test_extend_and_undo_from_plan_to_receipt(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.press("enter")
        dialog = await heard(console, pilot)
        assert dialog.focused is not None
        assert dialog.focused.id == "cancel"
        shown = text_of(console)
        assert "1 record: 1 row of users changed" in shown
        assert BEFORE in shown
        assert AFTER in shown
        assert dialog.plan.hash in shown
        await pilot.press("tab", *"ticket 4711", "enter")
        await until(pilot, lambda: not dialog.deaf)
        await pilot.press("enter")
        await until(pilot, lambda: dialog.stage in (Stage.DONE, Stage.REFUSED))
        assert "done" in text_of(console), text_of(console)
        assert expiry(reserved, "u1") == AFTER
        assert "ND-" in text_of(console)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(console.screen, Confirm) and console.screen is not dialog)
        undo = await heard(console, pilot)
        assert expiry(reserved, "u1") == AFTER
        await pilot.press("tab", *"wrong user", "enter")
        await until(pilot, lambda: not undo.deaf)
        await pilot.press("enter")
        await until(pilot, lambda: undo.stage in (Stage.DONE, Stage.REFUSED))
        await until(pilot, lambda: "no undo" in text_of(console))
        await pilot.press("escape")
        await settled(console, pilot)
    assert expiry(reserved, "u1") == BEFORE
    assert audited(reserved) == 2


async def test_the_trigger_key_and_enter_confirm_nothing(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.press("enter")
        dialog = await heard(console, pilot)
        await pilot.press("e")
        assert console.screen is dialog
        await pilot.press("enter")
        await pilot.pause()
        assert dialog.stage is Stage.PREVIEW
        await until(pilot, lambda: not dialog.deaf)
        await pilot.press("escape")
        await until(pilot, lambda: console.screen is not dialog)
        await settled(console, pilot)
    assert expiry(reserved, "u1") == BEFORE
    assert audited(reserved) == 0


async def test_a_dialog_hears_nothing_while_it_is_deaf(
    reserved: str, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.deaf.DEAF_SECONDS", 3_600.0)
    async with running(as_role(reserved, "support")) as (console, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(console.screen, Confirm) and console.screen.focused is not None)
        await pilot.press("escape", "enter", "tab", "x")
        await pilot.click("#cancel")
        await pilot.pause()
        dialog = console.screen
        assert isinstance(dialog, Confirm)
        assert dialog.focused is not None
        assert dialog.focused.id == "cancel"


async def test_enter_twice_in_the_reason_applies_nothing(
    reserved: str, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.press("enter")
        dialog = await heard(console, pilot)
        monkeypatch.setattr("screens.deaf.DEAF_SECONDS", 3_600.0)
        await pilot.press("tab", *"habit", "enter", "enter", "enter")
        await pilot.pause()
        assert dialog.focused is not None
        assert dialog.focused.id == "apply"
        assert dialog.stage is Stage.PREVIEW
    assert audited(reserved) == 0


async def test_a_second_repair_waits_until_the_first_has_ended(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        screen = area(console)
        assert isinstance(screen, ReservationsScreen)
        # Both before the first dialog stands, as two keys in one burst are.
        screen.extend()
        screen.extend()
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.pause()
        assert len(console.screen_stack) == 2
        await pilot.press("escape")
        await until(pilot, lambda: console.screen is screen)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))


async def test_without_a_reason_nothing_can_be_applied(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.press("enter")
        dialog = await heard(console, pilot)
        await pilot.press("tab", "space", "enter", "tab", "enter")
        await pilot.pause()
        assert dialog.stage is Stage.PREVIEW or console.screen is not dialog
    assert audited(reserved) == 0


async def test_a_row_that_moved_since_the_preview_is_refused(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.press("enter")
        dialog = await heard(console, pilot)
        with psycopg.connect(reserved, autocommit=True) as other:
            other.execute("update users set reservation_expires_at = '2032-02-02' where username = 'u1'")
        await pilot.press("tab", *"late", "enter")
        await until(pilot, lambda: not dialog.deaf)
        await pilot.press("enter")
        await until(pilot, lambda: dialog.stage is Stage.REFUSED)
        assert "2032-02-02" in text_of(console)
    assert expiry(reserved, "u1") == "2032-02-02 00:00:00"


async def test_pressing_apply_again_and_again_applies_once(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await pilot.press("enter")
        dialog = await heard(console, pilot)
        await pilot.press("tab", *"once", "enter")
        await until(pilot, lambda: not dialog.deaf)
        for _ in range(5):
            dialog._applied()
        await until(pilot, lambda: dialog.stage is Stage.DONE)
    assert audited(reserved) == 1
    assert expiry(reserved, "u1") == AFTER


@pytest.mark.parametrize(
    ("role", "sentence"), [("viewer", "it needs the role oncall or support"), ("dba", "it needs the role")]
)
async def test_a_dim_key_says_why(reserved: str, as_role: AsRole, role: str, sentence: str) -> None:
    async with running(as_role(reserved, role)) as (console, pilot):
        assert "(e extend)" in area(console).key_bar.plain
        await pilot.press("e")
        await pilot.pause()
        assert sentence in area(console).status.message
        assert not isinstance(console.screen, Ask)


async def test_a_reservation_without_expiry_cannot_be_extended_by_days(
    reserved: str, as_role: AsRole
) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        await pilot.press("end")
        await until(pilot, lambda: getattr(area(console).current, "expires_at", 0) is None)
        await pilot.press("e")
        await pilot.pause()
        assert "no expiry to move" in area(console).status.message
