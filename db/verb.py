"""What happens to a row: a word that rights, changes and actions share, and that costs nothing to import."""

from __future__ import annotations

from enum import StrEnum


class Verb(StrEnum):
    """What happens to a row."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
