"""A payload is masked for whoever looks; whole only for who gives a reason, and on record."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest

from db.capabilities import read_capabilities
from db.errors import PermissionDenied, Refused
from db.webhooks.detail import find_event, reveal_event
from tests.db.areas.platform import connected, filled
from tests.postgres import as_url

AsRole = Callable[[str, str], str]


def _reveals(conninfo: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(
            "select operator, table_name, column_name, reason from nightdesk.reveal"
        ).fetchall()


def test_a_reveal_shows_the_payload_whole_and_is_on_record(platform_database: str, as_role: AsRole) -> None:
    filled(platform_database)
    with connected(as_role(platform_database, "support")) as (connection, caps):
        masked = find_event(connection, caps, "evt_1")
        assert "payer@example.com" not in str(masked.payload)
        assert _reveals(platform_database) == []
        whole = reveal_event(connection, caps, "evt_1", reason="ticket 1")
    assert whole.revealed
    assert not masked.revealed
    assert "payer@example.com" in str(whole.payload)
    assert "12345678901234567890.10" in str(whole.payload)
    assert _reveals(platform_database) == [
        ("test_support", "public.stripe_webhook_events", "payload", "ticket 1")
    ]


def test_a_viewer_reveals_nothing(platform_database: str, as_role: AsRole) -> None:
    filled(platform_database)
    with connected(as_role(platform_database, "viewer")) as (connection, caps):
        with pytest.raises(PermissionDenied, match="payload"):
            reveal_event(connection, caps, "evt_1", reason="curious")
    assert _reveals(platform_database) == []


def test_what_cannot_be_put_on_record_is_not_revealed(platform_database: str) -> None:
    filled(platform_database)
    with connected(platform_database) as (connection, _):
        connection.execute("drop schema nightdesk cascade")
        caps = read_capabilities(connection)
        with pytest.raises(Refused, match="nightdesk install"):
            reveal_event(connection, caps, "evt_1", reason="ticket 1")
        assert "payer@example.com" not in str(find_event(connection, caps, "evt_1").payload)


def _show(conninfo: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console", "webhooks", "show", "evt_1", "--json", *options]
    return subprocess.run(
        [*command, "--url", as_url(conninfo)], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_command_masks_unless_it_is_told_why_not(platform_database: str, as_role: AsRole) -> None:
    filled(platform_database)
    support = as_role(platform_database, "support")
    plain = _show(support)
    assert plain.returncode == 0
    assert "example.com" not in plain.stdout
    assert _show(support, "--reveal").returncode == 2
    assert _reveals(platform_database) == []
    whole = _show(support, "--reveal", "--reason", "ticket 2")
    assert whole.returncode == 0, whole.stderr
    assert "payer@example.com" in json.loads(whole.stdout)["payload"]
    assert [row[-1] for row in _reveals(platform_database)] == ["ticket 2"]
