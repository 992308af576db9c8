"""Applies each mutant to a copy of the project, runs the test it names there, and expects a failure.

As many copies as processors work side by side. Run as `python -m tests.mutants [WORD ...]`; a word chooses the
mutants whose name or file holds it.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from enum import StrEnum
from pathlib import Path

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("console", "db", "migrations", "screens", "tests", "pyproject.toml")
PATIENCE_SECONDS = 300


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"


def main(words: Sequence[str]) -> int:
    """Run the chosen mutants and print a table; 1 if one survived or no longer fits the code."""
    chosen = [m for m in mutants() if not words or any(word in m.name or word in m.file for word in words)]
    width = max((len(mutant.name) for mutant in chosen), default=0)
    workers = max(1, min(os.cpu_count() or 1, len(chosen)))
    verdicts = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nightdesk-mutants-") as directory:
        copies: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(workers):
            copies.put(copy_project(Path(directory) / str(number)))
        with ThreadPoolExecutor(workers) as pool:
            running = {pool.submit(judge_in, mutant, copies): mutant for mutant in chosen}
            for done in as_completed(running):
                mutant, (verdict, why, seconds) = running[done], done.result()
                verdicts.append(verdict)
                print(f"{verdict:9} {mutant.name:{width}} {seconds:5.1f} s  {why or mutant.test}", flush=True)
    killed = verdicts.count(Verdict.KILLED)
    minutes = (time.monotonic() - started) / 60
    print(f"{killed} of {len(verdicts)} guards are proved by their test, in {minutes:.1f} minutes")
    return 0 if killed == len(verdicts) > 0 else 1


def judge_in(mutant: Mutant, copies: queue.SimpleQueue[Path]) -> tuple[Verdict, str, float]:
    """Judge a mutant in a copy that nobody else uses meanwhile; tells how many seconds it took."""
    copy = copies.get()
    started = time.monotonic()
    try:
        verdict, why = judge(mutant, copy)
    finally:
        copies.put(copy)
    return verdict, why, time.monotonic() - started


def mutants() -> list[Mutant]:
    """Every mutant declared by a module of this package, in the order of the modules."""
    package = importlib.import_module("tests.mutants")
    modules = (
        importlib.import_module(f"tests.mutants.{m.name}")
        for m in pkgutil.iter_modules(package.__path__)
        if m.name[0] != "_"
    )
    return [mutant for module in modules for mutant in getattr(module, "MUTANTS", ())]


def copy_project(directory: Path) -> Path:
    """Copy what the tests need; the original stays untouched."""
    directory.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, directory / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis")
            )
        else:
            shutil.copy(source, directory / name)
    return directory


def judge(mutant: Mutant, copy: Path) -> tuple[Verdict, str]:
    """Run the test of a mutant without its guard."""
    file = copy / mutant.file
    whole = file.read_text()
    if whole.count(mutant.guard) != 1:
        return Verdict.BROKEN, f"its guard stands {whole.count(mutant.guard)} times in {mutant.file}"
    file.write_text(whole.replace(mutant.guard, mutant.replacement))
    try:
        return outcome(run_test(mutant.test, copy))
    except subprocess.TimeoutExpired:
        return Verdict.BROKEN, f"its test did not end within {PATIENCE_SECONDS} s"
    finally:
        file.write_text(whole)


def run_test(test: str, copy: Path) -> str:
    """Run one test in the copy; returns what pytest printed."""
    command = [sys.executable, "-m", "pytest", "-n0", "-x", "--no-header", "-p", "no:cacheprovider", test]
    done = subprocess.run(
        command,
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.stdout + done.stderr


def outcome(printed: str) -> tuple[Verdict, str]:
    """A failed assertion kills; an error before the test began proves nothing."""
    last = printed.strip().splitlines()[-1] if printed.strip() else "pytest printed nothing"
    if re.search(r"\b\d+ failed\b", last):
        return Verdict.KILLED, ""
    if re.search(r"\b\d+ passed\b", last) and "error" not in last:
        return Verdict.SURVIVED, ""
    return Verdict.BROKEN, last
