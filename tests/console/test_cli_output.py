from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest

from console.cli.output import cell_width, emit_fields, emit_table, remark, say, text_of, to_csv, to_json
from db.connection.secret import Secret

HOSTILE = ("\x1b]52;c;ZXZpbA==\x07", "a\x9b31mb", "line\nbreak\r\ttab", "‮gnp.exe", "z​ero", "\x7f")
RAW = set("\x1b\x07\x9b\r\t‮​\x7f")


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    name: str
    secret: Secret


def test_json_keeps_every_value_exact() -> None:
    document = {
        "decimal": Decimal("12345678901234567890.10"),
        "uuid": UUID(int=1),
        "naive": datetime(2026, 1, 2, 3, 4, 5, 678901),
        "aware": datetime(2026, 1, 2, 5, 4, tzinfo=timezone(timedelta(hours=2))),
        "enum": Colour.RED,
        "set": {"b", "a"},
        "bytes": b"\x00\xff",
        "thing": Thing("x", Secret("hunter2")),
        "none": None,
        "nan": float("nan"),
        "true": True,
        "delta": timedelta(seconds=90),
    }
    assert json.loads(to_json(document)) == {
        "decimal": "12345678901234567890.10",
        "uuid": "00000000-0000-0000-0000-000000000001",
        "naive": "2026-01-02T03:04:05.678901Z",
        "aware": "2026-01-02T03:04:00Z",
        "enum": "red",
        "set": ["a", "b"],
        "bytes": "00ff",
        "thing": {"name": "x", "secret": "********"},
        "none": None,
        "nan": "nan",
        "true": True,
        "delta": 90.0,
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_json_is_printable_ascii_and_gives_the_text_back(text: str) -> None:
    printed = to_json({"name": text})
    assert all(" " <= character <= "~" or character == "\n" for character in printed)
    assert json.loads(printed) == {"name": text}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_reaches_a_table_or_fields_raw(capsys: pytest.CaptureFixture[str], text: str) -> None:
    emit_table(("name", text), [(text, [text]), ({"k": text}, None)])
    emit_fields({text: text})
    assert not RAW & set(capsys.readouterr().out)


def test_a_table_is_aligned_by_cells(capsys: pytest.CaptureFixture[str]) -> None:
    emit_table(("name", "n", "ok"), [("日本", 5, True), ("ana", 1234, False), ("é", None, True)])
    assert capsys.readouterr().out.splitlines() == [
        "name     n  ok",
        "日本     5  yes",
        "ana   1234  no",
        "é        -  yes",
    ]


def test_an_empty_table_shows_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    emit_table(("name", "n"), [])
    assert capsys.readouterr().out == "name  n\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_spreadsheet_is_a_formula(start: str) -> None:
    sheet = to_csv(("note",), [(f"{start}cmd|' /C calc'!A0",)])
    (_, (cell,)) = list(csv.reader(io.StringIO(sheet, newline="")))
    assert cell[0] == "'"
    assert not RAW & set(cell)


def test_numbers_of_a_spreadsheet_stay_numbers() -> None:
    sheet = to_csv(("n", "d", "none"), [(-5, Decimal("-1.50"), None)])
    assert sheet.splitlines() == ["n,d,none", "-5,-1.50,"]


def test_times_are_shown_in_utc() -> None:
    assert text_of(datetime(2026, 1, 2, 5, 4, tzinfo=timezone(timedelta(hours=2)))) == "2026-01-02 03:04:00Z"
    assert text_of(datetime(2026, 1, 2, 5, 4, tzinfo=UTC)) == "2026-01-02 05:04:00Z"


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("\u00e9", 1), ("", 0)])
def test_cell_width(text: str, width: int) -> None:
    assert cell_width(text) == width


@pytest.mark.parametrize("text", HOSTILE)
def test_sentences_are_spelled_out_on_both_streams(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(f"extended {text}")
    remark(f"warning {text}")
    captured = capsys.readouterr()
    assert captured.out.startswith("extended ")
    assert captured.err.startswith("warning ")
    assert not RAW & set(captured.out + captured.err)
