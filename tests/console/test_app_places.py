from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

import psycopg
import pytest

from db.capabilities import Capabilities
from db.page import Page
from screens.list_view import PageRequest
from screens.places import Place
from screens.sheet import Query
from screens.webhooks import WebhooksScreen
from tests.console.consoles import add_reservations, area, running, settled, text_of
from tests.coroutines import until

AsRole = Callable[[str, str], str]

PEOPLE = ("viewer", "support", "oncall", "dba")


@pytest.mark.parametrize("role", PEOPLE)
async def test_every_place_shows_rows_and_details_to_every_role(
    demo_database: str, as_role: AsRole, role: str
) -> None:
    async with running(as_role(demo_database, role), Place.OVERVIEW) as (console, pilot):
        for place in Place:
            await pilot.press(place.key)
            await until(pilot, lambda here=place: area(console).place is here)  # type: ignore[misc]
            await settled(console, pilot)
            for view in area(console).sheets:
                view.rows.focus()
                await pilot.pause()
                assert view.rows.rows, (place, role, view.rows.sentence)
                if place is not Place.OVERVIEW:
                    await pilot.press("enter")
                    await until(pilot, lambda: len(area(console).detail.plain) > 40)
                    assert "may not do that" not in area(console).detail.plain
                    await pilot.press("escape")
                    assert not area(console).detail_open
            assert f"[{place.key} {place.heading}]" in text_of(console)


async def test_the_masthead_says_where_and_who_and_what_is_allowed(
    demo_database: str, as_role: AsRole
) -> None:
    async with running(as_role(demo_database, "viewer"), size=(140, 30)) as (console, _pilot):
        first = text_of(console).splitlines()[0]
    assert "UNKNOWN, AS PRODUCTION" in first
    assert "@local socket" in first
    assert " viewer " in first
    assert "as test_viewer" in first
    assert "PostgreSQL 1" in first


async def test_a_missing_table_is_a_sentence_and_the_rest_works(
    platform_database: str, as_role: AsRole
) -> None:
    add_reservations(platform_database, 3)
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute("drop table stripe_webhook_events cascade")
    async with running(as_role(platform_database, "support"), Place.WEBHOOKS) as (console, pilot):
        sentence = "`stripe_webhook_events` does not exist here: migration 0005 is pending"
        await until(pilot, lambda: sentence in area(console).active.rows.sentence)
        await pilot.press("enter")
        assert not area(console).detail_open
        await pilot.press("3")
        await settled(console, pilot)
        assert len(area(console).active.rows.rows) == 3
        await pilot.press("1")
        await settled(console, pilot)
        findings = area(console).active.rows.rows
        blind = next(number for number, row in enumerate(findings) if "stripe_webhook_events" in row.sentence)
        await pilot.press(*["j"] * blind)
        await until(pilot, lambda: sentence[:40] in area(console).status.plain)


async def test_rows_hidden_by_row_security_are_never_called_none(
    platform_database: str, as_role: AsRole
) -> None:
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute("alter table clients enable row level security")
        for (policy,) in connection.execute(
            "select quote_ident(policyname) from pg_policies where tablename = 'clients'"
        ).fetchall():
            connection.execute(f"drop policy {policy} on clients")
    async with running(as_role(platform_database, "support"), Place.BILLING) as (console, pilot):
        await until(pilot, lambda: "hidden from" in area(console).status.message)
        assert "row security" in area(console).status.message


async def test_a_filter_holds_until_esc_and_survives_going_away(demo_database: str, as_role: AsRole) -> None:
    async with running(as_role(demo_database, "support"), Place.WEBHOOKS) as (console, pilot):
        everything = len(area(console).active.rows.rows)
        await pilot.press("slash", *"status:failed", "enter")
        await settled(console, pilot)
        rows = area(console).active.rows.rows
        assert 0 < len(rows) < everything or len(rows) == 100
        assert {row.status for row in rows} == {"failed"}
        assert "filter status:failed" in text_of(console)
        await pilot.press("j", "j", "3")
        await settled(console, pilot)
        await pilot.press("4")
        await settled(console, pilot)
        assert area(console).active.query.text == "status:failed"
        assert area(console).current == rows[2]
        await pilot.press("escape")
        await settled(console, pilot)
        assert area(console).active.query.text == ""
        assert "filter" not in text_of(console).splitlines()[2]


async def test_a_wrong_filter_is_explained_and_changes_nothing(demo_database: str, as_role: AsRole) -> None:
    async with running(as_role(demo_database, "support"), Place.WEBHOOKS) as (console, pilot):
        await pilot.press("slash", *"status:failed", "enter")
        await until(pilot, lambda: area(console).active.query.text == "status:failed")
        rows = area(console).active.rows.rows
        await pilot.press("slash", "ctrl+u", "!", "enter")
        await until(pilot, lambda: bool(area(console).filter_bar.complaint))
        assert area(console).active.rows.rows == rows
        assert area(console).filter_bar.editing
        await pilot.press("escape", "slash", "ctrl+u", *"colour:red", "enter")
        await until(pilot, lambda: "no filter 'colour'" in area(console).filter_bar.complaint)
        await pilot.pause()
        assert "no filter 'colour'" in text_of(console)
        assert area(console).active.rows.rows == rows
        assert area(console).active.query.text == "status:failed"
        assert area(console).filter_bar.editing
        await pilot.press("x")
        await until(pilot, lambda: not area(console).filter_bar.complaint)
        await pilot.press("escape")
        await pilot.pause()
        assert "filter status:failed" in text_of(console)


async def test_keys_typed_into_the_filter_are_text(demo_database: str, as_role: AsRole) -> None:
    async with running(as_role(demo_database, "support"), Place.RESERVATIONS) as (console, pilot):
        await pilot.press("slash", *"eq3jr?", "escape")
        await pilot.pause()
        assert area(console).place is Place.RESERVATIONS
        assert not area(console).filter_bar.editing
        assert console.is_running


async def test_tab_goes_between_sessions_and_blacklist(demo_database: str, as_role: AsRole) -> None:
    async with running(as_role(demo_database, "support"), Place.SESSIONS) as (console, pilot):
        assert area(console).active.sheet.id == "sessions"
        await pilot.press("tab")
        assert area(console).active.sheet.id == "blacklist"
        await pilot.press("enter")
        await until(pilot, lambda: "token hash" in area(console).detail.plain)


async def test_a_finding_opens_its_rows(demo_database: str, as_role: AsRole) -> None:
    async with running(as_role(demo_database, "support"), Place.OVERVIEW) as (console, pilot):
        findings = area(console).active.rows.rows
        wanted = next(number for number, row in enumerate(findings) if row.filter == "state:overdue")
        await pilot.press(*["j"] * wanted, "enter")
        await until(pilot, lambda: area(console).place is Place.RESERVATIONS)
        await until(pilot, lambda: area(console).active.query.text == "state:overdue")
        await settled(console, pilot)
        assert all("overdue" in row.states for row in area(console).active.rows.rows)
        assert "filter state:overdue" in text_of(console).splitlines()[2]


async def test_esc_and_q_take_one_step(demo_database: str, as_role: AsRole) -> None:
    async with running(as_role(demo_database, "support"), Place.WEBHOOKS) as (console, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: area(console).detail_open)
        await pilot.press("q")
        await pilot.pause()
        assert console.is_running
        assert "Esc closes it first" in area(console).status.message
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert "top of this place" in area(console).status.message
        await pilot.press("q")
        await until(pilot, lambda: not console.is_running)


async def test_rows_that_cannot_be_refreshed_stay_and_are_called_stale(
    demo_database: str, as_role: AsRole, postgres_server: object
) -> None:
    name = psycopg.conninfo.conninfo_to_dict(demo_database)["dbname"]
    elsewhere = psycopg.conninfo.make_conninfo(demo_database, dbname="postgres")
    async with running(as_role(demo_database, "support"), Place.WEBHOOKS) as (console, pilot):
        with psycopg.connect(elsewhere, autocommit=True) as connection:
            connection.execute(f"alter database {name} allow_connections false")
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,)
            )
            await pilot.press("r")
            await until(pilot, lambda: area(console).status.stale)
            assert area(console).active.rows.rows
            assert "STALE since" in text_of(console) or area(console).status.message
            connection.execute(f"alter database {name} allow_connections true")
        await pilot.press("r")
        await until(pilot, lambda: not area(console).status.stale)


@pytest.mark.parametrize("place", Place)
async def test_help_names_every_key_of_the_place(demo_database: str, as_role: AsRole, place: Place) -> None:
    async with running(as_role(demo_database, "viewer"), place, size=(100, 60)) as (console, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "Everywhere" in text_of(console))
        shown = text_of(console)
        assert "Next row" in shown
        assert f"Show {place.heading.lower()} as it was left." in shown
        if place is Place.RESERVATIONS:
            assert "Not now: it needs the role oncall or support" in " ".join(shown.replace("│", " ").split())
        await pilot.press("escape")
        await until(pilot, lambda: console.screen is area(console))


async def test_leaving_does_not_wait_for_a_slow_read(
    demo_database: str, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = WebhooksScreen.SHEETS[0]

    def slow(connection: Any, capabilities: Capabilities, request: PageRequest, query: Query) -> Page[Any]:
        connection.execute("select pg_sleep(14)")
        return sheet.read_page(connection, capabilities, request, query)

    monkeypatch.setattr(WebhooksScreen, "SHEETS", (replace(sheet, read_page=slow),))
    with psycopg.connect(demo_database, autocommit=True) as connection:

        def sleeping() -> bool:
            found = connection.execute(
                "select from pg_stat_activity where query = 'select pg_sleep(14)' and state = 'active'"
                " and datname = current_database()"
            ).fetchone()
            return found is not None

        async with running(as_role(demo_database, "support"), Place.OVERVIEW) as (_console, pilot):
            await pilot.press("4")
            await until(pilot, sleeping)
            began = monotonic()
            await pilot.press("q")
            await until(pilot, lambda: not sleeping())
            assert monotonic() - began < 10


async def test_ctrl_c_ends_the_console_only_when_pressed_twice(demo_database: str, as_role: AsRole) -> None:
    async with running(as_role(demo_database, "support"), Place.WEBHOOKS) as (console, pilot):
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert console.is_running
        assert "again ends" in area(console).status.message
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not console.is_running)
