from __future__ import annotations

import psycopg

from db.embedded.server import Server


def test_each_test_gets_its_own_empty_database(postgres_server: Server, empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        tables = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    assert tables == (0,)
