"""Connections of one console: few, well-mannered, checked before use, reopened after a drop."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from db.connection.failure import translated
from db.connection.server import Manners, ServerFacts, introduce
from db.connection.target import Target
from db.errors import Refused, Unreachable

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

READ_TIMEOUT_MS = 15_000
WRITE_TIMEOUT_MS = 60_000

# A dead peer is noticed within about a minute, also behind a firewall that drops silently.
_KEEPALIVE = {
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "45000",
}
_CONNECT_SECONDS = "10"
_WAIT_SECONDS = 20.0


class Database:
    """The one door to a database, safe to use from several threads.

    Args:
        target: What to open; nothing is opened before the first use.
        screen: Who asks, for application_name: "cli", or the console's current area.
        max_connections: Connections at most, reads and writes together.
    """

    def __init__(self, target: Target, *, screen: str = "cli", max_connections: int = 4) -> None:
        self.target = target
        self._screen = screen
        self._room = threading.BoundedSemaphore(max_connections)
        self._guard = threading.Lock()
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._facts: ServerFacts | None = None
        self._closed = False

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def facts(self) -> ServerFacts:
        """What the server says about itself and about us; connects if nothing has yet.

        Raises:
            Unreachable: The server cannot be reached or is too old.
            PermissionDenied: It refuses the login.
        """
        if self._facts is None:
            with self.reading():
                pass
        assert self._facts is not None
        return self._facts

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend an autocommit connection on which the server refuses writes.

        Yields:
            A connection with UTC, timeouts and the platform's search path.

        Raises:
            NightdeskError: Whatever PostgreSQL refuses, as a sentence.
        """
        with self._lent(self._take_idle, self._give_back) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Lend an autocommit connection that may write; it is closed afterwards.

        Raises:
            Refused: The environment is marked read_only, or the server is a replica.
            NightdeskError: Whatever PostgreSQL refuses, as a sentence.
        """
        if self.target.environment.read_only:
            raise Refused(
                f"The environment {self.target.environment.name} is marked read_only in config.toml."
            )
        with self._lent(self._open_writer, _close) as connection:
            yield connection

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """Lend a connection on which to ask what became of an operation; it is closed afterwards.

        Asking may write a tombstone, and still has to answer where nothing may be written: in an environment marked
        read_only, and on a replica, the server refuses the tombstone and nothing else.

        Raises:
            NightdeskError: Whatever PostgreSQL refuses, as a sentence.
        """
        read_only = self.target.environment.read_only
        with self._lent(lambda: self._open(read_only=read_only), _close) as connection:
            yield connection

    def cancel(self) -> None:
        """Ask the server to stop whatever our connections are running."""
        with self._guard:
            running = tuple(self._busy)
        for connection in running:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=2.0)

    def close(self) -> None:
        """Close every idle connection; those in use close when they are given back."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _lent(
        self, take: Callable[[], Connection], give_back: Callable[[Connection], None]
    ) -> Iterator[Connection]:
        if not self._room.acquire(timeout=_WAIT_SECONDS):
            raise Unreachable("All connections of this console are busy; cancel something or try again.")
        try:
            with translated():
                connection = take()
            with self._guard:
                self._busy.add(connection)
            try:
                with translated():
                    yield connection
            finally:
                with self._guard:
                    self._busy.discard(connection)
                give_back(connection)
        finally:
            self._room.release()

    def _take_idle(self) -> Connection:
        while True:
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._open(read_only=True)
            if _usable(connection):
                return connection
            _close(connection)

    def _open_writer(self) -> Connection:
        connection = self._open(read_only=False)
        if self._facts is not None and self._facts.in_recovery:
            _close(connection)
            raise Refused("This server is a replica; writes go to the primary.")
        return connection

    def _give_back(self, connection: Connection) -> None:
        idle = psycopg.pq.TransactionStatus.IDLE
        with self._guard:
            keep = not (self._closed or connection.closed or connection.info.transaction_status != idle)
            if keep:
                self._idle.append(connection)
        if not keep:
            _close(connection)

    def _open(self, *, read_only: bool) -> Connection:
        if self._closed:
            raise Unreachable("The console is closing its connections.")
        connection = psycopg.connect(_polite(self.target.conninfo.reveal()), autocommit=True)
        try:
            # A transaction pooler may run each statement on another backend, where it was never prepared.
            if self.target.pooler:
                connection.prepare_threshold = None
            facts = introduce(connection, self._manners(read_only=read_only))
            if facts.pooled:
                connection.prepare_threshold = None
        except BaseException:
            connection.close()
            raise
        self._facts = facts
        return connection

    def _manners(self, *, read_only: bool) -> Manners:
        return Manners(
            read_only=read_only,
            search_path=f"{sql.Identifier(self.target.schema).as_string()}, pg_temp",
            statement_timeout=READ_TIMEOUT_MS if read_only else WRITE_TIMEOUT_MS,
            application=f"nightdesk/{self._screen}/",
        )


def _polite(conninfo: str) -> str:
    """Add connection parameters that the operator did not set."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    defaults = _KEEPALIVE | {"connect_timeout": _CONNECT_SECONDS, "application_name": "nightdesk"}
    given: dict[str, Any] = defaults | conninfo_to_dict(conninfo)
    return make_conninfo("", **given)


def _usable(connection: Connection) -> bool:
    """Tell whether an idle connection still stands; costs a round trip only when the server sent something."""
    if connection.closed:
        return False
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    if not watch.poll(0):
        return True
    # A farewell, an end of file, or merely a changed parameter: only asking tells them apart.
    try:
        connection.execute("select 1")
    except psycopg.Error:
        return False
    return True


def _close(connection: Connection) -> None:
    with suppress(psycopg.Error):
        connection.close()
