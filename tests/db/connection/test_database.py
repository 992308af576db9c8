from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from db.connection.database import Database
from db.connection.environment import UNKNOWN
from db.connection.secret import Secret
from db.connection.server import Manners, introduce
from db.connection.target import Target
from db.embedded.server import Server
from db.errors import ConfigurationError, NightdeskError, PermissionDenied, Refused, Unreachable
from tests.postgres import as_url


def target(conninfo: str, **changes: object) -> Target:
    plain = Target(
        conninfo=Secret(conninfo), environment=UNKNOWN, schema="public", source="--url", label="test"
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def one(connection: psycopg.Connection[tuple[object, ...]], query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_session_has_the_manners_of_a_guest(empty_database: str) -> None:
    with Database(target(empty_database, schema='odd "schema'), screen="webhooks") as database:
        with database.reading() as connection:
            shown = {
                name: one(connection, f"show {name}")
                for name in (
                    "TimeZone",
                    "statement_timeout",
                    "lock_timeout",
                    "idle_in_transaction_session_timeout",
                    "client_connection_check_interval",
                    "default_transaction_read_only",
                    "application_name",
                    "search_path",
                )
            }
            assert connection.autocommit
    assert shown == {
        "TimeZone": "UTC",
        "statement_timeout": "15s",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "15s",
        "client_connection_check_interval": "2s",
        "default_transaction_read_only": "on",
        "application_name": "nightdesk/webhooks/postgres",
        "search_path": '"odd ""schema", pg_temp',
    }


def test_a_transaction_ends_where_the_server_can_end_it(empty_database: str, postgres_server: Server) -> None:
    if postgres_server.major < 17:
        pytest.skip("transaction_timeout came with PostgreSQL 17")
    with Database(target(empty_database)) as database, database.reading() as connection:
        assert one(connection, "show transaction_timeout") == "1min"


def test_reading_cannot_write_and_writing_can(empty_database: str) -> None:
    with Database(target(empty_database)) as database:
        with pytest.raises(Refused, match="read-only"), database.reading() as connection:
            connection.execute("create table t (i int)")
        with database.writing() as connection:
            connection.execute("create table t (i int)")
        with database.reading() as connection:
            assert one(connection, "select count(*) from t") == 0


def test_a_read_only_environment_refuses_writing_before_the_server(tmp_path: Path) -> None:
    nowhere = target(f"host={tmp_path}", environment=replace(UNKNOWN, name="prod", read_only=True))
    with Database(nowhere) as database:
        with pytest.raises(Refused, match="prod is marked read_only"), database.writing():
            pass


def test_the_server_says_who_and_what(empty_database: str, postgres_server: Server) -> None:
    with Database(target(empty_database)) as database:
        facts = database.facts
    assert facts.major == postgres_server.major
    assert facts.database in empty_database
    assert (facts.session_user, facts.is_superuser) == ("postgres", True)
    assert facts.host == "local socket"
    assert (facts.in_recovery, facts.read_only, facts.pooled) == (False, False, False)
    assert facts.system_identifier is not None
    assert facts.system_identifier.isdigit()


def test_connections_are_reused_and_bounded(empty_database: str) -> None:
    with Database(target(empty_database), screen="bounded", max_connections=2) as database:
        with database.reading() as first:
            pid = one(first, "select pg_backend_pid()")
        with database.reading() as again, database.reading():
            assert one(again, "select pg_backend_pid()") == pid
            count = "select count(*) from pg_stat_activity where application_name like 'nightdesk/bounded/%'"
            assert one(again, count) == 2


def test_a_dropped_idle_connection_is_replaced_unnoticed(empty_database: str) -> None:
    with Database(target(empty_database)) as database:
        with database.reading() as connection:
            pid = one(connection, "select pg_backend_pid()")
        with psycopg.connect(empty_database, autocommit=True) as other:
            # Returns only when the backend is gone.
            other.execute("select pg_terminate_backend(%s, 10000)", (pid,))
        with database.reading() as connection:
            assert one(connection, "select pg_backend_pid()") != pid


def test_a_connection_lost_in_use_is_unreachable_and_not_kept(empty_database: str) -> None:
    with Database(target(empty_database)) as database:
        with pytest.raises(Unreachable, match="lost"), database.reading() as connection:
            connection.execute("select pg_terminate_backend(pg_backend_pid())")
        with database.reading() as connection:
            assert one(connection, "select 1") == 1


def test_an_open_transaction_is_never_given_back(empty_database: str) -> None:
    with Database(target(empty_database)) as database:
        with database.reading() as connection:
            connection.execute("begin")
            pid = one(connection, "select pg_backend_pid()")
        with database.reading() as connection:
            assert one(connection, "select pg_backend_pid()") != pid


def test_cancel_stops_a_running_statement(empty_database: str) -> None:
    running = threading.Event()
    caught: list[NightdeskError] = []

    def run(database: Database) -> None:
        try:
            with database.reading() as connection:
                running.set()
                connection.execute("select pg_sleep(14)")
        except NightdeskError as error:
            caught.append(error)

    with Database(target(empty_database)) as database:
        thread = threading.Thread(target=run, args=(database,))
        thread.start()
        assert running.wait(10)
        while thread.is_alive():
            database.cancel()
            thread.join(0.05)
    assert "cancelled" in str(caught[0])


def test_an_old_server_is_refused_by_name(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.connection.server.OLDEST", 99)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        with pytest.raises(Unreachable, match=r"supports 99 to 18"):
            introduce(connection, Manners(True, "public", 1000, "nightdesk/test/"))


def test_a_login_without_pg_control_system_still_connects(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("drop role if exists test_modest; create role test_modest login")
        connection.execute("revoke execute on function pg_catalog.pg_control_system() from public")
    with Database(target(empty_database.replace("user='postgres'", "user='test_modest'"))) as database:
        facts = database.facts
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("drop role test_modest")
    assert (facts.session_user, facts.system_identifier) == ("test_modest", None)


@pytest.mark.parametrize(
    ("statement", "kind", "expected"),
    [
        ("select * from nowhere", Refused, "lacks a table"),
        ("select pg_reload_conf()", PermissionDenied, "permission denied for function pg_reload_conf"),
        ("set statement_timeout = 1; select pg_sleep(5)", Refused, "longer than its time limit"),
        ("select 1/0", Refused, "22012"),
    ],
)
def test_refusals_are_sentences(
    platformless: str, statement: str, kind: type[NightdeskError], expected: str
) -> None:
    with Database(target(platformless)) as database:
        with pytest.raises(kind) as caught, database.reading() as connection:
            connection.execute(statement.encode())
    assert expected in str(caught.value)


def test_detail_of_the_server_is_never_shown(empty_database: str) -> None:
    with Database(target(empty_database)) as database, database.writing() as setup:
        setup.execute("create table t (email text constraint t_email_key unique)")
        setup.execute("insert into t values ('ana@example.com')")
        with pytest.raises(Refused) as caught, database.writing() as connection:
            connection.execute("insert into t values ('ana@example.com')")
    assert "ana@" not in str(caught.value)
    assert "t_email_key" in str(caught.value)


def test_a_hostile_message_reaches_nobody_raw(empty_database: str) -> None:
    with Database(target(empty_database)) as database:
        with pytest.raises(NightdeskError) as caught, database.reading() as connection:
            connection.execute("do $$ begin raise exception E'\\x1b]52;c;eA==\\x07'; end $$")
    assert "\x1b" not in str(caught.value)
    assert "\x07" not in str(caught.value)


def test_nobody_listening_is_unreachable(tmp_path: Path) -> None:
    with Database(target(f"host='{tmp_path}'")) as database:
        with pytest.raises(Unreachable, match="cannot be reached"), database.reading():
            pass


def test_an_unknown_database_is_a_matter_of_configuration(empty_database: str) -> None:
    elsewhere = as_url(empty_database).replace("/t_", "/gone_")
    with Database(target(elsewhere)) as database:
        with pytest.raises(ConfigurationError, match="has no database gone_"), database.reading():
            pass


@pytest.fixture
def platformless(empty_database: str) -> str:
    """The database as a login without any right."""
    with psycopg.connect(empty_database, autocommit=True) as connection:
        exists = connection.execute("select 1 from pg_roles where rolname = 'test_nobody'").fetchone()
        if exists is None:
            connection.execute("create role test_nobody login")
    return empty_database.replace("user='postgres'", "user='test_nobody'")
