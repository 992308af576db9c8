"""What a person gets who installs nightdesk as a tool, outside this directory."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.test_cli_demo import addresses, ask
from tests.db.embedded.homes import server_home

PROJECT = Path(__file__).parents[2]
PACKAGES = ("console", "screens", "db", "migrations")

pytestmark = pytest.mark.xdist_group("packaging")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing of the building stays in the project."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def tool(wheel: Path) -> Iterator[Path]:
    """An empty venv with the wheel in it; dependencies are found where this suite has them."""
    with server_home("nightdesk-tool-") as home:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "venv"], check=True)
        python = home / "venv" / "bin" / "python"
        install: list[str | Path] = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
            "--no-index",
            "--no-deps",
        ]
        subprocess.run([*install, wheel], check=True)
        (packages,) = (home / "venv" / "lib").glob("python*/site-packages")
        # A path listed in a .pth file is searched, its own .pth files are not read: no way back to the project.
        (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
        yield home / "venv" / "bin" / "nightdesk"


def test_everything_in_the_packages_is_in_the_wheel(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        str(path.relative_to(PROJECT))
        for name in PACKAGES
        for path in (PROJECT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert not expected - inside
    for suffix in (".sql", ".toml", ".tcss", ".mako"):
        assert any(name.endswith(suffix) for name in inside), suffix
    assert not any(name.startswith("tests/") for name in inside)


def test_the_tool_runs_without_the_project(tool: Path) -> None:
    where = "import console, db, migrations; print(console.__file__, db.__file__, migrations.__file__)"
    done = subprocess.run([tool.with_name("python"), "-c", where], cwd="/", capture_output=True, text=True)
    assert str(PROJECT) not in done.stdout.replace(str(tool.parent), "")
    assert str(tool.parents[1]) in done.stdout
    done = subprocess.run([tool, "--help"], cwd="/", capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "reservations" in done.stdout


def test_the_tool_brings_its_migrations_and_its_postgres(tool: Path) -> None:
    home = tool.parents[2] / "data"
    process = subprocess.Popen(
        [tool, "demo", "--serve", "--rows", "30"],
        cwd="/",
        env=os.environ | {"NIGHTDESK_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = addresses(process)["url"]
        assert ask(url, "select version_num from alembic_version") == "0010"
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
