from __future__ import annotations

import pytest

from db.errors import Refused
from tests.migrations import platform

PENDING_USER = """
INSERT INTO users (
  id, email, username, display_name,
  status, reservation_expires_at,
  created_at, updated_at
) VALUES (
  'test_pending_user',
  'test@example.com',
  'testuser',
  'Test User',
  'PENDING',
  NOW() + INTERVAL '7 days',
  NOW(),
  NOW()
);
"""
WAS_IT_CREATED = """
SELECT id, email, username, status, reservation_expires_at
FROM users
WHERE email = 'test@example.com';
"""
CLEAN_UP = "DELETE FROM users WHERE email = 'test@example.com';"
STATUS_COUNTS = "SELECT status, COUNT(*) as count FROM users GROUP BY status;"
STATUSES = "select id, status::text from users order by id"


@pytest.fixture
def before(empty_database: str) -> str:
    platform.upgrade(empty_database, "0007")
    platform.add_users(empty_database, "ana", "bob")
    return empty_database


def test_existing_users_are_active_and_no_row_is_rewritten(before: str) -> None:
    filenode = platform.rows(before, "select pg_relation_filenode('users')")
    users = platform.versions_of(before, "users")
    platform.upgrade(before, "0008")
    assert platform.rows(before, STATUS_COUNTS) == [("ACTIVE", 2)]
    assert platform.rows(before, "select pg_relation_filenode('users')") == filenode
    assert platform.versions_of(before, "users") == users


def test_whoever_signs_up_from_now_on_is_pending(before: str) -> None:
    platform.upgrade(before, "0008")
    platform.add_users(before, "cleo")
    assert platform.rows(before, STATUSES) == [("ana", "ACTIVE"), ("bob", "ACTIVE"), ("cleo", "PENDING")]
    assert platform.rows(before, "select payment_retry_count from users where id = 'cleo'") == [(0,)]


def test_the_runbooks_pending_user_comes_and_goes(before: str) -> None:
    platform.upgrade(before, "0008")
    platform.execute(before, PENDING_USER)
    ((user, email, name, status, expiry),) = platform.rows(before, WAS_IT_CREATED)
    assert (user, email, name, status) == ("test_pending_user", "test@example.com", "testuser", "PENDING")
    # created_at keeps milliseconds, the expiry microseconds.
    seconds = platform.rows(
        before,
        "select round(extract(epoch from reservation_expires_at - created_at))::int from users "
        "where status = 'PENDING'",
    )
    assert expiry is not None
    assert seconds == [(7 * 24 * 3600,)]
    platform.execute(before, CLEAN_UP)
    assert platform.rows(before, WAS_IT_CREATED) == []


def test_times_keep_microseconds_as_the_runbook_has_them(before: str) -> None:
    platform.upgrade(before, "0008")
    types = """
        select column_name, data_type, datetime_precision from information_schema.columns
        where table_name = 'users' and (column_name like '%reminder_sent_at' or column_name like '%_expires_at'
                                        or column_name = 'payment_attempted_at')"""
    found = platform.rows(before, types)
    assert len(found) == 4
    assert {row[1:] for row in found} == {("timestamp without time zone", 6)}


def test_running_again_touches_no_row(before: str) -> None:
    platform.upgrade(before, "0008")
    platform.add_users(before, "cleo")
    platform.execute(before, "update users set status = 'EXPIRED' where id = 'bob'")
    users = platform.versions_of(before, "users")
    platform.forget(before, "0008")
    platform.upgrade(before, "0008")
    assert platform.versions_of(before, "users") == users
    assert platform.rows(before, STATUSES) == [("ana", "ACTIVE"), ("bob", "EXPIRED"), ("cleo", "PENDING")]


def test_a_column_whose_default_is_still_active_only_gets_its_default(before: str) -> None:
    platform.execute(
        before,
        "create type \"UserStatus\" as enum ('PENDING', 'ACTIVE', 'EXPIRED')",
        "alter table users add column status \"UserStatus\" not null default 'ACTIVE'",
    )
    platform.add_users(before, "between")
    users = platform.versions_of(before, "users")
    platform.upgrade(before, "0008")
    assert platform.versions_of(before, "users") == users
    platform.add_users(before, "cleo")
    assert platform.rows(before, STATUSES) == [
        ("ana", "ACTIVE"),
        ("between", "ACTIVE"),
        ("bob", "ACTIVE"),
        ("cleo", "PENDING"),
    ]


@pytest.mark.parametrize(
    "column",
    [
        "status text not null default 'ACTIVE'",
        "reservation_expires_at timestamptz",
        "payment_retry_count bigint not null default 0",
    ],
)
def test_a_column_of_another_type_is_refused_by_name(before: str, column: str) -> None:
    platform.execute(before, f"alter table users add column {column}")
    users = platform.versions_of(before, "users")
    with pytest.raises(Refused, match=rf"users\.{column.split()[0]}"):
        platform.upgrade(before, "0008")
    assert platform.versions_of(before, "users") == users


def test_an_enum_with_other_labels_is_refused_by_name(before: str) -> None:
    platform.execute(before, "create type \"UserStatus\" as enum ('PENDING', 'ACTIVE')")
    with pytest.raises(Refused, match="UserStatus"):
        platform.upgrade(before, "0008")


def test_checks_pass_and_find_whoever_would_never_be_swept(before: str) -> None:
    assert set(platform.verdicts(before, "0008", "preflight").values()) == {"pass"}
    platform.upgrade(before, "0008")
    assert set(platform.verdicts(before, "0008", "verification").values()) == {"pass"}
    platform.add_users(before, "from_old_software")
    verdicts = platform.verdicts(before, "0008", "verification")
    assert verdicts["every PENDING user has an expiry"] == "warn"
    assert verdicts["existing users are ACTIVE"] == "warn"


def test_a_forgotten_default_fails_its_check(before: str) -> None:
    platform.upgrade(before, "0008")
    platform.execute(before, "alter table users alter column status set default 'ACTIVE'")
    verdicts = platform.verdicts(before, "0008", "verification")
    assert verdicts["the six columns are as the runbook defines them"] == "fail"


def test_downgrade_leaves_the_catalog_as_it_was(before: str) -> None:
    catalog = platform.catalog(before)
    platform.upgrade(before, "0008")
    platform.downgrade(before, "0007")
    assert platform.catalog(before).objects == catalog.objects
