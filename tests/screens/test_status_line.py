from __future__ import annotations

from datetime import UTC, datetime

from textual.app import App, ComposeResult

from screens.status_line import StatusLine

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
        assert status.plain.rstrip().endswith("STALE since 12:03:07Z")
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
