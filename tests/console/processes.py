"""The command line as its own process: what it prints, how it ends."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 120


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def nightdesk(
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
) -> Finished:
    """Run nightdesk without a terminal and wait for its end."""
    done = subprocess.run(
        [sys.executable, "-m", "console", *arguments],
        capture_output=True,
        text=True,
        env=environment(environ),
        cwd=cwd,
        user=user,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(
    arguments: Sequence[str], environ: Mapping[str, str] | None = None, user: str | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start nightdesk without a terminal; killed at the end of the block if it still runs."""
    process = subprocess.Popen(
        [interpreter(user), "-m", "console", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(environ),
        user=user,
        # The suite's own directory may be closed to another user.
        cwd="/",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def interpreter(user: str | None) -> str:
    """Return a Python that the user can run; root's own may be closed to others."""
    if user is None:
        return sys.executable
    probe = "import sys; print(*sys.version_info[:2])"
    for candidate in (sys.executable, "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [candidate, "-c", probe], user=user, cwd="/", capture_output=True, text=True
            )
        except OSError:
            continue
        if done.stdout.split() == [str(part) for part in sys.version_info[:2]]:
            return candidate
    pytest.skip(f"no Python {sys.version_info[0]}.{sys.version_info[1]} that {user} can run")


def environment(changes: Mapping[str, str] | None) -> dict[str, str]:
    """Return this process's environment, able to find the project from any directory, with changes."""
    paths = [str(Path(__file__).parents[2]), *site.getsitepackages()]
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(paths)} | dict(changes or {})
