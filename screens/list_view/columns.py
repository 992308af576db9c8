"""Declared columns and how they share the width of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic

from rich.cells import cell_len

from db.visible import visible
from screens.list_view.source import Row
from screens.tone import Tone

GAP = 2
"""Blank cells between two columns."""

CELL_LIMIT = 400
"""Characters of a value that a cell looks at; a terminal is never wider."""


WHOLE = 1
"""Columns up to this priority are not cut to make room for those beyond it."""


class Align(StrEnum):
    """Side of the cell on which its text stands; numbers stand right."""

    LEFT = "left"
    RIGHT = "right"


class Cut(StrEnum):
    """Where a text that is too long loses its letters; ids keep both ends."""

    END = "end"
    MIDDLE = "middle"


def _plain(_row: object) -> Tone:
    return Tone.PLAIN


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A declared column.

    Args:
        title: Heading.
        cell: The value shown, given the row and the time of the page; any object, it is made visible here.
        align: Side on which the text stands.
        cut: Where a long text is cut.
        least: Cells below which the column is not worth showing.
        most: Cells beyond which it does not grow.
        priority: 0 is always shown, 1 is not cut for others; higher numbers leave first on narrow screens.
        tone: Meaning of the cell.
    """

    title: str
    cell: Callable[[Row, datetime], object]
    align: Align = Align.LEFT
    cut: Cut = Cut.END
    least: int = 4
    most: int = 40
    priority: int = 0
    tone: Callable[[Row], Tone] = _plain

    def text(self, row: Row, now: datetime) -> str:
        """The cell as safe text of one line."""
        return visible(self.cell(row, now), limit=CELL_LIMIT)


@dataclass(frozen=True)
class Fitted(Generic[Row]):
    """A column and the width it got."""

    column: Column[Row]
    width: int


def content_widths(
    columns: Sequence[Column[Row]], rows: Sequence[Row], now: datetime, floor: Sequence[int] = ()
) -> tuple[int, ...]:
    """Cells that each column would take if there were room.

    Args:
        columns: All declared columns.
        rows: The rows whose content counts.
        now: Time that relative cells refer to.
        floor: Widths that earlier rows needed; columns do not shrink while a list is browsed.
    """
    earlier = floor or (0,) * len(columns)
    return tuple(
        max(cell_len(column.title), column.least, least, *(cell_len(column.text(row, now)) for row in rows))
        for column, least in zip(columns, earlier, strict=True)
    )


def fit(columns: Sequence[Column[Row]], wanted: Sequence[int], width: int) -> tuple[Fitted[Row], ...]:
    """Choose columns and widths.

    Args:
        columns: All declared columns, in the order of the list.
        wanted: Their content widths.
        width: Cells for the whole line.

    Returns:
        The shown columns in declared order; together with their gaps they never exceed the width.
    """
    shown = list(range(len(columns)))
    while len(shown) > 1 and _needed(columns, wanted, shown) > width:
        least_important = max(reversed(shown), key=lambda each: columns[each].priority)
        if columns[least_important].priority == 0:
            break
        shown.remove(least_important)
    widths = {each: _least(columns[each]) for each in shown}
    spare = width - sum(widths.values()) - GAP * (len(shown) - 1)
    by_priority = sorted(shown, key=lambda each: columns[each].priority)
    goals = [(each, min(wanted[each], columns[each].most)) for each in by_priority]
    for each, goal in (*goals, *((each, wanted[each]) for each in by_priority)):
        gain = max(0, min(goal - widths[each], spare))
        widths[each] += gain
        spare -= gain
    for each in reversed(shown):
        # Too narrow even for what is always shown: the last of it is cut first.
        cut = min(max(0, -spare), widths[each] - 1)
        widths[each] -= cut
        spare += cut
    return tuple(Fitted(columns[each], widths[each]) for each in shown)


def _least(column: Column[Row]) -> int:
    return min(max(column.least, cell_len(column.title)), column.most)


def _needed(columns: Sequence[Column[Row]], wanted: Sequence[int], shown: Sequence[int]) -> int:
    """Cells without which the important columns would be cut: they come whole before others come at all."""
    return sum(
        min(wanted[each], columns[each].most) if columns[each].priority <= WHOLE else _least(columns[each])
        for each in shown
    ) + GAP * (len(shown) - 1)
