from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from db.demo import hostile

Connection = psycopg.Connection[Any]

PLACES = {
    "display names": "select display_name from users",
    "user agents": 'select "deviceInfo" from sessions',
    "client names": "select name from clients",
    "event payloads": "select payload #>> '{data,object,customer_name}' from stripe_webhook_events",
    "job errors": "select error_message from job_queue",
    "log lines": "select message from job_log",
    "revocation reasons": "select reason from token_blacklist",
    "room names": "select name from rooms",
}


@pytest.mark.parametrize("place", PLACES)
def test_every_hostile_text_is_there(smallest: Connection, place: str) -> None:
    found = {text for (text,) in smallest.execute(PLACES[place])}
    assert [name for name, text in hostile.TEXTS.items() if text not in found] == []


def test_events_fail_with_every_hostile_text(smallest: Connection) -> None:
    found = {text for (text,) in smallest.execute("select error_message from stripe_webhook_events")}
    assert {f"ValueError: {text}" for text in hostile.TEXTS.values()} <= found


def test_the_corpus_has_every_class_of_attack() -> None:
    texts = hostile.TEXTS.values()
    for piece in (
        "\x1b]52;", "\x1b]0;", "\x1b[", "\x1bP", "\x9b", "\x9d", "\u202e", "\u2067", "\u200b", "\u200d", "\ufeff",
        "\n", "\r", "\t", "\x08", "\x07", "\x7f", "\u0301", "[@click=", "[/]", "=cmd",
    ):  # fmt: skip
        assert any(piece in text for text in texts), ascii(piece)
    assert max(map(len, texts)) >= 20_000


def test_reading_the_source_is_harmless() -> None:
    source = Path(hostile.__file__).read_text(encoding="utf-8")
    assert source.replace("\n", "").isascii()
    assert source.replace("\n", "").isprintable()
