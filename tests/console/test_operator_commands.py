"""`nightdesk operators`: what it says, and whom it names when somebody else has to do it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from console.__main__ import run
from tests.postgres import as_role, as_url

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def newcomer(platform_database: str) -> Iterator[str]:
    """A name that the cluster does not know; its login is dropped afterwards."""
    name = f"new_{uuid4().hex[:12]}"
    yield name
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute(f"drop owned by {name}; drop role {name}")


def test_a_second_role_is_named_beside_the_first(
    platform_database: str, newcomer: str, capsys: Capture
) -> None:
    url = ("--url", as_url(platform_database))
    assert run(("operators", "add", newcomer, "--role", "viewer", *url)) == 0
    assert f"{newcomer} is viewer; set a password" in capsys.readouterr().out
    assert run(("operators", "add", newcomer, "--role", "oncall", *url)) == 0
    assert capsys.readouterr().out == f"{newcomer} is oncall, viewer\n"


def test_who_may_not_add_is_told_whom_to_ask(platform_database: str, capsys: Capture) -> None:
    url = as_url(as_role(platform_database, "dba"))
    assert run(("operators", "add", "nobody_yet", "--role", "viewer", "--url", url)) == 3
    said = capsys.readouterr().err
    assert "test_dba may not make anybody viewer on this server" in said
    assert "postgres" in said.split("Ask ")[1]


@pytest.mark.parametrize(
    "command",
    [
        ("operators", "list"),
        ("operators", "add", "ana", "--role", "viewer"),
        ("operators", "remove", "ana"),
        ("audit", "list"),
        ("audit", "verify"),
        ("audit", "export"),
    ],
)
def test_without_the_schema_there_is_no_record(
    empty_database: str, capsys: Capture, command: tuple[str, ...]
) -> None:
    assert run((*command, "--url", as_url(empty_database))) == 1
    assert capsys.readouterr().err == (
        "nightdesk: this database has no schema nightdesk: there is no record here\n"
    )
