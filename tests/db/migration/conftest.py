"""Databases at a given revision."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from db import migration
from db.embedded.server import Server
from tests import postgres


@pytest.fixture
def platform_at_0004(postgres_server: Server) -> Iterator[str]:
    """A fresh database at revision 0004, without rows."""
    name = postgres.template(
        postgres_server, "template_at_0004", lambda conninfo: migration.upgrade(conninfo, target="0004")
    )
    with postgres.database(postgres_server, template=name) as conninfo:
        yield conninfo
