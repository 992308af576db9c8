"""Sections as lines of a given width: labels aligned, values wrapped, nothing lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from rich.cells import cell_len, chop_cells, set_cell_size

from db.visible import Part, visible, visible_parts
from screens.detail.fields import NOTHING, Document, Field, Group, Section
from screens.detail.json_text import indented
from screens.list_view.drawing import Run, joined
from screens.tone import Tone

LABEL_MOST = 22
VALUE_LIMIT = 4_000
LINES_MOST = 3_000
_GAP = "  "


def lines(sections: Sequence[Section], width: int) -> tuple[tuple[Run, ...], ...]:
    """Lay sections out.

    Args:
        sections: Groups and documents, in order.
        width: Cells of a line.

    Returns:
        Lines as runs; what exceeds LINES_MOST is counted in the last line.
    """
    width = max(width, 8)
    label_width = _label_width(sections, width)
    result: list[tuple[Run, ...]] = []
    for number, section in enumerate(sections):
        if number:
            result.append(())
        body = (
            _group(section, width, label_width) if isinstance(section, Group) else _document(section, width)
        )
        for line in chain(_wrapped(_toned(section.title, Tone.STRONG), width), body):
            result.append(line)
            if len(result) >= LINES_MOST:
                result.append(
                    (Run("… more lines than fit here; use the command line with --json", Tone.QUIET),)
                )
                return tuple(result)
    return tuple(result)


def _label_width(sections: Sequence[Section], width: int) -> int:
    """One width for the labels of all groups, so that values stand in one column."""
    labels = (
        visible(field.label, limit=LABEL_MOST)
        for section in sections
        if isinstance(section, Group)
        for field in section.fields
    )
    return min(max(map(cell_len, labels), default=0), LABEL_MOST, width // 2)


def _group(group: Group, width: int, label_width: int) -> Iterator[tuple[Run, ...]]:
    for field in group.fields:
        label = (*_label(field.label, label_width), Run(_GAP, Tone.QUIET))
        blank = (Run(" " * (label_width + len(_GAP)), Tone.QUIET),)
        for number, line in enumerate(_wrapped(_parts(field), max(1, width - label_width - len(_GAP)))):
            yield joined((*(blank if number else label), *line))


def _label(label: str, width: int) -> Iterator[Run]:
    """A label of exactly this width; some are column names, so they are no safer than values."""
    room = width
    for text, altered in visible_parts(label, limit=LABEL_MOST):
        shown = set_cell_size(text, min(room, cell_len(text)))
        room -= cell_len(shown)
        yield Run(shown, Tone.ALTERED if altered else Tone.QUIET)
    yield Run(" " * room, Tone.QUIET)


def _document(document: Document, width: int) -> Iterator[tuple[Run, ...]]:
    for raw in indented(document.text):
        margin = raw[: len(raw) - len(raw.lstrip(" "))][: width // 2]
        for number, line in enumerate(
            _wrapped(_toned(raw.lstrip(" "), Tone.PLAIN), max(1, width - len(margin)))
        ):
            yield joined((Run(margin + ("  " if number else ""), Tone.PLAIN), *line)) if margin else line


def _parts(field: Field) -> list[Run]:
    if field.value is None:
        return [Run(NOTHING, Tone.QUIET)]
    if field.value == "":
        return [Run("''", Tone.QUIET)]
    return _toned(field.value, field.tone)


def _toned(value: object, tone: Tone) -> list[Run]:
    parts: tuple[Part, ...] = visible_parts(value, limit=VALUE_LIMIT)
    return [Run(part.text, Tone.ALTERED if part.altered else tone) for part in parts]


def _wrapped(runs: list[Run], width: int) -> Iterator[tuple[Run, ...]]:
    """Break runs into lines at blanks where one is near, else anywhere."""
    line: list[Run] = []
    room = width
    for text, tone in runs:
        rest = text
        while cell_len(rest) > room:
            head = chop_cells(rest, room)[0] if room else ""
            blank = head.rfind(" ")
            if blank > 0 and blank >= len(head) // 2:
                head = head[: blank + 1]
            if head and cell_len(head) <= room:
                line.append(Run(head.rstrip(" "), tone))
                rest = rest[len(head) :]
            yield joined(line)
            line, room = [], width
        line.append(Run(rest, tone))
        room -= cell_len(rest)
    yield joined(line)
