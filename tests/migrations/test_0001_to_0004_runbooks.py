"""What the runbooks of the first four revisions promise, asked of the database in their own words."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from db import migration
from db.embedded.server import Server
from db.migration import checks
from tests import postgres
from tests.migrations.standing import ROWS_OF_0001, rows, run

COLUMNS = (
    "select count(*) from information_schema.columns where table_schema = 'public' and table_name = '{}'"
)


def template_at(server: Server, revision: str) -> str:
    return postgres.template(
        server, f"template_at_{revision}", lambda conninfo: migration.upgrade(conninfo, target=revision)
    )


@pytest.fixture
def at_0001(postgres_server: Server) -> Iterator[str]:
    name = template_at(postgres_server, "0001")
    with postgres.database(postgres_server, template=name) as conninfo:
        run(conninfo, ROWS_OF_0001)
        yield conninfo


@pytest.fixture
def at_0004(postgres_server: Server) -> Iterator[str]:
    name = template_at(postgres_server, "0004")
    with postgres.database(postgres_server, template=name) as conninfo:
        yield conninfo


def count(conninfo: str, table: str) -> int:
    return int(rows(conninfo, f"select count(*) from {table}")[0][0])


def test_core_stands_as_it_was_before_manifests_and_tokens(at_0001: str) -> None:
    names = rows(
        at_0001,
        "select table_name, column_name from information_schema.columns where table_schema = 'public' "
        "and column_name in ('accessToken', 'deviceInfo', 'manifestVersion', 'appManifestVersion', 'customerId', 'clientId') "
        "order by 1, 2",
    )
    assert names == [("onboarding_states", "customerId"), ("sessions", "accessToken")]
    assert rows(at_0001, "select to_regclass('token_blacklist')") == [(None,)]


@pytest.mark.parametrize(
    ("table", "before", "after"), [("credits", 10, 13), ("subscriptions", 13, 15), ("user_preferences", 7, 9)]
)
def test_field_counts_before_and_after_the_enhanced_credits(
    at_0001: str, at_0004: str, table: str, before: int, after: int
) -> None:
    assert rows(at_0001, COLUMNS.format(table)) == [(before,)]
    assert rows(at_0004, COLUMNS.format(table)) == [(after,)]


@pytest.mark.parametrize(
    ("statement", "gone"),
    [
        ("delete from users where id = 'usr_3'", {"sessions": 1, "users": 1}),
        ("delete from users where id = 'usr_2'", None),
        ("delete from rooms where id = 'room_1'", {"rooms": 1, "participants": 1, "prizes": 1, "winners": 1}),
        ("delete from participants where id = 'par_1'", {"participants": 1, "winners": 1}),
        ("delete from prizes where id = 'prz_1'", None),
        ("delete from apps where id = 'app_1'", None),
    ],
)
def test_cascade_matrix_and_the_three_restrictions(
    at_0001: str, statement: str, gone: dict[str, int] | None
) -> None:
    tables = ("users", "sessions", "apps", "rooms", "participants", "prizes", "winners")
    before = {table: count(at_0001, table) for table in tables}
    if gone is None:
        with pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.ForeignKeyViolation)):
            run(at_0001, statement)
        gone = {}
    else:
        run(at_0001, statement)
    after = {table: count(at_0001, table) for table in tables}
    assert {table: before[table] - after[table] for table in tables if before[table] != after[table]} == gone


def test_deleting_a_user_takes_participations_and_their_wins(at_0001: str) -> None:
    run(at_0001, "update rooms set \"createdBy\" = 'usr_1'")
    run(at_0001, "delete from users where id = 'usr_2'")
    assert (count(at_0001, "participants"), count(at_0001, "winners"), count(at_0001, "prizes")) == (0, 0, 1)


def test_index_names_are_those_of_the_runbook(at_0001: str) -> None:
    indexed = dict(rows(at_0001, "select indexname, indexdef from pg_indexes where schemaname = 'public'"))
    assert indexed["rooms_status_isPublic_appId_idx"].endswith('(status, "isPublic", "appId")')
    assert indexed["participants_roomId_role_idx"].endswith('("roomId", role)')
    assert indexed["winners_roomId_prizeId_idx"].endswith('("roomId", "prizeId")')
    assert indexed["users_provider_provider_id_idx"].endswith("(provider, provider_id)")


def test_reference_rows_of_the_runbooks(at_0004: str) -> None:
    assert rows(at_0004, "select client_id from oauth_clients") == [("textassistant-desktop",)]
    assert rows(at_0004, "select display_name from llm_models order by 1") == [
        ("Claude 3.5 Sonnet",),
        ("GPT-5",),
        ("Gemini 2.0 Pro",),
    ]
    assert count(at_0004, "content_category") == 15


def test_renaming_the_onboarding_link_keeps_its_rows_key_and_index(at_0001: str) -> None:
    migration.upgrade(at_0001, target="0002")
    assert rows(at_0001, 'select "clientId", "forwardingEnabled" from onboarding_states') == [
        ("cli_1", False)
    ]
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(
            at_0001,
            """insert into onboarding_states (id, "clientId", "updatedAt") values ('o2', 'cli_1', now())""",
        )
    run(at_0001, "delete from clients where id = 'cli_1'")
    assert count(at_0001, "onboarding_states") == 0


def test_existing_clients_get_safe_defaults(at_0001: str) -> None:
    migration.upgrade(at_0001, target="0002")
    summary = rows(
        at_0001,
        """
        SELECT COUNT(*) AS total_clients,
          SUM(CASE WHEN "onboardingComplete" = FALSE THEN 1 ELSE 0 END) AS onboarding_incomplete,
          SUM(CASE WHEN "outboundPaused" = FALSE THEN 1 ELSE 0 END) AS outbound_active,
          SUM(CASE WHEN "aiDisabled" = FALSE THEN 1 ELSE 0 END) AS ai_enabled,
          SUM(CASE WHEN "billingStatus" = 'none' THEN 1 ELSE 0 END) AS no_billing
        FROM clients""",
    )
    assert summary == [(2, 2, 2, 2, 2)]
    assert rows(at_0001, 'SELECT COUNT(*) FROM clients WHERE "onboardingComplete" IS NULL') == [(0,)]


def test_billing_status_labels_in_order(at_0004: str) -> None:
    labels = rows(
        at_0004,
        """SELECT enumlabel FROM pg_enum WHERE enumtypid = '"BillingStatus"'::regtype ORDER BY enumsortorder""",
    )
    assert labels == [("none",), ("trial",), ("active",), ("canceled",), ("past_due",)]


def test_clients_link_to_a_user_and_one_stripe_customer_or_to_none(at_0001: str) -> None:
    migration.upgrade(at_0001, target="0002")
    run(at_0001, """update clients set "userId" = 'usr_3', "stripeCustomerId" = 'cus_1' where id = 'cli_1'""")
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(at_0001, """update clients set "stripeCustomerId" = 'cus_1' where id = 'cli_2'""")
    run(at_0001, "delete from users where id = 'usr_3'")
    assert rows(at_0001, """select "userId" from clients where id = 'cli_1'""") == [(None,)]


RUNBOOK_003 = [
    """ALTER TABLE "credits" ADD COLUMN "credit_type" VARCHAR(10) NOT NULL DEFAULT 'free'""",
    'ALTER TABLE "credits" ADD COLUMN "monthly_allocation" INTEGER NOT NULL DEFAULT 2000',
    'ALTER TABLE "credits" ADD COLUMN "reset_day_of_month" INTEGER NOT NULL DEFAULT 1',
    'CREATE INDEX "idx_credits_user_type_current" ON "credits"("user_id", "credit_type", "is_current")',
    'ALTER TABLE "subscriptions" ADD COLUMN "stripe_price_id" VARCHAR(255)',
    'ALTER TABLE "subscriptions" ADD COLUMN "cancel_at_period_end" BOOLEAN NOT NULL DEFAULT false',
    'ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_stripe_subscription_id_key" '
    'UNIQUE ("stripe_subscription_id")',
    'ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_stripe_customer_id_key" UNIQUE ("stripe_customer_id")',
    'ALTER TABLE "user_preferences" ADD COLUMN "email_notifications" BOOLEAN NOT NULL DEFAULT true',
    'ALTER TABLE "user_preferences" ADD COLUMN "usage_alerts" BOOLEAN NOT NULL DEFAULT true',
]
DUPLICATES = (
    psycopg.errors.DuplicateColumn,
    psycopg.errors.DuplicateObject,
    psycopg.errors.DuplicateTable,
)


@pytest.mark.parametrize("statement", RUNBOOK_003)
def test_repeating_the_runbook_fails_only_as_duplicate(at_0004: str, statement: str) -> None:
    with pytest.raises(DUPLICATES):
        run(at_0004, statement)


def test_runbook_run_by_hand_before_the_revision_is_taken_as_done(postgres_server: Server) -> None:
    name = template_at(postgres_server, "0003")
    with postgres.database(postgres_server, template=name) as conninfo:
        for statement in RUNBOOK_003:
            run(conninfo, statement)
        migration.upgrade(conninfo, target="0004")
        with psycopg.connect(conninfo, autocommit=True) as connection:
            results = checks.run_checks(connection, "0004", "verification")
        assert {each.verdict for each in results} == {checks.Verdict.PASS}


def test_pending_user_of_the_runbook_fits_the_users_table_at_head(postgres_server: Server) -> None:
    last = migration.revisions()[-1].id
    with postgres.database(postgres_server, template=template_at(postgres_server, last)) as conninfo:
        run(
            conninfo,
            """
            INSERT INTO users (id, email, username, display_name, status, reservation_expires_at, created_at, updated_at)
            VALUES ('test_pending_user', 'test@example.com', 'testuser', 'Test User', 'PENDING',
                    NOW() + INTERVAL '7 days', NOW(), NOW())""",
        )
        found = rows(conninfo, "SELECT id, status::text FROM users WHERE email = 'test@example.com'")
        assert found == [("test_pending_user", "PENDING")]
        run(conninfo, "DELETE FROM users WHERE email = 'test@example.com'")
        assert count(conninfo, "users") == 0
