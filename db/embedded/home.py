"""Where the embedded server keeps its data, for ordinary users and for root."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from db.embedded.account import current_account
from db.embedded.server import Server
from db.errors import ConfigurationError

MAJOR = 18
# Root's own data directory is closed to the account that runs the server.
_OF_ROOT = Path("/var/lib/nightdesk")


def data_home(environ: Mapping[str, str]) -> Path:
    """Return the directory of all our data: NIGHTDESK_HOME, else the user's data directory."""
    chosen = environ.get("NIGHTDESK_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return _OF_ROOT
    from platformdirs import user_data_path

    return user_data_path("nightdesk", appauthor=False)


def demo_server(environ: Mapping[str, str]) -> Server:
    """Return the server of the demo; its home can be reached by the account that will run it.

    Raises:
        ConfigurationError: The directory cannot be made.
    """
    home = data_home(environ)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{home} cannot be created ({error.strerror}); set NIGHTDESK_HOME to a directory you own."
        ) from error
    _let_through(home)
    return Server(home / f"postgres-{MAJOR}", MAJOR, settings={"cluster_name": "nightdesk demo"})


def _let_through(home: Path) -> None:
    """Let the group of a borrowed account pass a private directory of root, such as one made by mktemp."""
    account = current_account()
    found = home.stat()
    private = found.st_uid == 0 and not found.st_mode & 0o077
    if account.borrowed and private and home != Path.home():
        os.chown(home, -1, account.gid)
        home.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXGRP)
