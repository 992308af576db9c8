"""A database with tables of every kind beside the platform's, and connections of its operators."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from db.embedded.server import Server
from tests import postgres
from tests.db.changes import ground
from tests.db.changes.ground import Connection


def _build(conninfo: str) -> None:
    postgres.migrate(conninfo)
    ground.lay(conninfo)


@pytest.fixture(scope="module")
def _database_of_the_module(postgres_server: Server) -> Iterator[str]:
    template = postgres.template(postgres_server, "template_ground", _build)
    with postgres.database(postgres_server, template=template) as conninfo:
        yield conninfo


@pytest.fixture
def ground_database(_database_of_the_module: str) -> str:
    """Conninfo of the superuser for a migrated database with the tables of `ground`, emptied."""
    ground.clear(_database_of_the_module)
    return _database_of_the_module


@pytest.fixture
def support(ground_database: str) -> Iterator[Connection]:
    """The operator who may write the tables of `ground`."""
    with ground.seen_by(ground_database, "support") as connection:
        yield connection


@pytest.fixture
def owner(ground_database: str) -> Iterator[Connection]:
    """The superuser who owns everything: prepares rows and looks at the result."""
    with psycopg.connect(ground_database, autocommit=True) as connection:
        yield connection
