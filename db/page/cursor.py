"""A position in a list, opaque to those who carry it."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from db.errors import UsageError

LONGEST = 4096
_VERSION = 1


@dataclass(frozen=True)
class Cursor:
    """The sort key of one row: what `--after` and `--before` carry between two pages.

    Args:
        listing: Name of the list it belongs to; no other list accepts it.
        sort: Name of the sort whose key this is; either direction accepts it.
        values: The key as PostgreSQL prints it in JSON (independent of DateStyle), None for NULL.
    """

    listing: str
    sort: str
    values: tuple[str | None, ...]

    def encode(self) -> str:
        """The cursor as url-safe text without padding."""
        body = json.dumps([_VERSION, self.listing, self.sort, *self.values], separators=(",", ":"))
        return urlsafe_b64encode(body.encode()).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Read a cursor that `encode` made.

        Raises:
            UsageError: The text is not a cursor of this program.
        """
        parts = _parts(text)
        if len(parts) < 4 or parts[0] != _VERSION:
            raise _not_a_cursor()
        listing, sort, *values = parts[1:]
        if not isinstance(listing, str) or not isinstance(sort, str):
            raise _not_a_cursor()
        return cls(listing, sort, tuple(_value(value) for value in values))


def _parts(text: str) -> list[object]:
    if not text or len(text) > LONGEST or not text.isascii():
        raise _not_a_cursor()
    try:
        body = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if urlsafe_b64encode(body).rstrip(b"=").decode() != text:
            raise _not_a_cursor()
        parts = json.loads(body.decode())
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _not_a_cursor() from error
    if not isinstance(parts, list):
        raise _not_a_cursor()
    return parts


def _value(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise _not_a_cursor()
    return value


def _not_a_cursor() -> UsageError:
    return UsageError(
        "This is not a page position: copy the value of `after` or `before` of an earlier page."
    )
