"""A list of numbers as a page source: keyset pages without a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from db.page import Cursor, Page
from screens.list_view import Align, Column, PageRequest, Step

AS_OF = datetime(2026, 3, 1, 12, 3, 7, tzinfo=UTC)


@dataclass(frozen=True)
class Number:
    value: int
    label: str = ""


@dataclass
class Numbers:
    """Numbers in ascending order, with the requests that were made."""

    rows: list[Number]
    asked: list[PageRequest] = field(default_factory=list)

    @classmethod
    def up_to(cls, count: int) -> Numbers:
        return cls([Number(value, f"row {value}") for value in range(count)])

    def __call__(self, request: PageRequest) -> Page[Number]:
        self.asked.append(request)
        if request.after is not None:
            edge = int(request.after.values[0] or 0)
            found = [row for row in self.rows if row.value > edge][: request.limit]
        elif request.before is not None:
            edge = int(request.before.values[0] or 0)
            found = [row for row in self.rows if row.value < edge][-request.limit :]
        elif request.step is Step.LAST:
            found = self.rows[-request.limit :]
        else:
            found = self.rows[: request.limit]
        before = _cursor(found[0]) if found and found[0] != self.rows[0] else None
        after = _cursor(found[-1]) if found and found[-1] != self.rows[-1] else None
        return Page(tuple(found), before, after, AS_OF, 0.4, None)


def _cursor(row: Number) -> Cursor:
    return Cursor("numbers", "value", (str(row.value),))


COLUMNS: tuple[Column[Number], ...] = (
    Column("value", lambda row, _now: row.value, align=Align.RIGHT),
    Column("label", lambda row, _now: row.label, most=30, priority=1),
)
