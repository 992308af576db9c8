"""The history of a line: read from files and the version row, without Alembic, whatever the database holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db import migration
from db.migration import State
from tests.migrations.standing import run


@pytest.fixture
def connection(empty_database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(empty_database, autocommit=True) as session:
        yield session


def states(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, State]:
    return {each.revision.id: each.state for each in migration.history(connection)}


def test_revisions_carry_description_date_and_size() -> None:
    first = migration.revisions("platform")[0]
    assert first.id == "0001"
    assert first.down is None
    assert first.description.startswith("Initial platform")
    assert not first.description.endswith(".")
    assert first.created == date(2025, 12, 28)
    assert first.lines > 400


def test_sql_files_of_a_revision_count_as_its_lines() -> None:
    by_id = {each.id: each for each in migration.revisions("platform")}
    assert by_id["0005"].lines > 1_000


def test_without_a_version_table_everything_is_pending(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    assert set(states(connection).values()) == {State.PENDING}


def test_in_a_schema_that_does_not_exist_nothing_is_pending(
    empty_database: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    migration.upgrade(empty_database, target="0001")
    connection.execute("select set_config('search_path', 'app, pg_temp', false)")
    found = migration.history(connection)
    assert {each.state for each in found} == {State.UNKNOWN}
    assert {each.note for each in found} == {
        f"schema app does not exist in {connection.info.dbname}: check ?schema= of the address"
    }
    assert {each.state for each in migration.history(connection, "console")} == {State.PENDING}


def test_revisions_up_to_the_version_row_are_applied(
    empty_database: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    migration.upgrade(empty_database, target="0003")
    found = migration.history(connection)
    assert [each.revision.id for each in found if each.state is State.APPLIED] == ["0001", "0002", "0003"]
    assert {each.state for each in found[3:]} == {State.PENDING}
    assert [each.revision.id for each in found if each.current] == ["0003"]


def test_version_row_of_another_release_is_unknown_and_says_so(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    connection.execute("create table alembic_version (version_num varchar(32) primary key)")
    connection.execute("insert into alembic_version values ('0999')")
    found = migration.history(connection)
    assert found[-1].revision.id == "0999"
    assert found[-1].state is State.UNKNOWN
    assert found[-1].note is not None
    assert "another release" in found[-1].note
    assert {each.state for each in found} == {State.UNKNOWN}


def test_version_table_that_may_not_be_read_is_unknown(empty_database: str) -> None:
    migration.upgrade(empty_database, target="0001")
    role = "history_stranger_" + str(conninfo_to_dict(empty_database)["dbname"])
    run(empty_database, f"create role {role} login")
    with psycopg.connect(make_conninfo(empty_database, user=role), autocommit=True) as stranger:
        found = migration.history(stranger)
    run(empty_database, f"drop role {role}")
    assert {each.state for each in found} == {State.UNKNOWN}
    assert found[0].note == "public.alembic_version may not be read by this role"


def test_console_line_is_read_from_its_own_schema(
    empty_database: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    migration.upgrade(empty_database, target="0001")
    found = migration.history(connection, line="console")
    assert found
    assert {each.state for each in found} == {State.PENDING}


def test_reading_history_and_checks_imports_neither_alembic_nor_sqlalchemy() -> None:
    code = (
        "import sys; from db import migration; from db.migration import checks; migration.revisions(); checks.checks_of('0001');"
        "print(sorted({'alembic', 'sqlalchemy', 'migrations.steps'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
