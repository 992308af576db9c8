"""What commands print: tables and fields for people, JSON for programs, CSV for spreadsheets.

Data goes to standard output, remarks to standard error. Every text of the database passes `visible` on its
way to a table or a spreadsheet; JSON escapes everything beyond printable ASCII instead.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from db.connection.secret import Secret
from db.visible import visible

_GAP = "  "
_CELL_LIMIT = 48
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def emit_json(document: object) -> None:
    """Print a document as JSON: one line an outer list's row, ASCII only, nothing a terminal would obey."""
    _print(to_json(document))


def to_json(document: object) -> str:
    """Return a document as ASCII JSON; times as ISO 8601 in UTC, decimals and big integers unharmed."""
    return json.dumps(_plain(document), ensure_ascii=True, indent=2)


def emit_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print an aligned table; cells are cut on a terminal and whole in a pipe.

    Args:
        headings: One a column.
        rows: Values in the order of the headings.
    """
    limit = _CELL_LIMIT if sys.stdout.isatty() else None
    lines = [[text_of(value, limit=limit) for value in row] for row in rows]
    right = [_numeric(column) for column in zip(*lines, strict=True)] if lines else [False] * len(headings)
    table = [[visible(heading) for heading in headings], *lines]
    widths = [max(cell_width(line[index]) for line in table) for index in range(len(headings))]
    for line in table:
        cells = [
            _padded(cell, width, at_right) for cell, width, at_right in zip(line, widths, right, strict=True)
        ]
        _print(_GAP.join(cells).rstrip())


def emit_fields(fields: Mapping[str, object]) -> None:
    """Print one record as aligned names and values."""
    names = {name: visible(name) for name in fields}
    width = max((cell_width(name) for name in names.values()), default=0)
    for name, value in fields.items():
        _print(f"{_padded(names[name], width, False)}{_GAP}{text_of(value)}".rstrip())


def emit_csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print CSV that a spreadsheet opens without running any of it."""
    _print(to_csv(headings, rows), end="")


def to_csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return CSV in which no cell is a formula (OWASP, CSV Injection)."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([_cell_of_sheet(heading) for heading in headings])
    for row in rows:
        writer.writerow([_cell_of_sheet(value) for value in row])
    return sheet.getvalue()


def remark(sentence: str) -> None:
    """Print a sentence for the person, beside the data."""
    sys.stderr.write(f"{visible(sentence)}\n")
    sys.stderr.flush()


def say(sentence: str) -> None:
    """Print a sentence that is the command's own result."""
    _print(visible(sentence))


def text_of(value: object, *, limit: int | None = None) -> str:
    """Return a value as people read it: times in UTC, yes and no, a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{moment:%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, Enum):
        return visible(value.value, limit=limit)
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return visible(", ".join(str(part) for part in parts), limit=limit) or "-"
    if isinstance(value, Mapping):
        return visible(json.dumps(_plain(value)), limit=limit)
    return visible(value, limit=limit)


def cell_width(text: str) -> int:
    """Return how many terminal cells a visible text takes."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _padded(text: str, width: int, at_right: bool) -> str:
    blank = " " * (width - cell_width(text))
    return blank + text if at_right else text + blank


def _numeric(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell != "-"]
    return bool(filled) and all(cell.replace(".", "", 1).removeprefix("-").isdigit() for cell in filled)


def _cell_of_sheet(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return str(value)
    text = text_of(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) or str(value).startswith(_FORMULA_STARTS) else text


def _plain(value: object) -> Any:
    """Reduce a value to what JSON has; it has no NaN and no infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or (isinstance(value, (bool, int, float, str)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.isoformat().replace("+00:00", "Z")
    return _plain_structure(value)


def _plain_structure(value: object) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (Secret, UUID, Decimal, date)):
        return str(value)
    return str(value)


def _print(text: str, end: str = "\n") -> None:
    """Write data; a character that the terminal's encoding lacks is escaped, never an error."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + end)
