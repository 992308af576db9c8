from __future__ import annotations

from dataclasses import replace

import pytest

from db.connection.environment import UNKNOWN, Environment, Kind
from db.connection.server import ServerFacts
from screens.masthead import badge, identity, role_words

FACTS = ServerFacts(
    version=180004,
    version_text="18.4",
    database="app",
    host="10.0.0.5:5432",
    session_user="ana",
    is_superuser=False,
    roles=frozenset({"viewer", "support"}),
    in_recovery=False,
    read_only=False,
    system_identifier=None,
    pooled=False,
)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (UNKNOWN, "UNKNOWN, AS PRODUCTION"),
        (Environment("production"), "PRODUCTION"),
        (Environment("eu", kind=Kind.PRODUCTION), "PRODUCTION eu"),
        (Environment("demo", kind=Kind.DEVELOPMENT), "DEVELOPMENT demo"),
        (Environment("x\x1b]0;y\x07", kind=Kind.STAGING), "STAGING x\\x1b]0;y\\x07"),
    ],
)
def test_the_environment_is_named_in_words(environment: Environment, words: str) -> None:
    assert badge(environment) == words


@pytest.mark.parametrize(
    ("roles", "superuser", "words"),
    [
        ({"viewer"}, False, "viewer"),
        ({"viewer", "support"}, False, "support"),
        ({"viewer", "support", "oncall"}, False, "oncall+support"),
        (set(), False, "no nightdesk role"),
        ({"viewer"}, True, "superuser"),
    ],
)
def test_the_strongest_role_is_named(roles: set[str], superuser: bool, words: str) -> None:
    assert role_words(replace(FACTS, roles=frozenset(roles), is_superuser=superuser)) == words


def test_who_only_looks_is_read_only() -> None:
    assert "read-write" in identity(FACTS, False, 200)
    assert "READ-ONLY" in identity(FACTS, True, 200)
    assert "READ-ONLY" in identity(replace(FACTS, roles=frozenset({"viewer"})), False, 200)
    assert "READ-ONLY" in identity(replace(FACTS, roles=frozenset()), False, 200)


def test_place_role_and_access_stay_on_narrow_terminals() -> None:
    assert identity(FACTS, False, 45) == "app@10.0.0.5:5432 · support · read-write"
    assert identity(FACTS, False, 34) == "app@10.0.0… · support · read-write"
    assert identity(FACTS, False, 200).endswith("as ana · PostgreSQL 18.4")
    assert identity(None, False, 80) == "connecting…"


def test_a_hostile_login_is_spelled_out() -> None:
    told = identity(replace(FACTS, session_user="bob\x1b]0;x\x07\u202e"), False, 200)
    assert "as bob\\x1b]0;x\\x07<U+202E>" in told
    assert told.isprintable()
