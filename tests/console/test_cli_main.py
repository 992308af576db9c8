from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli.main import SUBCOMMANDS
from tests.console.processes import nightdesk, started
from tests.postgres import as_url

PASSWORD = "hunter2hunter2"


def test_help_lists_commands_without_importing_them() -> None:
    program = (
        "import sys; from console.__main__ import run; code = run(['--help']);"
        "heavy = {'psycopg', 'textual', 'sqlalchemy', 'alembic', 'stripe', 'rich'} & set(sys.modules);"
        "areas = [name for name in sys.modules if name.startswith('console.cli.')];"
        "print(code, heavy, sorted(areas), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "0 set() ['console.cli.context', 'console.cli.main']\n"
    for name in ("demo", "doctor", "environments"):
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", sorted(SUBCOMMANDS))
def test_every_command_of_the_registry_has_help(name: str) -> None:
    if not Path(f"console/cli/{SUBCOMMANDS[name].module}.py").exists():
        pytest.skip("not part of this installation")
    done = nightdesk(name, "--help")
    assert (done.code, done.err) == (0, "")


def test_an_unknown_command_is_a_usage_error_shown_harmless() -> None:
    done = nightdesk("web\x1b[31mhooks")
    assert done.code == 2
    assert done.out == ""
    assert "\x1b" not in done.err
    assert done.err.startswith("nightdesk: No such command")


def test_a_group_without_a_command_prints_its_help() -> None:
    done = nightdesk("audit")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: nightdesk audit")
    assert "\n  verify " in done.err


def test_a_usage_error_is_one_line() -> None:
    done = nightdesk("migrations", "status", "--line", "a\n\tb")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "\t" not in done.err


def test_an_unknown_option_is_a_usage_error() -> None:
    done = nightdesk("doctor", "--nonsense")
    assert (done.code, done.out) == (2, "")
    assert "--nonsense" in done.err


def test_nowhere_to_connect_names_the_demo(tmp_path: Path) -> None:
    done = nightdesk("doctor", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert "`nightdesk demo`" in done.err


@pytest.mark.parametrize("order", ["before", "after"])
def test_the_database_may_be_named_before_or_after_the_command(empty_database: str, order: str) -> None:
    url = as_url(empty_database)
    arguments = (
        ["--url", url, "doctor", "--json"] if order == "before" else ["doctor", "--json", "--url", url]
    )
    done = nightdesk(*arguments)
    assert done.code == 0, done.err
    assert done.document["server"]["database"] in empty_database


def test_the_option_after_the_command_wins(empty_database: str, tmp_path: Path) -> None:
    done = nightdesk("--url", f"postgresql:///db?host={tmp_path}", "doctor", "--url", as_url(empty_database))
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "--url", "postgresql://h/db", "--env", "prod"),
        ("--url", "postgresql://h/db", "doctor", "--env", "prod"),
        ("--env", "prod", "doctor", "--url", "postgresql://h/db"),
        ("--env", "prod", "reservations", "list", "--url", "postgresql://h/db"),
    ],
)
def test_two_names_for_a_database_are_refused(arguments: tuple[str, ...]) -> None:
    done = nightdesk(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "two databases" in done.err


def test_an_unreachable_server_is_exit_4_and_shows_no_password(tmp_path: Path) -> None:
    done = nightdesk("doctor", "--url", f"postgresql://ana:{PASSWORD}@/db?host={tmp_path}")
    assert (done.code, done.out) == (4, "")
    assert PASSWORD not in done.err


def test_without_a_terminal_the_commands_are_named() -> None:
    done = nightdesk("--url", "postgresql://h/db")
    assert (done.code, done.out) == (2, "")
    assert "nightdesk reservations list" in done.err


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_gets_no_console(term: str) -> None:
    done = in_terminal(term)
    assert done.returncode == 2
    assert "TERM is" in done.stdout


def in_terminal(term: str) -> subprocess.CompletedProcess[str]:
    """Run nightdesk with a pty as its standard streams."""
    program = (
        "import os, pty, sys\n"
        "status = pty.spawn([sys.executable, '-m', 'console', '--url', 'postgresql://h/db'])\n"
        "sys.exit(os.waitstatus_to_exitcode(status))"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"TERM": term},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_unexpected_error_shows_no_traceback_and_no_data(tmp_path: Path) -> None:
    program = (
        "import click, sys\n"
        "from console.cli import main\n"
        "from console.__main__ import run\n"
        "def fail():\n"
        f"    password = {PASSWORD!r}\n"
        f"    raise RuntimeError('postgresql://u:{PASSWORD}@h/db\\nDETAIL: ana@example.com')\n"
        "main.cli.add_command(click.Command('fail', callback=fail))\n"
        "main.LazyGroup.get_command = lambda self, ctx, name: self.commands.get(name)\n"
        "sys.exit(run(['fail']))"
    )
    state = tmp_path / "state"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"NIGHTDESK_STATE": str(state)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (70, "")
    assert "Traceback" not in done.stderr
    (report,) = (state / "crashes").iterdir()
    assert report.stat().st_mode & 0o777 == 0o600
    assert str(report) in done.stderr
    text = report.read_text()
    assert "RuntimeError" in text
    assert "in fail" in text
    for leak in (PASSWORD, "ana@example.com"):
        assert leak not in text + done.stderr


def test_ctrl_c_is_exit_130(empty_database: str) -> None:
    program = (
        "import click, os, signal, sys\n"
        "from console.cli import main\n"
        "from console.__main__ import run\n"
        "main.LazyGroup.get_command = lambda *_: click.Command('x', callback=lambda: os.kill(os.getpid(), 2))\n"
        "sys.exit(run(['x']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_closed_pipe_ends_quietly() -> None:
    with started(["--help"]) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(60)
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.stdout = None
    assert process.returncode in {0, 141}


def test_the_version_is_the_packages() -> None:
    from importlib.metadata import version

    assert nightdesk("--version").out == f"nightdesk {version('nightdesk')}\n"
