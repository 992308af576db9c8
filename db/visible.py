"""Any value as text that is safe to show: what a terminal would obey or hide is spelled out instead.

Text from the database is hostile: a user name can hold escape sequences that write the operator's clipboard,
press keys, redraw the screen or reorder what is read. Every value passes here before it enters a widget, a
title, a clipboard copy, an export or a line of command output.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

MARKS_KEPT: Final = 2
"""Combining marks shown on one base character; real scripts need at most two, towers of them hide text."""

_MARK: Final = "mark"
_PLAIN: Final = "plain"
_MEMORY: Final = 4096

# Runs of printable ASCII pass as one piece; everything else is looked at character by character.
_CHUNKS: Final = re.compile(r"[\x20-\x7e]+|[^\x20-\x7e]", re.DOTALL)

# Printable for Python, yet blank on every terminal: fillers, the braille blank, joiners, variation selectors.
_BLANK: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)


class Part(NamedTuple):
    """A run of shown text.

    Attributes:
        text: Printable characters only.
        altered: True where the text stands for something that must not be printed raw, so that it can be
            styled apart from a value that merely contains the same letters.
    """

    text: str
    altered: bool


def visible(value: object, *, limit: int | None = None, ascii_only: bool = False) -> str:
    r"""Return the value as one line of text in which nothing acts on the terminal and nothing is invisible.

    Args:
        value: Anything; what is not text is shown as str() gives it, None as nothing.
        limit: Characters of the value that are shown; the rest is counted as ``…(+n)``.
        ascii_only: Spell out every character beyond ASCII, for terminals that cannot draw it.

    Returns:
        Printable text: controls as ``\x1b``, newline as ``⏎``, tab as ``\t``, everything invisible, reordering,
        private or unassigned as ``<U+202E>``, at most two combining marks on one character.
    """
    text = _text(value)
    if (limit is None or len(text) <= limit) and _harmless(text, ascii_only=ascii_only):
        return text
    return "".join(part.text for part in visible_parts(text, limit=limit, ascii_only=ascii_only))


def visible_parts(value: object, *, limit: int | None = None, ascii_only: bool = False) -> tuple[Part, ...]:
    """Return the same text as visible(), cut where spelled-out parts begin and end.

    Args:
        value: As for visible().
        limit: As for visible().
        ascii_only: As for visible().

    Returns:
        Parts in reading order, without empty ones.
    """
    text = _text(value)
    shown = text if limit is None else text[: max(limit, 0)]
    if _harmless(shown, ascii_only=ascii_only):
        parts = [Part(shown, altered=False)] if shown else []
    else:
        parts = list(_merged(_spelled(shown, ascii_only=ascii_only)))
    if len(shown) < len(text):
        parts.append(Part(f"{'...' if ascii_only else '…'}(+{len(text) - len(shown)})", altered=True))
    return tuple(parts)


def _harmless(text: str, *, ascii_only: bool) -> bool:
    if not text.isprintable():
        return False
    return text.isascii() or (not ascii_only and all(_KINDS[character] is _PLAIN for character in set(text)))


def _text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    if value is None:
        return ""
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value).hex()
    return str(value)


def _spelled(text: str, *, ascii_only: bool) -> Iterator[Part]:
    marks = 0
    based = False
    for chunk in _CHUNKS.findall(text):
        kind = _PLAIN if chunk.isascii() and chunk.isprintable() else _KINDS[chunk]
        if kind is _MARK and not ascii_only:
            if not based:
                yield Part("◌", altered=True)
                based = True
            marks += 1
            if marks <= MARKS_KEPT:
                yield Part(chunk, altered=False)
            continue
        if marks > MARKS_KEPT:
            yield Part(f"<+{marks - MARKS_KEPT} marks>", altered=True)
        marks = 0
        based = kind is _PLAIN
        if kind is _PLAIN and (not ascii_only or chunk.isascii()):
            yield Part(chunk, altered=False)
        elif kind is _PLAIN or kind is _MARK:
            yield Part(f"<U+{ord(chunk):04X}>", altered=True)
        else:
            yield Part("\\n" if ascii_only and chunk == "\n" else kind, altered=True)
    if marks > MARKS_KEPT:
        yield Part(f"<+{marks - MARKS_KEPT} marks>", altered=True)


def _merged(parts: Iterator[Part]) -> Iterator[Part]:
    for altered, run in groupby(parts, key=itemgetter(1)):
        yield Part("".join(part.text for part in run), altered)


class _Kinds(dict[str, str]):
    """What to do with a character, worked out once; bounded, because hostile text chooses the characters."""

    def __missing__(self, character: str) -> str:
        kind = _kind(character)
        if len(self) < _MEMORY:
            self[character] = kind
        return kind


def _kind(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return "⏎"
    if character == "\t":
        return "\\t"
    category = unicodedata.category(character)
    if category == "Cc":
        return f"\\x{code:02x}"
    if code in _BLANK or not character.isprintable():
        return f"<U+{code:04X}>"
    return _MARK if category.startswith("M") else _PLAIN


_KINDS: Final = _Kinds()
