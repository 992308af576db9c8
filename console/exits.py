"""Exit codes of the console besides those of db.errors: 128 plus the signal that ended it, as shells report it."""

from __future__ import annotations

from typing import Final

HUNG_UP: Final = 129
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
TERMINATED: Final = 143
CRASHED: Final = 70
"""EX_SOFTWARE of sysexits.h: a bug of ours must not read as success or as a refusal."""
