from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from db.embedded.server import Server
from db.migration.fingerprint import STRUCTURE, Entry, take
from db.models.console import CONSOLE, SCHEMA
from tests import postgres

MONTH = re.compile(r"row_change_\d{6}")


def engine_on(conninfo: str) -> Engine:
    return create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=NullPool
    )


def structure(conninfo: str) -> Mapping[Entry, str]:
    """The schema without the months that its functions make."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        found = take(connection, SCHEMA, STRUCTURE).objects
    return {entry: text for entry, text in found.items() if not MONTH.match(entry[1])}


def differences(conninfo: str) -> list[Any]:
    """What Alembic sees between the models and the schema, looking from outside of it."""

    def ours(name: str | None, kind: str, _: object) -> bool:
        if kind == "schema":
            return name == SCHEMA
        return kind != "table" or not (MONTH.match(name or "") or name == "alembic_version")

    with engine_on(conninfo).connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": ours,
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        return list(compare_metadata(context, CONSOLE))


def test_models_and_migrations_make_the_same_catalog(platform_database: str, postgres_server: Server) -> None:
    with postgres.database(postgres_server) as declared:
        with psycopg.connect(declared, autocommit=True) as connection:
            connection.execute(f"create schema {SCHEMA}")
        CONSOLE.create_all(engine_on(declared))
        assert structure(declared) == structure(platform_database)


def test_alembic_finds_no_difference(platform_database: str) -> None:
    assert differences(platform_database) == []


@pytest.mark.parametrize(
    "drift",
    [
        "alter table nightdesk.chain_head drop column started_at",
        "alter table nightdesk.batch alter column hash type varchar(64)",
        "drop index nightdesk.operation_actor_idx",
        "alter table nightdesk.operation drop constraint operation_undoes_fkey",
    ],
)
def test_alembic_would_find_a_difference(platform_database: str, drift: str) -> None:
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute(drift.encode())
    assert len(differences(platform_database)) == 1
