"""Opens the console: reads the first rows while the interface is still being imported, then draws once."""

from __future__ import annotations

import gc
import sys

from console.opening import Opening
from db.connection.database import Database
from db.connection.target import Target
from db.visible import visible
from screens.desk import Desk
from screens.places import Place


def run(target: Target, place: Place = Place.OVERVIEW) -> int:
    """Draw the console on a database until the operator leaves, and return the exit code.

    Args:
        target: The database.
        place: The place to open at.
    """
    # What is imported from here to the first picture lives as long as the process.
    gc.disable()
    with Database(target, screen="console") as database:
        desk = Desk(database)
        opening = Opening(desk, place)
        opening.start()
        from console import signals
        from console.shell import Console

        console = Console(desk, opening)
        gc.freeze()
        gc.enable()
        code = console.run()
        signals.part_from_terminal()
        sys.stderr.write(console.farewell())
    if console.crash is not None:
        sys.stderr.write(f"nightdesk: {visible(console.crash.sentence)}\n")
    return console.return_code or code or 0
