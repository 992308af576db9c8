"""`python -m db.embedded.discard`: remove the demo's server and data; `make clean` calls it."""

from __future__ import annotations

import os
import shutil
import sys

from db.embedded.home import MAJOR, data_home
from db.embedded.server import Server
from db.embedded.sharing import in_use
from db.errors import NightdeskError, Refused


def discard() -> None:
    """Stop the demo's server and remove its data, and nothing else of the directory.

    Raises:
        Refused: A console is using it.
    """
    home = data_home(os.environ) / f"postgres-{MAJOR}"
    if not home.is_dir():
        return
    server = Server(home, MAJOR)
    if in_use(server):
        raise Refused(f"A console is using the demo in {home}; quit it first.")
    server.stop()
    shutil.rmtree(home)


if __name__ == "__main__":
    try:
        discard()
    except NightdeskError as error:
        sys.exit(f"nightdesk: {error}")
