"""One PostgreSQL server that we own: created, started, found again after any crash, stopped.

The server inherits a locked file descriptor, so the kernel says whether it lives: the lock is free only when
its last process is gone. No process id is ever trusted for that, and a stale postmaster.pid is harmless.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from db.embedded.account import Account, current_account
from db.embedded.binaries import binaries, readable_binaries
from db.embedded.sockets import PORT, accepts, forget_socket_directory, make_socket_directory
from db.errors import ConfigurationError, Unreachable

Progress = Callable[[str], None]

SUPERUSER = "postgres"
_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.01
_LARGEST_LOG = 5_000_000
_LAUNCH = 'log=$1; shift; "$@" >>"$log" 2>&1 </dev/null &'


def quiet(_: str) -> None:
    """Discard a progress line."""


@dataclass(frozen=True)
class _Postmaster:
    """What a running server wrote into postmaster.pid (PostgreSQL, src/include/utils/pidfile.h)."""

    pid: int
    socket_directory: Path


class Server:
    """A PostgreSQL cluster below one directory, reached through a private unix socket.

    Args:
        home: Directory of this cluster; created when absent, private to the account that runs the server.
        major: 18 or 16 of the wheel.
        settings: Server settings over the defaults, e.g. {"fsync": "off"} for tests.
        programs: A bin directory of another installation, used instead of the wheel's.
    """

    def __init__(
        self,
        home: Path,
        major: int = 18,
        *,
        settings: Mapping[str, str] | None = None,
        programs: Path | None = None,
    ) -> None:
        self.home = home.absolute()
        self.major = major
        self.data_dir = self.home / "data"
        self.log = self.home / "postgres.log"
        self._settings = dict(settings or {})
        self._programs = programs
        self._account: Account | None = None

    @property
    def socket_dir(self) -> Path:
        """Directory of the unix socket, as the running server reports it."""
        running = self._postmaster()
        if running is None:
            raise Unreachable(
                f"The embedded PostgreSQL in {self.home} is not running; `nightdesk demo` starts it."
            )
        return running.socket_directory

    @property
    def running(self) -> bool:
        """Whether any process of the server is alive."""
        path = self.home / "alive.lock"
        if not path.exists():
            return False
        with path.open("rb") as held:
            # A shared lock: two processes that look at the same time must not take each other for the server.
            return not _try_lock(held.fileno(), fcntl.LOCK_SH)

    def conninfo(self, *, user: str = SUPERUSER, dbname: str = "postgres") -> str:
        """Return a libpq keyword string for the running server."""
        parts = {"host": str(self.socket_dir), "port": str(PORT), "user": user, "dbname": dbname}
        return " ".join(f"{key}={_quoted(value)}" for key, value in parts.items())

    def url(self, *, user: str = SUPERUSER, dbname: str = "postgres") -> str:
        """Return a postgresql:// URL for the running server."""
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql://{quote(user, safe='')}@/{quote(dbname, safe='')}?host={host}&port={PORT}"

    def start(self, progress: Progress = quiet) -> None:
        """Make the server run, creating its cluster first if there is none; a running one is left alone.

        Args:
            progress: Receives a line for each step that takes noticeable time.

        Raises:
            ConfigurationError: The directory, account or programs cannot be used; the sentence says which.
            Unreachable: The server did not come up; the sentence quotes the last lines of its log.
        """
        account = self.prepare_home()
        with self._exclusively("starting.lock"):
            if self._postmaster() is not None:
                return
            programs = readable_binaries(self._programs or binaries(self.major), account, self.home)
            self._create_cluster(account, programs, progress)
            progress(f"starting PostgreSQL {self.major}")
            self._launch(account, programs)

    def stop(self) -> None:
        """Stop the server and wait until its last process is gone; a stopped one is left alone."""
        if not self.home.is_dir():
            return
        with self._exclusively("starting.lock"):
            running = self._postmaster()
            if running is None:
                forget_socket_directory(self.home, current_account())
                return
            os.kill(running.pid, signal.SIGINT)
            with (self.home / "alive.lock").open("rb") as alive:
                if not _lock_within(alive.fileno(), fcntl.LOCK_SH, _PATIENCE_SECONDS):
                    os.kill(running.pid, signal.SIGQUIT)
                    _lock_within(alive.fileno(), fcntl.LOCK_SH, _PATIENCE_SECONDS)
            shutil.rmtree(running.socket_directory, ignore_errors=True)

    def prepare_home(self) -> Account:
        """Create the private directory of the cluster and return the account that runs it.

        Raises:
            ConfigurationError: The directory cannot be created or entered; the sentence says by whom.
        """
        if self._account is None:
            self._account = current_account()
        account = self._account
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            account.own(self.home, 0o700)
        except OSError as error:
            raise ConfigurationError(
                f"{self.home} cannot be used for the embedded PostgreSQL ({error.strerror}); "
                "set NIGHTDESK_HOME to a directory you own."
            ) from error
        if not account.can_enter(self.home):
            raise ConfigurationError(
                f"The account {account.name}, which runs the embedded PostgreSQL, cannot enter {self.home}; "
                "set NIGHTDESK_HOME to a directory that it can reach, e.g. below /var/lib."
            )
        return account

    def _create_cluster(self, account: Account, programs: Path, progress: Progress) -> None:
        """Run initdb beside the final name and rename, so that a crash leaves no half cluster."""
        if (self.data_dir / "PG_VERSION").exists():
            return
        progress(f"creating a PostgreSQL {self.major} cluster in {self.home}")
        building = self.home / "data.building"
        shutil.rmtree(building, ignore_errors=True)
        durable = self._settings.get("fsync") != "off"
        done = account.run(
            [
                programs / "initdb",
                f"--pgdata={building}",
                f"--username={SUPERUSER}",
                # The socket directory is private to one account, so the socket itself is the authentication.
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                # The builtin provider sorts alike on every system; version 16 has none and sorts by bytes.
                *(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self.major >= 17 else []),
                *([] if durable else ["--no-sync"]),
            ]
        )
        if done.returncode != 0:
            raise Unreachable(f"initdb failed in {self.home}: {_last_lines(done.stderr or done.stdout)}")
        building.rename(self.data_dir)

    def _launch(self, account: Account, programs: Path) -> None:
        """Start the postmaster and wait until it accepts connections."""
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.unlink()
        with (self.home / "alive.lock").open("ab") as alive:
            if not _lock_within(alive.fileno(), fcntl.LOCK_EX, _PATIENCE_SECONDS):
                raise Unreachable(
                    f"Processes of an earlier server in {self.home} do not end; see {self.log}."
                )
            # Nobody holds the lock, so the file is of a server that died; its pid may be anybody's by now.
            (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
            settings = self._effective_settings(make_socket_directory(self.home, account))
            options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
            postgres: list[str | Path] = [programs / "postgres", "-D", self.data_dir, *options]
            account.run(["/bin/sh", "-c", _LAUNCH, "sh", self.log, *postgres], pass_fds=(alive.fileno(),))
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._postmaster() is None:
            if not self.running or time.monotonic() > deadline:
                log = self.log.read_text(errors="replace") if self.log.exists() else ""
                raise Unreachable(
                    f"The embedded PostgreSQL did not start: {_last_lines(log)} (log: {self.log})"
                )
            time.sleep(_POLL_SECONDS)

    def _effective_settings(self, socket_directory: Path) -> dict[str, str]:
        """Settings for the command line: no file in a directory that another account owns is written."""
        return {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": _listed(socket_directory),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "off",
        } | self._settings

    def _postmaster(self) -> _Postmaster | None:
        """Read where the live server listens; None when it is dead or not yet ready."""
        if not self.running:
            return None
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        found = _Postmaster(pid=int(lines[0]), socket_directory=Path(lines[4]))
        return found if accepts(found.socket_directory) else None

    @contextmanager
    def _exclusively(self, name: str) -> Iterator[None]:
        """Hold a lock file of this cluster; waits for the other process that starts or stops it."""
        with (self.home / name).open("ab") as held:
            fcntl.flock(held.fileno(), fcntl.LOCK_EX)
            yield


def _lock_within(descriptor: int, mode: int, seconds: float) -> bool:
    """Take the lock as soon as it is free; False when it stays taken."""
    deadline = time.monotonic() + seconds
    while not _try_lock(descriptor, mode):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _try_lock(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _quoted(value: str) -> str:
    """Quote a libpq keyword value (PostgreSQL docs, 34.1.1.1 Keyword/Value Connection Strings)."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _listed(path: Path) -> str:
    """Quote a path as one element of a list setting, where a comma would part it."""
    doubled = str(path).replace('"', '""')
    return f'"{doubled}"'


def _last_lines(text: str, count: int = 3) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-count:]) or "it wrote no reason"
