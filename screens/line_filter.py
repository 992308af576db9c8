"""The last guard before the terminal: deletes from every drawn line what visible() should have spelled out."""

from __future__ import annotations

import unicodedata
from typing import Final

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# Reordering and zero-width characters live in category Cf; Zl and Zp break lines; Cs cannot be encoded.
_DELETED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MEMORY: Final = 4096


class _Deletions(dict[int, int | None]):
    """A table for str.translate that is filled as characters are met; bounded against chosen input."""

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.category(chr(code)) in _DELETED_CATEGORIES else code
        if len(self) < _MEMORY:
            self[code] = kept
        return kept


_DELETIONS: Final = _Deletions()


class DeleteControls(LineFilter):
    """Deletes control, reordering and zero-width characters; they measure no cell, so the layout holds."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the line without the characters that a terminal would obey.

        Args:
            segments: The drawn line; control segments are Textual's own and stay.
            background: Unused; part of the interface.

        Returns:
            The same list where nothing had to go, else a cleaned copy.
        """
        if all(control or text.isprintable() for text, _style, control in segments):
            return segments
        return [
            segment if segment.control else Segment(segment.text.translate(_DELETIONS), segment.style)
            for segment in segments
        ]
