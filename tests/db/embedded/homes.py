"""Directories for servers of a test's own, where those of the run are.

pytest's tmp_path is closed to the account that root borrows.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.embedded.server import Server
from tests.postgres import RUN_VARIABLE


@contextmanager
def server_home(prefix: str = "nightdesk-home-") -> Iterator[Path]:
    """Yield a directory that is removed afterwards, its servers stopped."""
    home = Path(tempfile.mkdtemp(prefix=prefix, dir=Path(os.environ[RUN_VARIABLE]).parent))
    home.chmod(0o755)
    try:
        yield home
    finally:
        for data in home.glob("**/data/PG_VERSION"):
            Server(data.parent.parent).stop()
        shutil.rmtree(home)
