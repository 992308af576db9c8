"""Fixtures for every test: a real PostgreSQL, fresh databases, operators of each role."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from db.embedded.server import Server
from tests import postgres


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        default=os.environ.get("NIGHTDESK_TEST_POSTGRES", "18"),
        help="server to test on: 18, 16, system, or a bin directory",
    )
    parser.addoption("--soak", action="store_true", help="run the long versions of bounded tests")


def pytest_configure(config: pytest.Config) -> None:
    if not _is_worker(config):
        postgres.discard_leftovers()
        postgres.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        postgres.end_run()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--soak"):
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the developer's machine decides which database a test reaches, and nothing is left there."""
    for name in list(os.environ):
        if name.startswith("PG") or name in {"DATABASE_URL", "NIGHTDESK_URL", "NIGHTDESK_HOME", "NO_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("NIGHTDESK_CONFIG", "/nonexistent/nightdesk.toml")
    monkeypatch.setenv("NIGHTDESK_STATE", str(tmp_path_factory.getbasetemp() / "state"))


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Server:
    """The server of the whole run, shared by all workers; the controlling process stops it."""
    server = postgres.open_server(request.config.getoption("--postgres"))
    server.start()
    return server


@pytest.fixture
def empty_database(postgres_server: Server) -> Iterator[str]:
    """Conninfo of the superuser for a fresh, empty database."""
    with postgres.database(postgres_server) as conninfo:
        yield conninfo


@pytest.fixture
def platform_database(postgres_server: Server) -> Iterator[str]:
    """Conninfo of the superuser for a fresh database at the head of both lines, with test operators."""
    template = postgres.template(postgres_server, "template_platform", postgres.migrate)
    with postgres.database(postgres_server, template=template) as conninfo:
        yield conninfo


@pytest.fixture
def demo_database(postgres_server: Server) -> Iterator[str]:
    """Conninfo of the superuser for a fresh copy of the demo's data (small), with test operators."""
    template = postgres.template(postgres_server, "template_demo", postgres.migrate_and_seed)
    with postgres.database(postgres_server, template=template) as conninfo:
        yield conninfo


@pytest.fixture
def as_role() -> Callable[[str, str], str]:
    """`as_role(conninfo, "support")`: the same database, seen by the operator of that role."""
    return postgres.as_role


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
