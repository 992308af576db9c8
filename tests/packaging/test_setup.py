"""The two commands of the project, as far as they can be looked at from inside one of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.metadata import distributions
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_installed_version_is_pinned() -> None:
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pinned = {canonical(name): version for name, version in pins.items()}
    ours = {"nightdesk", "pip"}
    installed = {canonical(found.metadata["Name"]): found.version for found in distributions()}
    missing = {name: version for name, version in installed.items() if name not in ours | pinned.keys()}
    assert not missing
    assert {name: pinned[name] for name in installed if name in pinned} == {
        name: version for name, version in installed.items() if name in pinned
    }


def test_constraints_hold_names_and_versions_only() -> None:
    for line in (PROJECT / "constraints.txt").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[0-9a-z.]+", line), line


def test_a_finished_set_up_is_not_repeated(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(PROJECT / name, tmp_path / name)
    planned = plan(tmp_path, "demo")
    assert "pip" in planned
    assert "-m venv" in planned
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "ready").touch()
    assert plan(tmp_path, "demo").split() == [".venv/bin/nightdesk", "demo"]
    later = (tmp_path / ".venv" / "ready").stat().st_mtime + 10
    os.utime(tmp_path / "constraints.txt", (later, later))
    assert "pip" in plan(tmp_path, "demo")


def test_help_is_what_make_says_by_itself(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "Makefile", tmp_path / "Makefile")
    said = subprocess.run(
        ["make"], cwd=tmp_path, env=plain(), capture_output=True, text=True, check=True
    ).stdout
    for target in ("demo", "test", "check", "setup", "soak", "mutants", "bench", "clean"):
        assert f"make {target}" in said


def test_continuous_integration_runs_exactly_make_test(tmp_path: Path) -> None:
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\necho "$PWD: $*"\n')
    make.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [PROJECT / ".ci" / "run"],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{PROJECT}: test\n"


def plan(directory: Path, target: str) -> str:
    """Return what make would run."""
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target],
        cwd=directory,
        env=plain(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def plain() -> dict[str, str]:
    """Return the environment without what the make that runs this suite hands down."""
    handed = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "MAKE_TERMOUT", "MAKE_TERMERR"}
    return {name: value for name, value in os.environ.items() if name not in handed}
