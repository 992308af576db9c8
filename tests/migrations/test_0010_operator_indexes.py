from __future__ import annotations

import psycopg
import pytest

from tests.migrations import platform

# Each list of the console with its order, and the index that must carry it without a sort.
LISTS = {
    "users_pending_expiry_idx": """
        select id from users
        where status = 'PENDING' and (coalesce(reservation_expires_at, 'infinity'), id) > (now()::timestamp, '')
        order by coalesce(reservation_expires_at, 'infinity'), id limit 100""",
    "users_pending_created_idx": """
        select id from users where status = 'PENDING' order by created_at desc, id desc limit 100""",
    "users_lower_email_idx": "select id from users where lower(email) like 'ana@%'",
    "sessions_lastUsedAt_id_idx": """
        select id from sessions where (coalesce("lastUsedAt", '-infinity'), id) < (now()::timestamp, 'x')
        order by coalesce("lastUsedAt", '-infinity') desc, id desc limit 9""",
    "sessions_userId_lastUsedAt_idx": """
        select id from sessions where "userId" = 'ana'
        order by coalesce("lastUsedAt", '-infinity') desc, id desc limit 9""",
    "sessions_createdAt_id_idx": 'select id from sessions order by "createdAt" desc, id desc limit 9',
    "token_blacklist_revokedAt_id_idx": 'select id from token_blacklist order by "revokedAt" desc, id desc limit 9',
    "clients_updatedAt_id_idx": 'select id from clients order by "updatedAt" desc, id desc limit 9',
    "clients_billingStatus_updatedAt_id_idx": """
        select id from clients where "billingStatus" = 'past_due' order by "updatedAt" desc, id desc limit 9""",
    "stripe_webhook_events_customer_received_idx": """
        select id from stripe_webhook_events where stripe_customer_id = 'cus_1'
        order by received_at desc, id desc limit 9""",
    "stripe_webhook_events_subscription_received_idx": """
        select id from stripe_webhook_events where stripe_subscription_id = 'sub_1'
        order by received_at desc, id desc limit 9""",
}


@pytest.fixture
def before(empty_database: str) -> str:
    platform.upgrade(empty_database, "0009")
    platform.add_users(empty_database, "ana", "bob")
    return empty_database


@pytest.mark.parametrize("index", LISTS)
def test_each_list_is_a_range_of_its_index(empty_database: str, index: str) -> None:
    platform.upgrade(empty_database, "0010")
    with psycopg.connect(empty_database, autocommit=True, options="-c enable_seqscan=off") as connection:
        connection.execute("set enable_bitmapscan = off")
        plan = "\n".join(row[0] for row in connection.execute(f"explain {LISTS[index]}".encode()))
    assert f'"{index}"' in plan.replace(f" {index} ", f' "{index}" ')
    assert "Sort" not in plan


def test_there_is_no_operator_index_without_a_list(before: str) -> None:
    names = "select indexname from pg_indexes where schemaname = 'public'"
    earlier = set(platform.rows(before, names))
    platform.upgrade(before, "0010")
    assert {name for (name,) in set(platform.rows(before, names)) - earlier} == set(LISTS)


def test_a_broken_build_is_done_anew(before: str) -> None:
    platform.upgrade(before, "0010")
    platform.execute(
        before,
        "update pg_index set indisvalid = false where indexrelid = 'users_pending_created_idx'::regclass",
    )
    assert platform.verdicts(before, "0010", "preflight")["no broken index is left"] == "warn"
    assert (
        platform.verdicts(before, "0010", "verification")["the operator indexes are there and valid"]
        == "fail"
    )
    platform.forget(before, "0010")
    platform.upgrade(before, "0010")
    assert set(platform.verdicts(before, "0010", "verification").values()) == {"pass"}


def test_downgrade_leaves_the_catalog_as_it_was(before: str) -> None:
    catalog = platform.catalog(before)
    users = platform.versions_of(before, "users")
    platform.upgrade(before, "0010")
    platform.downgrade(before, "0009")
    assert platform.catalog(before).objects == catalog.objects
    assert platform.versions_of(before, "users") == users


def test_index_usage_and_table_sizes_can_be_read(before: str) -> None:
    platform.upgrade(before, "0010")
    sizes = """
        SELECT
          tablename,
          pg_size_pretty(pg_total_relation_size(schemaname||'.'||tablename)) AS size
        FROM pg_tables
        WHERE schemaname = 'public'
        ORDER BY pg_total_relation_size(schemaname||'.'||tablename) DESC;"""
    assert ("users",) in {row[:1] for row in platform.rows(before, sizes)}
    verdicts = platform.verdicts(before, "0010", "verification")
    assert verdicts["index usage can be read"] == verdicts["table sizes can be read"] == "pass"
