"""The private directory of the server's unix socket: the directory's mode is the server's authentication."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path

from db.embedded.account import Account

PORT = 5432

# sun_path holds 104 bytes on macOS and 108 on Linux; "/.s.PGSQL.5432" takes 14 of them.
_LONGEST = 88
_SHARED = Path("/tmp")  # noqa: S108 - a directory made in it is used only if it is ours alone


def make_socket_directory(home: Path, account: Account) -> Path:
    """Create a private directory with a short name that stays the same from start to start.

    Args:
        home: Directory of the cluster; no server of it may be running.
        account: Who runs the server.
    """
    for path in _usual(home, account):
        if len(os.fsencode(path)) <= _LONGEST and _make_private(path, account):
            # Left by a server that was killed; its lock file may name a process id that lives again.
            for left in path.glob(".s.PGSQL.*"):
                left.unlink()
            return path
    path = Path(tempfile.mkdtemp(prefix="nightdesk-", dir=_SHARED))
    account.own(path, 0o700)
    return path


def forget_socket_directory(home: Path, account: Account) -> None:
    """Remove what a server of this cluster that was killed left behind; none may be running."""
    for path in _usual(home, account):
        if path.is_dir() and not path.is_symlink() and path.stat().st_uid == account.uid:
            shutil.rmtree(path, ignore_errors=True)


def accepts(directory: Path) -> bool:
    """Tell whether a server listens there: backends that outlive a killed postmaster do not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(directory / f".s.PGSQL.{PORT}"))
        except OSError:
            return False
    return True


def _usual(home: Path, account: Account) -> list[Path]:
    """Where the socket may be; root's own runtime directory is closed to other accounts."""
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
    parents = [_SHARED]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and not account.borrowed and Path(runtime).is_dir():
        parents.insert(0, Path(runtime))
    return [parent / f"nightdesk-{account.uid}-{digest}" for parent in parents]


def _make_private(path: Path, account: Account) -> bool:
    """Create the directory, or accept an existing one only if it is the account's own and closed to others."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & 0o077
    except OSError:
        return False
    account.own(path, 0o700)
    return True
