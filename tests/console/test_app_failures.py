"""What an operator sees when the database cannot be read, hides rows, or has not said what became of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from textual.widgets import Input

from console.opening import Opening
from console.shell import Console
from db.connection.database import Database
from screens.ask import Ask
from screens.desk import Desk
from screens.places import Place
from tests.console.consoles import add_reservations, area, running, settled, target_of, text_of
from tests.coroutines import until

AsRole = Callable[[str, str], str]


@contextmanager
def _closed(conninfo: str) -> Iterator[None]:
    """The database takes no connection and has lost those it had."""
    name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
    elsewhere = psycopg.conninfo.make_conninfo(conninfo, dbname="postgres")
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(f"alter database {name} allow_connections false")
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,)
        )
        try:
            yield
        finally:
            connection.execute(f"alter database {name} allow_connections true")


async def test_a_refused_connection_is_a_whole_sentence_and_the_masthead_says_so(tmp_path: object) -> None:
    nowhere = psycopg.conninfo.make_conninfo(host=f"{tmp_path}", port="5432", dbname="app", user="ana")
    with Database(target_of(nowhere), screen="test") as database:
        desk = Desk(database)
        console = Console(desk, Opening(desk, Place.WEBHOOKS))
        console._opening._page.set_result(None)
        async with console.run_test(size=(60, 20)) as pilot:
            await settled(console, pilot)
            await until(pilot, lambda: "not connected" in text_of(console).splitlines()[0])
            assert area(console).status.plain.strip() == "not connected"
            sentence = area(console).active.rows.sentence
            assert len(sentence) > 60
            body = " ".join(text_of(console).split())
            assert " ".join(sentence.split())[-30:].replace(" ", "") in body.replace(" ", "")


async def test_hidden_rows_are_never_called_none_in_the_body(platform_database: str, as_role: AsRole) -> None:
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute("alter table clients enable row level security")
        for (policy,) in connection.execute(
            "select quote_ident(policyname) from pg_policies where tablename = 'clients'"
        ).fetchall():
            connection.execute(f"drop policy {policy} on clients")
    async with running(as_role(platform_database, "support"), Place.BILLING) as (console, pilot):
        rows = area(console).active.rows
        assert "there is no client" not in rows.sentence
        assert "row security" in rows.sentence
        await area(console).show_filter("text:acme")
        await until(pilot, lambda: area(console).active.query.text == "text:acme")
        assert "row security" in rows.sentence


async def test_stale_rows_name_cause_and_key_and_are_read_again_on_the_minute(
    platform_database: str, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_reservations(platform_database, 3)
    # Three hundredths of a second before the minute, whenever the test runs.
    late = datetime(2031, 1, 1, 12, 0, 59, 970_000, tzinfo=UTC)
    async with running(as_role(platform_database, "support")) as (console, pilot):
        screen = area(console)
        assert not screen.status.stale
        with _closed(platform_database):
            await pilot.press("r")
            await until(pilot, lambda: screen.status.stale)
            assert "r tries again" in screen.status.plain
            assert "not connected" in screen.status.plain
            assert len(screen.active.rows.rows) == 3
            assert screen._retry is not None
            screen._retry.stop()
            screen._retry = None

        class Clock(datetime):
            @classmethod
            def now(cls, tz: object = None) -> Clock:
                return cls(*late.timetuple()[:6], late.microsecond, tzinfo=UTC)

        monkeypatch.setattr("screens.area.datetime", Clock)
        screen._retry_on_the_minute()
        await until(pilot, lambda: not screen.status.stale)
        assert screen._retry is None


async def test_the_bar_names_the_list_it_filters_and_one_list_marks_its_row(
    demo_database: str, as_role: AsRole
) -> None:
    async with running(as_role(demo_database, "support"), Place.SESSIONS, size=(100, 30)) as (console, pilot):
        await until(pilot, lambda: text_of(console).count("›") == 1)
        await pilot.press("tab")
        await until(pilot, lambda: area(console).active.sheet.id == "blacklist")
        await until(pilot, lambda: text_of(console).count("›") == 1)
        await pilot.press("slash")
        await until(pilot, lambda: "filter of blacklist:" in text_of(console))
        await pilot.press(*"state:live", "enter")
        await until(pilot, lambda: "filter of blacklist: state:live" in text_of(console))
        assert text_of(console).count("›") == 1


async def test_the_last_line_names_the_keys_of_whatever_has_them(reserved: str, as_role: AsRole) -> None:
    async with running(as_role(reserved, "support")) as (console, pilot):
        bar = area(console).key_bar
        assert "quit" in bar.plain
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(console.focused, Input))
        await until(pilot, lambda: bar.plain.split() == ["Enter", "applies", "Esc", "closes"])
        await pilot.press("escape")
        await until(pilot, lambda: "quit" in bar.plain)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(console.screen, Ask))
        await until(pilot, lambda: "quit" not in bar.plain and "preview" in bar.plain)
        await pilot.press("escape")
        await until(pilot, lambda: "quit" in bar.plain)


async def test_an_unknown_operation_is_asked_about_when_the_database_answers(
    reserved: str, as_role: AsRole
) -> None:
    operation = uuid4()
    async with running(as_role(reserved, "support")) as (console, pilot):
        screen = area(console)
        with _closed(reserved):
            screen.desk.remember(operation)
            screen.hold_unresolved()
            await pilot.press("r")
            await until(pilot, lambda: screen.status.stale)
            screen.status.say("")
            assert str(operation) in screen.status.plain
            assert screen.desk.unresolved == (operation,)
        await pilot.press("r")
        await until(pilot, lambda: not screen.desk.unresolved)
        await until(pilot, lambda: "NOT DONE" in screen.status.plain)
        assert str(operation) not in screen.status.plain


@pytest.fixture
def reserved(platform_database: str) -> str:
    add_reservations(platform_database, 3)
    return platform_database
