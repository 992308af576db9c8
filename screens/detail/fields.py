"""What a detail pane shows: groups of labelled values, and texts that keep their own form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from screens.tone import Tone

NOTHING = "–"
"""Shown for a value that is not there; an empty string is shown as empty quotes."""


@dataclass(frozen=True)
class Field:
    """One labelled value.

    Args:
        label: What it is, in the operator's words.
        value: Any object; made visible when drawn.
        tone: Meaning of the value.
    """

    label: str
    value: object
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Group:
    """Fields that belong together under a heading."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Document:
    """A text shown as it is stored, such as a JSON payload; only its indentation is ours."""

    title: str
    text: str


Section: TypeAlias = Group | Document


def hidden_note(hidden: tuple[str, ...]) -> tuple[Field, ...]:
    """The field that names what this role may not see or this database does not have; empty when there is none."""
    return (Field("hidden or absent", ", ".join(hidden), Tone.QUIET),) if hidden else ()
