"""A database at revision 0005, and short ways to put its jobs into a state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db import migration
from db.embedded.server import Server
from tests import postgres

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="package")
def _shared_database(postgres_server: Server) -> Iterator[str]:
    with postgres.database(postgres_server) as conninfo:
        migration.upgrade(conninfo, line="platform", target="0005")
        yield conninfo


@pytest.fixture
def database(_shared_database: str) -> str:
    """Conninfo of the superuser for a database at revision 0005 whose queue is empty."""
    with psycopg.connect(_shared_database, autocommit=True) as session:
        session.execute("truncate job_queue, job_log, stripe_webhook_events restart identity")
        session.execute("alter table job_queue enable trigger user")
    return _shared_database


@pytest.fixture
def connect(database: str) -> Iterator[Callable[..., Connection]]:
    """Opens further sessions of the same database; `connect(autocommit=False)` opens one with a transaction."""
    opened: list[Connection] = []

    def open_session(*, autocommit: bool = True, role: str | None = None) -> Connection:
        # A lost guard must fail a test, not hang it.
        session = psycopg.connect(database, autocommit=autocommit, options="-c lock_timeout=10s")
        opened.append(session)
        if role is not None:
            session.execute(f"set role {role}")
        return session

    yield open_session
    for session in opened:
        session.close()


@pytest.fixture
def db(connect: Callable[..., Connection]) -> Connection:
    return connect()


class Jobs:
    """The queue as a test drives it."""

    def __init__(self, session: Connection) -> None:
        self.session = session

    def value(self, sql: str, *parameters: object) -> Any:
        row = self.session.execute(sql.encode(), parameters).fetchone()
        assert row is not None
        return row[0]

    def create(self, job_type: str = "sync_youtube", *, user: str | None = None, **options: object) -> UUID:
        named = "".join(f", p_{name} => %s" for name in options)
        return UUID(
            str(self.value(f"select create_job(%s::text, %s{named})", user, job_type, *options.values()))
        )

    def claim(self, worker: str = "worker-1", limit: int = 1) -> list[tuple[UUID, int]]:
        rows = self.session.execute("select id, lease_token from claim_jobs(%s, %s)", (worker, limit))
        return [(row[0], row[1]) for row in rows]

    def running(self, **options: object) -> tuple[UUID, int]:
        """Create a job and claim it."""
        created = self.create(**options)  # type: ignore[arg-type]
        [(claimed, token)] = self.claim()
        assert claimed == created
        return claimed, token

    def column(self, job: UUID, name: str) -> Any:
        return self.value(f"select {name} from job_queue where id = %s", job)

    def status(self, job: UUID) -> str:
        return str(self.column(job, "status"))

    def expire_lease(self, job: UUID) -> None:
        self.session.execute(
            "update job_queue set lease_expires_at = clock_timestamp() - interval '1 second' where id = %s",
            (job,),
        )

    def make_due(self, job: UUID) -> None:
        self.session.execute("update job_queue set scheduled_for = clock_timestamp() where id = %s", (job,))

    def events(self, job: UUID) -> list[str]:
        rows = self.session.execute("select event from job_log where job_id = %s order by id", (job,))
        return [row[0] for row in rows]


@pytest.fixture
def jobs(db: Connection) -> Jobs:
    return Jobs(db)


def wait_until_blocked(watcher: Connection, blocked: Connection) -> None:
    """Return once a session waits for a lock of another."""
    pid = blocked.info.backend_pid
    for _ in range(100_000):
        row = watcher.execute("select cardinality(pg_blocking_pids(%s))", (pid,)).fetchone()
        if row is not None and row[0] > 0:
            return
    raise AssertionError(f"session {pid} never waited for a lock")
