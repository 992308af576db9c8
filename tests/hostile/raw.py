"""What a program may write to a terminal: Textual's own sequences, printable text, nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_COLOUR = rb"[34]8;2;\d{1,3};\d{1,3};\d{1,3}"
_OWN = re.compile(
    rb"\x1b\[(?:\d|"
    + _COLOUR
    + rb")(?:;(?:\d|"
    + _COLOUR
    + rb"))*m"  # styles: attributes and true colours only
    rb"|\x1b\[\d+;\d+H"  # cursor to a place; never the short form that goes home
    rb"|\x1b\[\?(?:25|7|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    rb"|\x1b\[\?(?:2026|2048)\$p"
    rb"|\x1b\[>25u|\x1b\[<u"
    rb"|\x1b\]22;(?:default|pointer|text)\x07"  # shape of the mouse pointer
)
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def offences(written: bytes) -> Iterator[str]:
    """Yield what was written and should not have been, with its surroundings."""
    rest = _OWN.sub(b"", written).decode("utf-8", "surrogateescape")
    for place, character in enumerate(rest):
        if character not in "\r\n" and unicodedata.category(character) in _FORBIDDEN:
            yield f"U+{ord(character):04X} in {rest[max(0, place - 30) : place + 30]!r}"
    for sequence, most in ((b"\x1b[?1049l", 1), (b"\x1b[?1049h", 1), (b"\x1b[?25h", 1)):
        if written.count(sequence) > most:
            yield f"{sequence!r} was written {written.count(sequence)} times"
