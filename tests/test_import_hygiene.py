"""What a command loads: static contracts cannot prove that an import is deferred."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.postgres import as_role, as_url

HEAVY = ("textual", "rich", "stripe", "jwt", "cryptography", "sqlalchemy", "alembic", "platformdirs")


def loaded(*arguments: str) -> tuple[int, set[str]]:
    """Run a command line in a fresh interpreter; return its exit code and the heavy packages it loaded."""
    program = (
        "import json, sys; from console.__main__ import run\n"
        "code = run(json.loads(sys.argv[1]))\n"
        "print(json.dumps([code, sorted({name.split('.')[0] for name in sys.modules})]), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(arguments)], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules) & set(HEAVY)


@pytest.mark.parametrize(
    "command",
    [
        ("webhooks", "list", "--json"),
        ("reservations", "list", "--json"),
        ("sessions", "list", "--json"),
        ("clients", "list", "--json"),
        ("migrations", "status", "--json"),
        ("doctor", "--json"),
    ],
)
def test_a_reading_command_loads_no_screen_no_orm_and_no_stripe(
    platform_database: str, command: tuple[str, ...]
) -> None:
    url = as_url(as_role(platform_database, "support"))
    assert loaded(*command, "--url", url) == (0, set())


def test_environments_opens_no_database() -> None:
    assert loaded("environments", "--json") == (0, set())
