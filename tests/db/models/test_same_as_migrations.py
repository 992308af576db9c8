from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from db import migration
from db.embedded.server import Server
from db.errors import Refused
from db.migration import run
from db.migration.fingerprint import STRUCTURE, Fingerprint, difference, take
from db.models import PLATFORM
from tests import postgres


@pytest.fixture
def migrated(empty_database: str) -> str:
    migration.upgrade(empty_database, "platform")
    return empty_database


@pytest.fixture
def declared(postgres_server: Server) -> Iterator[str]:
    """A database made by create_all."""
    with postgres.database(postgres_server) as conninfo:
        engine = create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=NullPool
        )
        PLATFORM.create_all(engine)
        engine.dispose()
        yield conninfo


def structure(conninfo: str) -> Fingerprint:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return take(connection, kinds=STRUCTURE)


def test_models_and_migrations_make_the_same_catalog(migrated: str, declared: str) -> None:
    assert [str(each) for each in difference(structure(migrated), structure(declared))] == []
    assert len(PLATFORM.tables) == 29


def test_alembic_finds_no_difference(migrated: str) -> None:
    run.check(migrated, "platform", PLATFORM)


@pytest.mark.parametrize(
    "drift",
    [
        "alter table users alter column status set default 'ACTIVE'",
        "alter table users alter column username type varchar(40)",
        'alter table clients drop column "aiDisabled"',
        'alter table payments drop constraint "payments_subscriptionId_fkey"',
        'drop index "sessions_userId_lastUsedAt_idx"',
        "alter table subscriptions alter column plan_id drop not null",
    ],
)
def test_alembic_would_find_a_difference(migrated: str, drift: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(drift.encode())
    with pytest.raises(Refused):
        run.check(migrated, "platform", PLATFORM)
