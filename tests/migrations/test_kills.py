"""An upgrade killed at any statement is finished by the next one, with the same catalog and data."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from db import migration
from db.embedded.server import Server
from db.migration.fingerprint import difference
from tests import postgres
from tests.migrations.standing import fingerprint, rows
from tests.migrations.test_revisions import BEFORE, REVISIONS, reference, template_at

# Statements of every kind: an enum, columns, a default, indexes outside the transaction.
BOUNDED = "0008"
POINTS = 12
"""Kills of a bounded run, spread over the upgrade; the long run kills at every statement of every revision."""


@pytest.mark.parametrize(
    "revision",
    [BOUNDED, *(pytest.param(each, marks=pytest.mark.soak) for each in REVISIONS if each != BOUNDED)],
)
def test_an_upgrade_killed_at_any_statement_is_finished_by_the_next(
    postgres_server: Server, revision: str, request: pytest.FixtureRequest
) -> None:
    total = _statements(postgres_server, revision)
    assert total > POINTS
    every = 1 if request.config.getoption("--soak") else -(-total // POINTS)
    name = template_at(postgres_server, BEFORE[revision], filled=revision != "0001")
    for statement in range(1, total + 1, every):
        with postgres.database(postgres_server, template=name) as conninfo:
            killed = _upgrade(conninfo, revision, statement)
            assert killed.returncode == -signal.SIGKILL, f"statement {statement} of {total}: {killed.stderr}"
            migration.upgrade(conninfo, target=revision)
            found = difference(reference(postgres_server, revision), fingerprint(conninfo))
            assert found == (), f"killed before statement {statement} of {total}"
            assert rows(conninfo, "select version_num from alembic_version") == [(revision,)]


def _statements(server: Server, revision: str) -> int:
    """How many statements an undisturbed upgrade sends."""
    name = template_at(server, BEFORE[revision], filled=revision != "0001")
    with postgres.database(server, template=name) as conninfo:
        finished = _upgrade(conninfo, revision, 0)
        assert finished.returncode == 0, finished.stderr
        return int(finished.stdout)


def _upgrade(conninfo: str, target: str, statement: int) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "tests.migrations.killed_upgrade", conninfo, target, str(statement)]
    return subprocess.run(program, capture_output=True, text=True, check=False)
