"""`nightdesk demo`: the console on a database of its own, or that database for other programs."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from console.cli.output import remark
from console.start import require_terminal
from db.connection.environment import Environment, Kind
from db.connection.secret import Secret
from db.connection.target import Target, target_of
from db.embedded.demo import ROLES, Demo, running_demo


@click.command("demo")
@click.option(
    "--as", "role", type=click.Choice(ROLES), default="support", show_default=True, help="Operator to be."
)
@click.option("--reset", is_flag=True, help="Build the database anew.")
@click.option("--rows", type=click.IntRange(1), help="Users of the platform; builds anew for another size.")
@click.option("--serve", is_flag=True, help="Print the addresses as one line of JSON and hold until SIGTERM.")
def command(role: str, reset: bool, rows: int | None, serve: bool) -> None:
    """Open the console on a PostgreSQL of its own with a believable platform in it."""
    if not serve:
        require_terminal()
    # Until the console has handlers of its own: leave the shared server in order when told to end.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    with running_demo(os.environ, rows=rows, reset=reset, progress=_progress) as demo:
        if demo.stale:
            remark(
                f"The demo data is {demo.built.age.days} days old; `nightdesk demo --reset` makes it fresh."
            )
        if serve:
            _serve(demo)
        else:
            click.get_current_context().exit(_open(demo, role))


def demo_target(demo: Demo, role: str) -> Target:
    """Return the demo as the target of an operator."""
    return target_of(Environment(name="demo", url=Secret(demo.url(role)), kind=Kind.DEVELOPMENT))


def _open(demo: Demo, role: str) -> int:
    from console import app

    return app.run(demo_target(demo, role))


def _serve(demo: Demo) -> None:
    """Print where the demo is, then hold it until somebody ends us."""
    import json

    endings = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    # Blocked before the line is printed: whoever reads it may end us at once, and cleanly.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    line = {"url": demo.url(), "urls": {role: demo.url(role) for role in ROLES}}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    signal.sigwait(endings)


def _progress(sentence: str) -> None:
    remark(f"  {sentence}")


def _end(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
