"""An upgrade that is killed before its n-th statement: `python -m tests.migrations.killed_upgrade CONNINFO TARGET N`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import psycopg

from db import migration


def main(conninfo: str, target: str, last: int) -> None:
    """Upgrade; die by SIGKILL instead of sending statement number `last`; print how many were sent."""
    sent = 0
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(cursor, *args, **kwargs)

    psycopg.Cursor.execute = counted  # type: ignore[method-assign, assignment]
    migration.upgrade(conninfo, target=target)
    print(sent)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
