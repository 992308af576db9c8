"""What `nightdesk install --dry-run` prints is a script that psql runs, with the same result as the installation."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from db import migration, operators
from db.embedded.binaries import binaries
from db.embedded.server import Server
from db.migration.fingerprint import difference, take
from db.operators.installation import installation_sql
from tests import postgres


@pytest.fixture
def two_platforms(postgres_server: Server) -> Iterator[tuple[str, str]]:
    """Two databases with the same part of the platform and no schema nightdesk."""
    with postgres.database(postgres_server) as one, postgres.database(postgres_server) as other:
        for conninfo in (one, other):
            migration.upgrade(conninfo, target="0005")
        yield one, other


def test_the_script_installs_what_install_installs(two_platforms: tuple[str, str]) -> None:
    by_hand, by_command = two_platforms
    with psycopg.connect(by_hand, autocommit=True) as connection:
        script = installation_sql(connection)
    psql = [str(binaries(18) / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-d", by_hand, "-f", "-"]
    ran = subprocess.run(psql, input=script, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    operators.install(by_command)
    with psycopg.connect(by_hand) as one, psycopg.connect(by_command) as other:
        for schema in ("nightdesk", "public"):
            assert difference(take(other, schema), take(one, schema)) == ()
        permissions = "select * from nightdesk.permission order by 1, 2, 3, 4"
        assert one.execute(permissions).fetchall() == other.execute(permissions).fetchall()
