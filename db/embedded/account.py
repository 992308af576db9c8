"""The operating-system account that runs the embedded server: ours, or a lesser one when we are root."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.errors import ConfigurationError

_STAND_INS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """Who owns the server's processes and files.

    Attributes:
        name: Account name for messages.
        uid: User id of the server's processes.
        gid: Group id of the server's processes.
        borrowed: We are root and run the server as somebody else, because PostgreSQL refuses root.
    """

    name: str
    uid: int
    gid: int
    borrowed: bool

    def run(
        self, command: Sequence[str | Path], *, pass_fds: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as this account, away from our terminal and working directory.

        Args:
            command: Program and arguments; no shell is involved.
            pass_fds: Descriptors that the program inherits.

        Returns:
            The finished process with its output as text.
        """
        return subprocess.run(
            [str(part) for part in command],
            # The working directory may be closed to the borrowed account; initdb fails on one it cannot enter.
            cwd="/",
            env=self._environment(),
            user=self.uid if self.borrowed else None,
            group=self.gid if self.borrowed else None,
            extra_groups=[] if self.borrowed else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=pass_fds,
            # Ctrl+C in the console must not reach a server that other consoles share.
            start_new_session=True,
            check=False,
        )

    def own(self, path: Path, mode: int) -> None:
        """Give a path to this account with the mode."""
        if self.borrowed:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)

    def can_enter(self, directory: Path) -> bool:
        """Tell whether the account can enter and write the directory, all parents included."""
        if not self.borrowed:
            return os.access(directory, os.W_OK | os.X_OK)
        probe = self.run(["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", directory])
        return probe.returncode == 0

    def _environment(self) -> dict[str, str]:
        """Environment without PG* variables, which would change what the server's programs do."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PG") and name not in {"LANG", "LANGUAGE", "HOME"} and name[:3] != "LC_"
        }
        return kept | {"LC_ALL": "C", "HOME": "/" if self.borrowed else os.environ.get("HOME", "/")}


def current_account() -> Account:
    """Choose the account: ours, or `postgres` (else `nobody`) when we are root.

    Raises:
        ConfigurationError: We are root and neither account exists.
    """
    uid = os.geteuid()
    if uid != 0:
        return Account(name=_name_of(uid), uid=uid, gid=os.getegid(), borrowed=False)
    for name in _STAND_INS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, borrowed=True)
    raise ConfigurationError(
        "PostgreSQL does not run as root, and this system has no account postgres or nobody to run it as; "
        f"run nightdesk as an ordinary user ({sys.platform})."
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
