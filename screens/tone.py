"""What a piece of text means; themes give it a colour, words carry it where colour does not."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """Meaning of a text; the value is the suffix of its style classes."""

    PLAIN = "plain"
    QUIET = "quiet"
    STRONG = "strong"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    ALTERED = "altered"
