"""One embedded server for many processes: each holds it, the last one out stops it.

Holding is a shared flock, which the kernel drops with the process, so a killed console counts as gone.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from db.embedded.server import Progress, Server, quiet


@contextmanager
def held(server: Server, progress: Progress = quiet) -> Iterator[Server]:
    """Keep the server running while the block runs, whoever else uses it.

    Args:
        server: The cluster to hold; started when it does not run.
        progress: Receives a line for each step that takes noticeable time.

    Yields:
        The same server, running.
    """
    server.prepare_home()
    # "doors" lets one process at a time come in or go out, so nobody enters while the last one stops it.
    with (server.home / "doors.lock").open("ab") as doors, (server.home / "users.lock").open("ab") as users:
        fcntl.flock(doors, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            server.start(progress)
        finally:
            fcntl.flock(doors, fcntl.LOCK_UN)
        try:
            yield server
        finally:
            fcntl.flock(doors, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_UN)
            if _nobody_uses(users.fileno()):
                server.stop()


def _nobody_uses(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def in_use(server: Server) -> bool:
    """Tell whether any process holds the server."""
    path = server.home / "users.lock"
    if not path.exists():
        return False
    with path.open("ab") as users:
        return not _nobody_uses(users.fileno())
