from __future__ import annotations

import os
import stat
from pathlib import Path

import psycopg
import pytest

from console.crash import redact, redacted_traceback, report_crash


@pytest.mark.parametrize(
    "text",
    [
        "connect postgresql://ana:hunter2@db.example/app",
        "postgres://:hunter2@h/d",
        "host=h password=hunter2 user=ana",
        "host=h password='hunter2 and more'",
        'PGPASSWORD="hunter2"',
        "Authorization token: hunter2",
        "key sk_live_hunter2hunter2",
        "rk_test_hunter2hunter2",
        "whsec_hunter2hunter2",
        "bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.hunter2",
        "user hunter2@example.com is gone",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    assert "hunter2" not in redact(text)
    assert "********" in redact(text)


def test_plain_words_stay() -> None:
    assert redact("relation users does not exist") == "relation users does not exist"


def test_a_crash_names_no_local_and_no_detail_of_the_server(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("create table t (email text unique)")
        connection.execute("insert into t values ('ana at example')")
        try:
            local_secret = "ana at example"
            connection.execute("insert into t values (%s)", (local_secret,))
        except psycopg.Error as error:
            try:
                raise RuntimeError("while\x1b[31m saving") from error
            except RuntimeError as outer:
                text = redacted_traceback(outer)
    assert "ana at example" not in text
    assert "\x1b" not in text
    assert text.index("UniqueViolation") < text.index("RuntimeError")


def test_a_report_is_private_and_its_path_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTDESK_STATE", str(tmp_path / "state"))
    old = os.umask(0)
    try:
        report = report_crash(ValueError("x"))
    finally:
        os.umask(old)
    assert report.path is not None
    assert stat.S_IMODE(report.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.path.parent.stat().st_mode) == 0o700
    assert report.id in report.path.read_text()
    assert str(report.path) in report.sentence


def test_an_unwritable_place_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NIGHTDESK_STATE", str(tmp_path / "file"))
    report = report_crash(ValueError("x"))
    assert report.path is None
    assert "could not be written" in report.sentence
