"""Whether this terminal can show the console, and what it can show."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass

SMALLEST_COLUMNS = 60
SMALLEST_LINES = 15
GLYPHS = "›…·→─│╭╮╰╯×⏎"
"""Characters outside ASCII that the console draws with."""


@dataclass(frozen=True)
class Terminal:
    """What standard streams and environment say about the terminal.

    Attributes:
        stdin: Standard input is a terminal.
        stderr: Standard error is one; the console draws there.
        name: TERM.
        colours: Colours it takes, as far as its environment tells.
        encoding: Encoding of what we write.
        columns: Width.
        lines: Height.
    """

    stdin: bool
    stderr: bool
    name: str
    colours: str
    encoding: str
    columns: int
    lines: int

    @property
    def refusal(self) -> str | None:
        """Why the console cannot be drawn here, None when it can."""
        if not (self.stdin and self.stderr):
            return "standard input and standard error are not both a terminal"
        if self.name in {"", "dumb"}:
            return f"TERM is {self.name or 'not set'}"
        if not _encodes(self.encoding):
            return (
                f"the encoding {self.encoding} has no characters for its lines and marks (a UTF-8 locale has)"
            )
        return None

    @property
    def advice(self) -> tuple[str, ...]:
        """What an operator might change, in sentences."""
        found = []
        if self.refusal is not None:
            found.append(f"The console cannot be drawn here: {self.refusal}; use the commands.")
        if self.encoding.replace("-", "").lower() != "utf8":
            found.append(f"Output is {self.encoding}, not UTF-8; box drawing may look broken.")
        if self.columns < SMALLEST_COLUMNS or self.lines < SMALLEST_LINES:
            found.append(
                f"{self.columns}×{self.lines} is small; the console wants {SMALLEST_COLUMNS}×{SMALLEST_LINES}."
            )
        return tuple(found)


def current_terminal(environ: Mapping[str, str] = os.environ) -> Terminal:
    """Look at this process's terminal."""
    size = shutil.get_terminal_size()
    return Terminal(
        stdin=_is_terminal(sys.__stdin__),
        stderr=_is_terminal(sys.__stderr__),
        name=environ.get("TERM", ""),
        colours=_colours(environ),
        encoding=getattr(sys.__stderr__, "encoding", None) or "unknown",
        columns=size.columns,
        lines=size.lines,
    )


def _encodes(encoding: str) -> bool:
    """Whether what the console draws with can be written; it would end in the middle of its first picture."""
    try:
        GLYPHS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _is_terminal(stream: object) -> bool:
    """A stream may be closed or missing when a parent process set it up so."""
    try:
        return bool(stream is not None and stream.isatty())  # type: ignore[attr-defined]
    except ValueError:
        return False


def _colours(environ: Mapping[str, str]) -> str:
    name = environ.get("TERM", "")
    if environ.get("NO_COLOR"):
        return "none (NO_COLOR)"
    if environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return "truecolor"
    if "256" in name or "kitty" in name or "direct" in name:
        return "256"
    return "16" if name not in {"", "dumb"} else "none"
