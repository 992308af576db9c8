"""Indents JSON without reading it: numbers keep every digit, duplicate keys and odd escapes stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|"', re.DOTALL)
_INDENT: Final = "  "
_DEEPEST: Final = 40


def indented(text: str) -> Iterator[str]:
    """Yield the lines of a JSON text, one member a line; what is no JSON comes out in its own order.

    Args:
        text: A JSON text as stored; never parsed, so that 9007199254740993 and 1.10 stay as they are.
    """
    line = ""
    depth = 0
    previous = ""
    for piece in _TOKENS.findall(text):
        opens, closes = piece in "{[", piece in "}]"
        if closes:
            depth = max(0, depth - 1)
            if previous in ("{", "["):
                line += piece
            else:
                yield line
                line = _margin(depth) + piece
        elif previous in ("{", "[", ","):
            yield line
            line = _margin(depth) + piece
        elif previous == ":":
            line += " " + piece
        else:
            line += f" {piece}" if previous and piece not in ",:" else piece
        if opens:
            depth += 1
        previous = piece
    if line:
        yield line


def _margin(depth: int) -> str:
    return _INDENT * min(depth, _DEEPEST)
