from __future__ import annotations

import psycopg
import pytest

from db.migration.catalog import Kind
from db.migration.fingerprint import take
from tests.migrations import platform

RUNBOOK_TABLE = """
CREATE TABLE "token_blacklist" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "tokenHash" TEXT NOT NULL UNIQUE,
  "expiresAt" TIMESTAMP(3) NOT NULL,
  "userId" TEXT NOT NULL,
  "reason" TEXT,
  "revokedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "revokedBy" TEXT
);

CREATE INDEX "token_blacklist_tokenHash_idx" ON "token_blacklist"("tokenHash");
CREATE INDEX "token_blacklist_expiresAt_idx" ON "token_blacklist"("expiresAt");
CREATE INDEX "token_blacklist_userId_idx" ON "token_blacklist"("userId");
"""
BLACKLIST_STATISTICS = """
SELECT
  COUNT(*) as total_entries,
  COUNT(*) FILTER (WHERE "expiresAt" > NOW()) as active_entries,
  COUNT(*) FILTER (WHERE "expiresAt" <= NOW()) as expired_entries,
  pg_size_pretty(pg_total_relation_size('token_blacklist')) as table_size
FROM token_blacklist;
"""
SESSION_STATISTICS = """
SELECT
  COUNT(*) as total_sessions,
  COUNT(*) FILTER (WHERE "expiresAt" > NOW()) as active_sessions,
  COUNT(*) FILTER (WHERE "lastUsedAt" > NOW() - INTERVAL '7 days') as recent_sessions,
  pg_size_pretty(pg_total_relation_size('sessions')) as table_size
FROM sessions;
"""


@pytest.fixture
def before(empty_database: str) -> str:
    platform.upgrade(empty_database, "0006")
    platform.add_users(empty_database, "ana")
    platform.execute(
        empty_database,
        """insert into sessions (id, "userId", "accessToken", "refreshToken", "expiresAt")
           values ('old', 'ana', 'access-1', 'refresh-1', now() + interval '1 day'),
                  ('older', 'ana', 'access-2', 'refresh-2', now() - interval '1 day')""",
    )
    return empty_database


def test_access_tokens_go_and_no_index_of_them_stays(before: str) -> None:
    platform.upgrade(before, "0007")
    left = (
        "select from information_schema.columns where table_name = 'sessions' and column_name = 'accessToken'"
    )
    assert platform.rows(before, left) == []
    assert platform.rows(before, "select from pg_indexes where indexname like '%accessToken%'") == []
    assert platform.rows(before, 'select id, "refreshToken" from sessions order by id') == [
        ("old", "refresh-1"),
        ("older", "refresh-2"),
    ]


def test_when_an_old_session_was_used_is_not_made_up(before: str) -> None:
    platform.upgrade(before, "0007")
    platform.execute(
        before,
        """insert into sessions (id, "userId", "refreshToken", "expiresAt", "deviceInfo", "ipAddress")
           values ('new', 'ana', 'refresh-3', now() + interval '1 day', 'Firefox', '203.0.113.9')""",
    )
    used = 'select id, "lastUsedAt" is null from sessions order by id'
    assert platform.rows(before, used) == [("new", False), ("old", True), ("older", True)]


def test_the_blacklist_is_the_runbooks_own(before: str) -> None:
    platform.upgrade(before, "0007")
    kinds = (Kind.TABLE, Kind.COLUMN, Kind.CONSTRAINT, Kind.INDEX)
    with psycopg.connect(before, autocommit=True) as connection:
        ours = take(connection, "public", kinds).objects
        connection.execute("create schema runbook")
        connection.execute("set search_path = runbook")
        connection.execute(RUNBOOK_TABLE)
        theirs = take(connection, "runbook", kinds).objects
    assert len(theirs) == 1 + 7 + 2 + 5
    assert {entry: text for entry, text in ours.items() if entry in theirs} == theirs


def test_the_duplicate_index_says_why_it_is_there(before: str) -> None:
    platform.upgrade(before, "0007")
    comment = """select obj_description('"token_blacklist_tokenHash_idx"'::regclass, 'pg_class')"""
    assert platform.rows(before, comment) == [("as the runbook defines",)]


def test_the_runbooks_statistics_count_right(before: str) -> None:
    platform.upgrade(before, "0007")
    platform.execute(
        before,
        """insert into token_blacklist (id, "tokenHash", "expiresAt", "userId") values
             ('b1', 'h1', now() + interval '1 hour', 'ana'), ('b2', 'h2', now() - interval '1 hour', 'ana'),
             ('b3', 'h3', now() - interval '2 hours', 'gone')""",
        """update sessions set "lastUsedAt" = now() - interval '3 days' where id = 'old'""",
        """update sessions set "lastUsedAt" = now() - interval '9 days' where id = 'older'""",
    )
    assert platform.rows(before, BLACKLIST_STATISTICS)[0][:3] == (3, 1, 2)
    assert platform.rows(before, SESSION_STATISTICS)[0][:3] == (2, 1, 1)


def test_a_token_is_revoked_once(before: str) -> None:
    platform.upgrade(before, "0007")
    revoke = """insert into token_blacklist (id, "tokenHash", "expiresAt", "userId") values ('{}', 'h', now(), 'a')"""
    platform.execute(before, revoke.format("b1"))
    with pytest.raises(psycopg.errors.UniqueViolation):
        platform.execute(before, revoke.format("b2"))


def test_running_again_over_any_of_it_touches_no_row(before: str) -> None:
    platform.upgrade(before, "0007")
    sessions = platform.versions_of(before, "sessions")
    platform.execute(
        before, 'drop index "sessions_lastUsedAt_idx"', 'drop index "token_blacklist_userId_idx"'
    )
    platform.forget(before, "0007")
    platform.upgrade(before, "0007")
    assert platform.versions_of(before, "sessions") == sessions
    assert set(platform.verdicts(before, "0007", "verification").values()) == {"pass"}


def test_checks_tell_that_live_sessions_lose_their_token(before: str) -> None:
    assert platform.verdicts(before, "0007", "preflight") == {
        "no software looks sessions up by access token any more": "pass",
        "no live session loses its stored access token": "warn",
    }
    platform.upgrade(before, "0007")
    assert set(platform.verdicts(before, "0007", "verification").values()) == {"pass"}


def test_downgrade_restores_the_shape_and_says_that_the_tokens_are_gone(before: str) -> None:
    catalog = platform.catalog(before)
    platform.upgrade(before, "0007")
    platform.downgrade(before, "0006")
    assert platform.catalog(before).objects == catalog.objects
    assert platform.rows(before, 'select "accessToken" from sessions order by id') == [
        ("dropped by 0007: old",),
        ("dropped by 0007: older",),
    ]
