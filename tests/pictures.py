"""Takes the pictures of the README from the real console on the demo: `make pictures`."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from console.cli.demo import demo_target
from console.opening import Opening
from console.shell import Console
from db.connection.database import Database
from db.embedded.demo import Demo, running_demo
from screens.ask import Ask
from screens.desk import Desk
from screens.places import Place
from tests.console.consoles import heard, settled
from tests.coroutines import until

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
SIZE = (120, 32)

Steps = Callable[[Console, Pilot[Any]], Awaitable[None]]


def main() -> None:
    """Open the demo once and take every picture from it."""
    PICTURES.mkdir(exist_ok=True)
    with running_demo(os.environ, reset=True) as demo:
        asyncio.run(_take_all(demo))


async def _take_all(demo: Demo) -> None:
    await _take(demo, "overview", Place.OVERVIEW, _nothing)
    await _take(demo, "webhooks", Place.WEBHOOKS, _details)
    await _take(demo, "extend", Place.RESERVATIONS, _preview_of_an_extension)


async def _take(demo: Demo, name: str, place: Place, steps: Steps) -> None:
    with Database(demo_target(demo, "support"), screen="pictures") as database:
        desk = Desk(database)
        opening = Opening(desk, place)
        opening.start()
        console = Console(desk, opening)
        async with console.run_test(size=SIZE) as pilot:
            await settled(console, pilot)
            await steps(console, pilot)
            (PICTURES / f"{name}.svg").write_text(_without_remote_fonts(console.export_screenshot()))


def _without_remote_fonts(svg: str) -> str:
    """Leave the choice of a monospaced font to the reader's machine; a picture fetches nothing."""
    return re.sub(r"@font-face {[^}]*}\s*", "", svg)


async def _nothing(console: Console, pilot: Pilot[Any]) -> None:
    """Leave the place as it opens."""


async def _details(console: Console, pilot: Pilot[Any]) -> None:
    await pilot.press("enter")
    await settled(console, pilot)


async def _preview_of_an_extension(console: Console, pilot: Pilot[Any]) -> None:
    await pilot.press("e")
    await until(pilot, lambda: isinstance(console.screen, Ask))
    await pilot.press("enter")
    await heard(console, pilot)


if __name__ == "__main__":
    main()
