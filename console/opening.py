"""What is read while the console starts, so that its first picture has rows in it. Imports no Textual."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from threading import Thread
from typing import Any

from db.errors import NightdeskError
from screens.desk import Desk
from screens.places import Place

PATIENCE = 0.4
"""Seconds that the first picture waits for its rows; then it says that it is loading."""


class Opening:
    """Connects and reads the first page in a thread.

    Args:
        desk: The database.
        place: The place to open at.
    """

    def __init__(self, desk: Desk, place: Place) -> None:
        self.place = place
        self._desk = desk
        self._page: Future[Any] = Future()
        self._taken = False

    def start(self) -> None:
        """Begin to read."""
        Thread(target=self._read, name="opening", daemon=True).start()

    def take(self, place: Place) -> Any | None:
        """The first page of a place, once; None when it is another's, late or could not be read."""
        if place is not self.place or self._taken:
            return None
        self._taken = True
        try:
            return self._page.result(timeout=PATIENCE)
        except (Late, NightdeskError):
            # Late or refused: the screen asks itself and says what is wrong.
            return None

    def _read(self) -> None:
        from console.first_pages import first_page

        try:
            knowledge = self._desk.learn()
            with self._desk.database.reading() as connection:
                self._page.set_result(first_page(self.place, connection, knowledge.capabilities))
        except Exception as error:
            self._page.set_exception(error)
