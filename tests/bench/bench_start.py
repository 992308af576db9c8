"""From exec to the first rows: the console against an empty Textual app, a command against psql, the demo again.

Run as `python -m tests.bench start`. Every program is a fresh process on a terminal of 120 by 40 (the commands: in a
pipe), its database a seeded demo on a server of its own. Two programs are started alternately, and a ratio is the
median over pairs; beside them stands an A/A control, the empty app against itself. Where that is off by more than a
tenth, the machine was too busy and wall time counts as not measured.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from db.embedded.binaries import binaries
from db.embedded.demo import Demo, running_demo
from db.embedded.home import demo_server
from tests.bench.ratios import ratio, spread
from tests.bench.starts import Start, finish, start

PAIRS = 9
WALL, WRITTEN = 1.6, 2.2
BIN = Path(sys.executable).parent
NIGHTDESK = str(BIN / "nightdesk")
EMPTY_APP = (str(BIN / "python"), str(Path(__file__).with_name("empty_app.py")))
# Where its first picture comes to the last line; the overview's line that is there whatever the data.
EMPTY_SHOWN, CONSOLE_SHOWN = b"\x1b[40;1H", b"migrations are pending"
SAME_ROWS = (
    "select id, username, reservation_expires_at, created_at from users where status = 'PENDING'"
    " order by coalesce(reservation_expires_at, 'infinity'), id limit 100"
)


def main() -> None:
    """Print the ratios; exits with 1 where a demand is missed."""
    home = Path(tempfile.mkdtemp(prefix="nightdesk-bench-", dir="/tmp"))
    # An account that root borrows for the server has to get through.
    home.chmod(0o755)
    environ = environment(home)
    try:
        with running_demo(environ) as demo:
            missed = console(demo, environ)
            command(demo, environ)
            again(environ, "held by another console", lambda: None)
        again(environ, "its server stopped", demo_server(environ).stop)
        demo_server(environ).stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if missed:
        sys.exit(1)


def environment(home: Path) -> dict[str, str]:
    """What a program is started with: a modern terminal, a home of its own, nothing of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "NIGHTDESK_HOME": str(home),
        "NIGHTDESK_STATE": str(home / "state"),
        "NIGHTDESK_CONFIG": str(home / "config.toml"),
    }


def console(demo: Demo, environ: Mapping[str, str]) -> bool:
    """The console against the empty app."""
    programs: dict[str, Callable[[], Start]] = {
        "empty": lambda: start(EMPTY_APP, environ, EMPTY_SHOWN),
        "console": lambda: start((NIGHTDESK, "--url", demo.url("support")), environ, CONSOLE_SHOWN),
        "control": lambda: start(EMPTY_APP, environ, EMPTY_SHOWN),
    }
    runs = pairs(programs)
    noise = ratio([each.wall for each in runs["control"]], [each.wall for each in runs["empty"]])
    quiet = 0.9 <= noise <= 1.1
    print(
        f"console, exec to first rows ÷ empty Textual app, {PAIRS} pairs (A/A control of wall time {noise:.2f})"
    )
    wall = line("wall time", runs, lambda each: each.wall, WALL if quiet else None)
    if not quiet:
        print("    wall time: not measured, the machine was busy")
    line("processor time", runs, lambda each: each.cpu, None)
    written = line("bytes written", runs, lambda each: float(each.written), WRITTEN)
    line("peak memory", runs, lambda each: float(each.peak), None)
    middle = statistics.median(each.wall for each in runs["console"])
    print(f"    first rows after {middle * 1000:.0f} ms")
    return (quiet and wall > WALL) or written > WRITTEN


def pairs(programs: Mapping[str, Callable[[], Start]]) -> dict[str, list[Start]]:
    """Start each in turn, once for nothing and then PAIRS times."""
    runs: dict[str, list[Start]] = {name: [] for name in programs}
    for number in range(PAIRS + 1):
        for name, program in programs.items():
            started = program()
            if number:
                runs[name].append(started)
    return runs


def line(
    what: str, runs: Mapping[str, list[Start]], measure: Callable[[Start], float], demanded: float | None
) -> float:
    """Print one ratio."""
    above, below = ([measure(each) for each in runs[name]] for name in ("console", "empty"))
    found = ratio(above, below)
    verdict = "" if demanded is None else f"{'meets' if found <= demanded else 'MISSES'} {demanded}"
    print(f"    {what:16s} {found:5.2f} {spread(above, below)}  {verdict}")
    return found


def command(demo: Demo, environ: Mapping[str, str]) -> None:
    """`nightdesk reservations list` against psql with the same rows."""
    address = demo.url("support")
    psql = (str(binaries(18) / "psql"), "-X", "-d", address, "-c", SAME_ROWS)
    listing = (NIGHTDESK, "reservations", "list", "--url", address)
    bare = (str(BIN / "python"), "-c", "import psycopg; print(1)")
    runs = pairs(
        {
            "psql": lambda: finish(psql, environ),
            "list": lambda: finish(listing, environ),
            "psycopg": lambda: finish(bare, environ),
        }
    )
    wall = {name: [each.wall for each in starts] for name, starts in runs.items()}
    print("nightdesk reservations list, exec to first row")
    print(f"    ÷ psql                            {ratio(wall['list'], wall['psql']):5.2f}")
    print(f"    ÷ python that imports psycopg     {ratio(wall['list'], wall['psycopg']):5.2f}")
    print(f"    first row after {statistics.median(wall['list']) * 1000:.0f} ms")


def again(environ: Mapping[str, str], situation: str, prepare: Callable[[], None]) -> None:
    """A second `nightdesk demo`: nothing is built, the console opens."""
    walls, empty = [], []
    for _ in range(PAIRS // 2):
        prepare()
        walls.append(start((NIGHTDESK, "demo"), environ, CONSOLE_SHOWN).wall)
        empty.append(start(EMPTY_APP, environ, EMPTY_SHOWN).wall)
    print(
        f"nightdesk demo again, {situation}: ÷ empty app {ratio(walls, empty):.2f},"
        f" first rows after {statistics.median(walls) * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main()
