from __future__ import annotations

from datetime import UTC, datetime

from textual.app import App, ComposeResult

from screens.status_line import StatusLine
from screens.tone import Tone

AS_OF = datetime(2026, 3, 1, 12, 3, 7, tzinfo=UTC)


class Line(App[None]):
    def compose(self) -> ComposeResult:
        yield StatusLine()


async def test_what_is_said_comes_whole_before_the_time() -> None:
    app = Line()
    async with app.run_test(size=(60, 3)):
        status = app.query_one(StatusLine)
        status.fresh(AS_OF, 0.4, "100+ rows")
        assert status.plain.endswith("100+ rows · as of 12:03:07Z · 0.4 ms")
        status.say("extend: it needs the role oncall or support")
        assert status.plain.strip() == "extend: it needs the role oncall or support"
        status.say("short")
        assert "as of 12:03:07Z" in status.plain
        assert status.plain.strip().startswith("short")


async def test_a_note_gives_way_and_stale_never_does() -> None:
    app = Line()
    async with app.run_test(size=(60, 3)):
        status = app.query_one(StatusLine)
        status.note("hidden from viewer: " + "users.email " * 9)
        status.say("the connection to PostgreSQL was lost " * 3)
        status.fresh(AS_OF, 0.4, "9 rows")
        status.stale_since()
        assert status.plain.rstrip().endswith("STALE since 12:03:07Z · r tries again")
        status.say("")
        assert status.plain.strip().startswith("hidden from viewer")
        assert status.stale
        status.fresh(AS_OF, 0.4, "9 rows")
        assert not status.stale


async def test_hostile_messages_are_spelled_out() -> None:
    app = Line()
    async with app.run_test(size=(60, 3)):
        status = app.query_one(StatusLine)
        status.say("no user 'bob\x1b]52;c;x\x07'")
        assert status.plain.strip() == "no user 'bob\\x1b]52;c;x\\x07'"


async def test_an_operation_that_is_unknown_stays_until_it_is_answered() -> None:
    app = Line()
    command = "nightdesk resolve 5c0e8e1a-6d33-4d4b-9f5e-0f6d2f1f9a10"
    async with app.run_test(size=(80, 3)):
        status = app.query_one(StatusLine)
        status.fresh(AS_OF, 0.4, "9 rows")
        status.hold(f"operation unknown: {command} · r asks again", f"operation unknown: {command}", command)
        status.say("looking around")
        status.note("a note")
        assert status.plain.strip() == f"operation unknown: {command}"
        status.stale_since()
        assert command in status.plain
        status.say("not connected: the server is away", Tone.BAD)
        assert status.plain.strip().startswith("not connected")
        status.say("")
        assert command in status.plain
        status.hold()
        assert "resolve" not in status.plain
