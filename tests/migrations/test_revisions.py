"""Properties of the whole platform line: there and back, over anything half-applied, one upgrade at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db import migration
from db.embedded.server import Server
from db.errors import PermissionDenied, Refused, UsageError
from db.migration import checks
from db.migration import run as migration_run
from db.migration.fingerprint import Fingerprint, difference, take
from db.migration.locks import LockRefused
from migrations.environment import ADVISORY_KEY
from migrations.steps import apply_steps, stand_on
from tests import postgres
from tests.migrations.standing import ROWS_OF_0001, apply, fingerprint, rows, run, steps_of

REVISIONS = [revision.id for revision in migration.revisions("platform")]
BEFORE = dict(zip(REVISIONS, ["base", *REVISIONS[:-1]], strict=True))
FILLED = [revision for revision in REVISIONS if revision != "0001"]


def template_at(server: Server, revision: str, *, filled: bool) -> str:
    """Return a template database at a revision, with a row in every table of 0001 or none."""

    def build(conninfo: str) -> None:
        if revision == "base":
            return
        if filled:
            migration.upgrade(conninfo, target="0001")
            run(conninfo, ROWS_OF_0001)
        migration.upgrade(conninfo, target=revision)

    return postgres.template(server, f"template_{'filled' if filled else 'at'}_{revision}", build)


@cache
def reference(server: Server, revision: str) -> Fingerprint:
    """The fingerprint of an undisturbed upgrade to a revision."""
    name = template_at(server, revision, filled=False)
    with postgres.database(server, template=name) as conninfo:
        return fingerprint(conninfo)


@pytest.fixture
def at_previous(request: pytest.FixtureRequest, postgres_server: Server) -> Iterator[str]:
    """A database at the revision before the parameter, with rows."""
    name = template_at(postgres_server, BEFORE[request.param], filled=request.param != "0001")
    with postgres.database(postgres_server, template=name) as conninfo:
        yield conninfo


def test_the_line_is_one_chain_of_ten() -> None:
    assert [f"{number:04}" for number in range(1, 11)] == REVISIONS


def test_up_down_up_gives_the_same_catalog(empty_database: str) -> None:
    nothing = fingerprint(empty_database)
    migration.upgrade(empty_database)
    head = fingerprint(empty_database)
    migration.downgrade(empty_database)
    assert difference(nothing, fingerprint(empty_database)) == ()
    migration.upgrade(empty_database)
    assert difference(head, fingerprint(empty_database)) == ()
    assert len(head.objects) > 500


@pytest.mark.parametrize("at_previous", FILLED, indirect=True)
def test_each_revision_is_taken_back_over_rows(at_previous: str, request: pytest.FixtureRequest) -> None:
    revision = request.node.callspec.params["at_previous"]
    before = fingerprint(at_previous)
    migration.upgrade(at_previous, target=revision)
    after = fingerprint(at_previous)
    assert difference(before, after)
    migration.downgrade(at_previous, target=BEFORE[revision])
    assert difference(before, fingerprint(at_previous)) == ()
    migration.upgrade(at_previous, target=revision)
    assert difference(after, fingerprint(at_previous)) == ()


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_half_applied_state_converges(postgres_server: Server, revision: str) -> None:
    """The first k steps ran, the version row did not: the engine goes on and ends at the same catalog.

    Each k is tried in a transaction of its own that is rolled back, so that one database serves them all.
    """
    steps = steps_of(revision)
    expected = reference(postgres_server, revision)
    name = template_at(postgres_server, BEFORE[revision], filled=False)
    with (
        postgres.database(postgres_server, template=name) as conninfo,
        psycopg.connect(conninfo) as connection,
    ):
        for done in range(len(steps) + 1):
            with connection.transaction(force_rollback=True):
                ground = stand_on(connection, outside=nullcontext)
                apply_steps(ground, steps[:done])
                apply_steps(ground, steps)
                assert difference(expected, take(connection)) == (), f"after {done} steps of {revision}"


@pytest.mark.parametrize("revision", FILLED)
def test_half_applied_states_over_rows_converge(
    postgres_server: Server, revision: str, request: pytest.FixtureRequest
) -> None:
    """As above with rows, so that indexes and back-fills have committed outside the transaction by then."""
    steps = steps_of(revision)
    expected = reference(postgres_server, revision)
    name = template_at(postgres_server, BEFORE[revision], filled=True)
    every = 1 if request.config.getoption("--soak") else max(1, len(steps) // 4)
    for done in range(0, len(steps) + 1, every):
        with postgres.database(postgres_server, template=name) as conninfo:
            apply(conninfo, steps[:done])
            apply(conninfo, steps)
            assert difference(expected, fingerprint(conninfo)) == (), f"after {done} steps of {revision}"


@pytest.mark.parametrize("at_previous", REVISIONS, indirect=True)
def test_revision_stopped_before_its_version_row_is_finished_by_the_next_upgrade(
    at_previous: str, postgres_server: Server, request: pytest.FixtureRequest
) -> None:
    revision = request.node.callspec.params["at_previous"]
    steps = steps_of(revision)
    apply(at_previous, steps[: len(steps) // 2])
    migration.upgrade(at_previous, target=revision)
    assert difference(reference(postgres_server, revision), fingerprint(at_previous)) == ()
    assert rows(at_previous, "select version_num from alembic_version") == [(revision,)]


def test_head_without_a_version_row_is_verified_and_stamped(postgres_server: Server) -> None:
    name = template_at(postgres_server, REVISIONS[-1], filled=True)
    with postgres.database(postgres_server, template=name) as conninfo:
        before = fingerprint(conninfo)
        run(conninfo, "drop table alembic_version")
        told: list[str] = []
        migration.upgrade(conninfo, progress=told.append)
        assert f"everything of {REVISIONS[-1]} is there with its definition: stamped {REVISIONS[-1]}" in told
        assert not [line for line in told if line.endswith(": applied")]
        assert difference(before, fingerprint(conninfo)) == ()
        assert rows(conninfo, "select version_num from alembic_version") == [(REVISIONS[-1],)]


@pytest.mark.parametrize("revision", ["0001", "0004", "0007"])
def test_lost_version_row_is_found_again_and_the_upgrade_goes_on(
    postgres_server: Server, revision: str
) -> None:
    name = template_at(postgres_server, revision, filled=True)
    with postgres.database(postgres_server, template=name) as conninfo:
        run(conninfo, "delete from alembic_version")
        told: list[str] = []
        migration.upgrade(conninfo, progress=told.append)
        assert f"everything of {revision} is there with its definition: stamped {revision}" in told
        assert difference(reference(postgres_server, REVISIONS[-1]), fingerprint(conninfo)) == ()


def test_without_a_version_row_another_definition_is_refused_by_name(postgres_server: Server) -> None:
    name = template_at(postgres_server, "0001", filled=False)
    with postgres.database(postgres_server, template=name) as conninfo:
        run(conninfo, "drop table alembic_version; alter table rooms alter column name type varchar(40)")
        before = fingerprint(conninfo)
        with pytest.raises(Refused, match="table rooms exists with another definition") as refusal:
            migration.upgrade(conninfo)
        assert "character varying(40)" in str(refusal.value)
        assert difference(before, fingerprint(conninfo)) == ()


def test_tables_of_others_are_left_alone(empty_database: str) -> None:
    run(
        empty_database,
        "create table _prisma_migrations (id text primary key); create table notes (n integer)",
    )
    before = fingerprint(empty_database)
    migration.upgrade(empty_database)
    migration.downgrade(empty_database)
    assert difference(before, fingerprint(empty_database)) == ()


def test_platform_in_a_schema_of_its_own(empty_database: str, postgres_server: Server) -> None:
    """`?schema=app`, as Prisma writes it: nothing lands in public."""
    run(empty_database, 'create schema "App"')
    migration.upgrade(empty_database, schema="App", target="0004")
    assert fingerprint(empty_database, "public").objects == {}
    found = fingerprint(empty_database, "App")
    assert difference(reference(postgres_server, "0004"), found) == ()
    migration.downgrade(empty_database, schema="App")
    assert fingerprint(empty_database, "App").objects == {}


UPGRADE = """
import sys
from db import migration
migration.upgrade(sys.argv[1], target=sys.argv[2], progress=lambda text: print(text, flush=True))
"""


def test_two_upgrades_at_once_run_one_after_the_other(empty_database: str, postgres_server: Server) -> None:
    with psycopg.connect(empty_database, autocommit=True) as gate:
        gate.execute("select pg_advisory_lock(%s)", (ADVISORY_KEY,))
        both = [
            subprocess.Popen(
                [sys.executable, "-c", UPGRADE, empty_database, "0004"], stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("waiting: process ")
        gate.execute("select pg_advisory_unlock(%s)", (ADVISORY_KEY,))
        told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(text.count(": applied") for text in told) == 4
    assert difference(reference(postgres_server, "0004"), fingerprint(empty_database)) == ()


def test_waiting_for_another_upgrade_ends_with_its_name(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", (ADVISORY_KEY,))
        with pytest.raises(Refused, match=f"process {other.info.backend_pid} of postgres"):
            migration_run.upgrade(empty_database, wait_seconds=0)


def test_locked_table_is_waited_for_briefly_and_the_revision_rolled_back(postgres_server: Server) -> None:
    name = template_at(postgres_server, "0001", filled=True)
    with postgres.database(postgres_server, template=name) as conninfo:
        before = fingerprint(conninfo)
        told: list[str] = []
        with psycopg.connect(conninfo) as reader:
            reader.execute("select count(*) from clients")
            with pytest.raises(LockRefused, match="rolled back"):
                migration_run.upgrade(conninfo, target="0002", lock_timeout="20ms", progress=told.append)
            reader.rollback()
        assert len([line for line in told if "attempt" in line]) == 3
        assert difference(before, fingerprint(conninfo)) == ()
        migration.upgrade(conninfo, target="0002")


def test_role_that_does_not_own_the_tables_is_told_so(postgres_server: Server) -> None:
    name = template_at(postgres_server, "0001", filled=False)
    with postgres.database(postgres_server, template=name) as conninfo:
        role = "migration_stranger_" + str(conninfo_to_dict(conninfo)["dbname"])
        run(conninfo, f"create role {role} login; grant select on alembic_version to {role}")
        with pytest.raises(PermissionDenied, match="may not change the schema"):
            migration.upgrade(make_conninfo(conninfo, user=role), target="0002")
        run(conninfo, f"drop owned by {role}; drop role {role}")


def test_upgrade_as_sql_builds_the_same_catalog(empty_database: str, postgres_server: Server) -> None:
    run(empty_database, migration_run.upgrade_sql(target="0004"))
    assert difference(reference(postgres_server, "0004"), fingerprint(empty_database)) == ()


def test_unknown_target_is_a_usage_error(empty_database: str) -> None:
    with pytest.raises(UsageError, match="0999"):
        migration.upgrade(empty_database, target="0999")


@pytest.mark.parametrize("revision", REVISIONS)
def test_verification_holds_at_the_revision_and_at_head(postgres_server: Server, revision: str) -> None:
    for reached in {revision, REVISIONS[-1]}:
        name = template_at(postgres_server, reached, filled=True)
        with (
            postgres.database(postgres_server, template=name) as conninfo,
            psycopg.connect(conninfo, autocommit=True) as connection,
        ):
            results = checks.run_checks(connection, revision, "verification")
            assert results, f"{revision} declares no verification"
            broken = [
                (result.check.name, result.verdict, result.found, result.reason)
                for result in results
                if result.verdict not in {checks.Verdict.PASS, checks.Verdict.WARN}
            ]
            assert broken == [], f"at {reached}"


@pytest.mark.parametrize("at_previous", REVISIONS, indirect=True)
def test_preflight_can_be_asked_before_the_revision(at_previous: str, request: pytest.FixtureRequest) -> None:
    revision = request.node.callspec.params["at_previous"]
    with psycopg.connect(at_previous, autocommit=True) as connection:
        results = checks.run_checks(connection, revision, "preflight")
    assert results, f"{revision} declares no preflight"
    broken = [
        (result.check.name, result.verdict, result.found, result.reason)
        for result in results
        if result.verdict in {checks.Verdict.FAIL, checks.Verdict.UNKNOWN}
    ]
    assert broken == [], json.dumps(broken, default=str)
