"""Never the root of a lock queue: short waits for a table, then another attempt when it may be quieter."""

from __future__ import annotations

import time
from collections.abc import Callable

from db.errors import Refused

_ATTEMPTS = 4
_PAUSE_SECONDS = 0.5


class LockRefused(Refused):
    """Another session held a lock for longer than lock_timeout; the attempt was rolled back."""

    code = "lock_refused"


def patiently(act: Callable[[], object], report: Callable[[str], None]) -> None:
    """Run something whose statements wait for locks briefly; while it is refused one, pause and run it again.

    A session that waits for a strong lock makes everybody behind it wait too, so the wait is short and the pause,
    in which others get through, grows.

    Args:
        act: Raises LockRefused after it has rolled back.
        report: Receives a line before each further attempt.

    Raises:
        LockRefused: The last attempt was refused too.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            act()
        except LockRefused:
            if attempt == _ATTEMPTS:
                raise
            report(f"a table was locked by another session, attempt {attempt + 1} of {_ATTEMPTS}")
            time.sleep(_PAUSE_SECONDS * attempt)
        else:
            return
