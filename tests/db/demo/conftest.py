from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from db import demo
from db.demo.seeding import SMALLEST
from db.embedded.server import Server
from tests import postgres


def _migrate_and_seed_smallest(conninfo: str) -> None:
    postgres.migrate(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        demo.seed(connection, rows=SMALLEST)


@pytest.fixture
def smallest(postgres_server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a copy of the smallest platform that is complete."""
    template = postgres.template(postgres_server, "template_smallest_demo", _migrate_and_seed_smallest)
    with postgres.database(postgres_server, template=template) as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("set timezone = 'UTC'")
            yield connection


@pytest.fixture
def other_platform_database(postgres_server: Server) -> Iterator[str]:
    """A second copy of the empty platform, for comparing two seedings."""
    template = postgres.template(postgres_server, "template_platform", postgres.migrate)
    with postgres.database(postgres_server, template=template) as conninfo:
        yield conninfo
