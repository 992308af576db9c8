"""Lines of a list as runs of styled text. Pure: knows tones, not colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

from db.visible import Part, visible_parts
from screens.list_view.columns import CELL_LIMIT, GAP, Align, Column, Cut, Fitted
from screens.list_view.source import Row
from screens.tone import Tone

ELLIPSIS = "…"


class Run(NamedTuple):
    """A piece of a line in one tone."""

    text: str
    tone: Tone


def row_runs(fitted: Sequence[Fitted[Row]], row: Row, now: datetime) -> tuple[Run, ...]:
    """One row of the list, columns padded to their widths."""
    runs: list[Run] = []
    for number, (column, width) in enumerate((each.column, each.width) for each in fitted):
        if number:
            runs.append(Run(" " * GAP, Tone.PLAIN))
        runs.extend(_cell(column, row, now, width))
    return joined(runs)


def title_text(fitted: Sequence[Fitted[Row]]) -> str:
    """The heading line."""
    cells = []
    for column, width in ((each.column, each.width) for each in fitted):
        title = set_cell_size(column.title, min(width, cell_len(column.title)))
        blank = " " * (width - cell_len(title))
        cells.append(blank + title if column.align is Align.RIGHT else title + blank)
    return (" " * GAP).join(cells)


def wrapped(text: str, width: int) -> tuple[str, ...]:
    """A sentence in lines, broken at blanks where there are some, so that its end is never lost at the edge."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        for piece in chop_cells(word, max(1, width)):
            longer = f"{line} {piece}" if line else piece
            if cell_len(longer) <= width or not line:
                line = longer
            else:
                lines.append(line)
                line = piece
    return (*lines, line) if line else tuple(lines)


def joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same line with neighbours of one tone in one run: fewer style changes, fewer bytes."""
    result: list[Run] = []
    for run in runs:
        if result and (result[-1].tone is run.tone or (run.tone is Tone.PLAIN and run.text.isspace())):
            result[-1] = Run(result[-1].text + run.text, result[-1].tone)
        elif run.text:
            result.append(run)
    return tuple(result)


def _cell(column: Column[Row], row: Row, now: datetime, width: int) -> list[Run]:
    parts = visible_parts(column.cell(row, now), limit=CELL_LIMIT)
    tone = column.tone(row)
    length = sum(cell_len(part.text) for part in parts)
    if length > width:
        parts = _cut(parts, width, column.cut)
        length = sum(cell_len(part.text) for part in parts)
    runs = [Run(part.text, Tone.ALTERED if part.altered else tone) for part in parts]
    blank = Run(" " * (width - length), Tone.PLAIN)
    return [blank, *runs] if column.align is Align.RIGHT else [*runs, blank]


def _cut(parts: Sequence[Part], width: int, cut: Cut) -> tuple[Part, ...]:
    if cut is Cut.MIDDLE and len(parts) == 1 and width >= 5 and parts[0].text.isascii():
        text, altered = parts[0]
        tail = (width - 1) // 3
        return (Part(text[: width - 1 - tail] + ELLIPSIS + text[len(text) - tail :], altered),)
    kept: list[Part] = []
    room = width - 1
    for text, altered in parts:
        length = cell_len(text)
        if length > room:
            kept.append(Part(set_cell_size(text, room).rstrip(), altered))
            break
        kept.append(Part(text, altered))
        room -= length
    return (*(part for part in kept if part.text), Part(ELLIPSIS, altered=False))
