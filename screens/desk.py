"""What every screen works with: the database, what it says about itself, and who runs this console."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from db.capabilities import Capabilities, read_capabilities
from db.connection.database import Database
from db.connection.server import ServerFacts


@dataclass(frozen=True)
class Knowledge:
    """What the server said when it was asked.

    Args:
        facts: Who it is and who we are there.
        capabilities: What it has and what this role may read.
        read_only: Why nothing can be changed here, or None when it can.
    """

    facts: ServerFacts
    capabilities: Capabilities
    read_only: str | None


class Desk:
    """One console at one database; safe to use from several threads.

    Args:
        database: The door to it; lends connections, which no screen keeps.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.session: UUID = uuid4()
        self._known: Knowledge | None = None
        self._outdated = False
        self.unresolved: tuple[UUID, ...] = ()
        self._in_flight: tuple[UUID, ...] = ()
        self._leaving = False
        self._guard = threading.Lock()

    @property
    def known(self) -> Knowledge | None:
        """What the server said last, None until it answered; never blocks."""
        return self._known

    def learn(self) -> Knowledge:
        """Ask the server unless its answer still holds; blocks, so only for workers.

        Raises:
            NightdeskError: It cannot be reached or refuses.
        """
        with self._guard:
            if self._known is None or self._outdated:
                self._outdated = False
                with self.database.reading() as connection:
                    capabilities = read_capabilities(connection)
                facts = self.database.facts
                self._known = Knowledge(facts, capabilities, self._why_read_only(facts, capabilities))
            return self._known

    @property
    def in_flight(self) -> tuple[UUID, ...]:
        """Operations that were sent and not answered, and those whose answer came when nobody read it any more."""
        return self._in_flight

    @contextmanager
    def delivering(self, operation: UUID) -> Iterator[None]:
        """Know an operation as in flight while the block runs; blocks, so only for workers."""
        self._in_flight = (*self._in_flight, operation)
        try:
            yield
        finally:
            if not self._leaving:
                self._in_flight = tuple(each for each in self._in_flight if each != operation)

    def leave(self) -> None:
        """The console ends: an answer that comes now reaches nobody, so what is in flight stays so."""
        self._leaving = True

    def remember(self, operation: UUID) -> None:
        """Keep the id of an operation whose outcome is not known."""
        self.unresolved = (*self.unresolved, operation)

    def settle(self, operation: UUID) -> None:
        """The outcome of an operation is known now."""
        self.unresolved = tuple(each for each in self.unresolved if each != operation)

    def forget(self) -> None:
        """Ask again on next use: rights and tables may have changed since."""
        # Without the guard: a worker may hold it while it waits for the server, and this runs between keys.
        self._outdated = True

    def _why_read_only(self, facts: ServerFacts, capabilities: Capabilities) -> str | None:
        if self.database.target.environment.read_only:
            return "this environment is marked read_only in config.toml"
        if not facts.writable:
            return "this server takes no writes (a replica, or read-only for this login)"
        if not capabilities.console_installed:
            return "the schema `nightdesk` is not installed here: a DBA runs `nightdesk install`"
        return None
