"""Pseudo-random SQL expressions: the same seed and row give the same value, without a round trip a row.

Every draw has a name, and its value depends on seed, name and row number only. So adding a column changes no
other one, and the rows of one table can compute the ids of another without reading it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

_POSITIVE = 2**63 - 1
_FRACTION = 2**52


def quoted(text: str) -> str:
    """Return text as an SQL literal, whatever it holds."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'" if "\\" in escaped else f"'{escaped}'"


@dataclass(frozen=True)
class Chance:
    """Draws for one seed; `of` is the SQL expression of the bigint row number that a draw belongs to."""

    seed: int

    def number(self, what: str, of: str, below: int) -> str:
        """An integer from 0 up to, not including, `below`."""
        return f"mod({self._hash(what, of)} & {_POSITIVE}, {below})::int"

    def share(self, what: str, of: str) -> str:
        """A double precision number from 0 up to, not including, 1."""
        return f"(({self._hash(what, of)} & {_FRACTION - 1})::float8 / {_FRACTION})"

    def percent(self, what: str, of: str, likely: float) -> str:
        """Whether something happens that happens in so many cases of a hundred."""
        return f"({self.share(what, of)} < {likely / 100})"

    def between(self, what: str, of: str, low: str, high: str) -> str:
        """A number between two SQL expressions."""
        return f"({low} + {self.share(what, of)} * ({high} - {low}))"

    def word(self, what: str, of: str, words: Sequence[str]) -> str:
        """One of the words, each as likely."""
        return f"({texts(words)})[1 + {self.number(what, of, len(words))}]"

    def digest(self, what: str, of: str) -> str:
        """32 hexadecimal digits."""
        return f"md5('{self.seed}:{what}:' || {of})"

    def uuid(self, what: str, of: str) -> str:
        """A uuid."""
        return f"{self.digest(what, of)}::uuid"

    def cuid(self, what: str, of: str) -> str:
        """A text id like those of the platform: 25 characters, in the order of the row numbers."""
        return f"('cm' || lpad(to_hex({of}), 8, '0') || left({self.digest(what, of)}, 15))"

    def stripe(self, prefix: str, of: str) -> str:
        """An id as Stripe makes them, e.g. cus_…, sub_…."""
        return f"('{prefix}_1N' || left({self.digest(prefix, of)}, 22))"

    def _hash(self, what: str, of: str) -> str:
        digest = hashlib.blake2b(f"{self.seed}:{what}".encode(), digest_size=8).digest()
        return f"hashint8extended({of}, {int.from_bytes(digest, signed=True)})"


def texts(words: Sequence[str]) -> str:
    """A constant text[] expression."""
    return f"array[{', '.join(quoted(word) for word in words)}]::text[]"
