"""`make mutants`: take one guard away at a time; the test that is named for it must fail.

Each *.toml beside this file holds mutants:

    [[mutant]]
    name = "what is no longer guarded"
    file = "db/connection/database.py"
    old = "text that stands there exactly once"
    new = "what stands there instead"
    test = "tests/db/connection/test_database.py::test_name"

The work happens in a copy of the project; the project itself is never changed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
CATALOGUE = Path(__file__).parent
# Exit codes of pytest: https://docs.pytest.org/en/stable/reference/exit-codes.html
PASSED, FAILED = 0, 1


@dataclass(frozen=True)
class Mutant:
    """One guard to take away.

    Attributes:
        name: What is no longer guarded.
        file: Path inside the project.
        old: Text that stands in the file exactly once.
        new: What replaces it.
        test: What must fail then, as pytest takes it.
    """

    name: str
    file: str
    old: str
    new: str
    test: str


def main() -> int:
    """Run the mutants whose name or file contains the arguments, all without any."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("words", nargs="*", help="only mutants whose name or file contains one of these")
    words = parser.parse_args().words
    mutants = [m for m in catalogue() if not words or any(word in m.name + m.file for word in words)]
    with tempfile.TemporaryDirectory(prefix="nightdesk-mutants-") as directory:
        copy = Path(directory) / "project"
        shutil.copytree(
            PROJECT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache")
        )
        verdicts = [judge(mutant, copy) for mutant in mutants]
    bad = sum(verdict != "killed" for verdict in verdicts)
    print(f"{len(mutants) - bad} of {len(mutants)} mutants were killed")
    return 1 if bad else 0


def catalogue() -> list[Mutant]:
    """Read every mutant that is declared."""
    found = []
    for file in sorted(CATALOGUE.glob("*.toml")):
        found += [Mutant(**entry) for entry in tomllib.loads(file.read_text())["mutant"]]
    return found


def judge(mutant: Mutant, copy: Path) -> str:
    """Apply a mutant to the copy, run its test, restore the file and print the verdict."""
    file = copy / mutant.file
    original = file.read_text()
    if original.count(mutant.old) != 1:
        verdict = f"its text stands {original.count(mutant.old)} times in {mutant.file}"
    elif run(mutant.test, copy) != PASSED:
        verdict = "its test does not pass unharmed"
    else:
        file.write_text(original.replace(mutant.old, mutant.new))
        outcome = run(mutant.test, copy)
        file.write_text(original)
        verdict = {FAILED: "killed", PASSED: "SURVIVED"}.get(outcome, f"pytest ended with {outcome}")
    print(f"{verdict:10} {mutant.name} ({mutant.file})", flush=True)
    return verdict


def run(test: str, copy: Path) -> int:
    """Run a test in the copy and return pytest's exit code."""
    # No bytecode: two versions of a file may have the same size and second.
    environ = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-n0", "-x", "-q", "-p", "no:cacheprovider", test]
    return subprocess.run(command, cwd=copy, env=environ, capture_output=True).returncode


if __name__ == "__main__":
    sys.exit(main())
