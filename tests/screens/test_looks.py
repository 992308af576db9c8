"""How things look, with fixed data: a picture each of the parts that every screen is made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.pilot import Pilot

import screens
from db.changes import ChangeSet, Receipt, RowChange, Unit
from screens.confirm import Confirm
from screens.detail import DetailPane, Document, Field, Group
from screens.key_bar import KeyBar, KeyHint
from screens.list_view import ListView
from screens.status_line import StatusLine
from screens.theme import DARK, LIGHT, THEMES
from screens.tone import Tone
from tests.coroutines import until
from tests.screens.list_view.numbers import AS_OF, COLUMNS, Number, Numbers

SECTIONS = (
    Group(
        "Record",
        (Field("name", "a\x1b[31mb", Tone.STRONG), Field("state", "failed", Tone.BAD), Field("note", None)),
    ),
    Document("Payload, as stored", '{"id":9007199254740993,"ok":true,"list":[1.10,{}]}'),
)
HINTS = (KeyHint("e", "extend", "it needs a role"), KeyHint("/", "filter"), KeyHint("?", "help"))


class Parts(App[None]):
    """List, details, status and keys under the console's own styles."""

    CSS_PATH = Path(screens.__file__).with_name("nightdesk.tcss")

    def __init__(self, theme: str, *, wide: bool) -> None:
        super().__init__()
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme
        self.list: ListView[Number] = ListView(COLUMNS, lambda row: row.value)
        self.detail = DetailPane()
        self.status, self.keys = StatusLine(), KeyBar()
        self._wide = wide

    def compose(self) -> ComposeResult:
        with Container(id="panes"):
            yield self.list
            yield self.detail
        yield self.status
        yield self.keys

    def on_mount(self) -> None:
        self.screen.set_class(self._wide, "-wide")
        self.screen.add_class("-detail")
        self.list.add_class("-active")
        self.list.focus()
        self.list.show(Numbers.up_to(300))
        self.detail.show(SECTIONS)
        self.keys.show(HINTS)
        self.status.fresh(AS_OF, 0.4, "100+ rows")
        self.status.say("extend: it needs the role support", Tone.WARNING)


@pytest.mark.parametrize(
    ("theme", "size"),
    [(DARK.name, (80, 24)), (LIGHT.name, (80, 24)), (DARK.name, (160, 45))],
    ids=["dark 80x24", "light 80x24", "dark 160x45"],
)
def test_list_and_details(snap_compare: Callable[..., bool], theme: str, size: tuple[int, int]) -> None:
    async def browse(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Parts)
        await until(pilot, lambda: len(app.list.rows) == 100)
        await pilot.press("j", "j", "j")

    assert snap_compare(Parts(theme, wide=size[0] > 110), terminal_size=size, run_before=browse)


def _never(plan: ChangeSet, *, operation_id: UUID, reason: str) -> Receipt:
    raise AssertionError("the picture applies nothing")


PLAN = ChangeSet(
    action="reservation.extend",
    database="demo",
    units=(
        Unit(
            id="usr_1",
            label="ana",
            changes=(
                RowChange.update(
                    "users",
                    key={"id": "usr_1"},
                    before={"reservation_expires_at": "2031-01-01 01:00:00", "status": "PENDING"},
                    after={"reservation_expires_at": "2031-01-08 01:00:00", "status": "ACTIVE"},
                ),
            ),
        ),
    ),
    summary="Extend the reservation of ana to 2031-01-08 01:00:00Z",
    warnings=("the reservation has been overdue since 2031-01-01 01:00:00Z",),
)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
def test_confirmation(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    async def open_dialog(pilot: Pilot[None]) -> None:
        dialog = Confirm(PLAN, "PRODUCTION eu · app@db.internal:5432", _never)
        await pilot.app.push_screen(dialog)
        await until(pilot, lambda: dialog.focused is not None and not dialog.deaf)

    assert snap_compare(Parts(DARK.name, wide=size[0] > 110), terminal_size=size, run_before=open_dialog)
