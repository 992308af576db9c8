from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from psycopg.conninfo import make_conninfo

from db.connection.database import Database
from db.embedded.server import Server
from tests.db.connection.pooler import pooler
from tests.db.connection.test_database import target


def test_a_pooler_in_between_is_noticed(postgres_server: Server, empty_database: str) -> None:
    directory = Path(tempfile.mkdtemp(prefix="nightdesk-pooler-", dir="/tmp"))
    try:
        with pooler(postgres_server.socket_dir / ".s.PGSQL.5432", directory):
            conninfo = make_conninfo(empty_database, host=str(directory))
            with Database(target(conninfo)) as database:
                assert database.facts.pooled
                with database.reading() as connection:
                    assert connection.prepare_threshold is None
    finally:
        shutil.rmtree(directory)


def test_a_direct_connection_prepares_statements(empty_database: str) -> None:
    with Database(target(empty_database)) as database, database.reading() as connection:
        assert not database.facts.pooled
        assert connection.prepare_threshold is not None


def test_a_url_that_names_a_pooler_is_believed(empty_database: str) -> None:
    with Database(target(empty_database, pooler=True)) as database, database.reading() as connection:
        assert connection.prepare_threshold is None
