"""Checks of revisions: every one is well-formed SQL, and each verdict means what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from db import migration
from db.errors import ConfigurationError, NotFound
from db.migration import checks as checks_module
from db.migration.checks import Check, Phase, Severity, Verdict, checks_of, run_checks
from db.migration.lines import line_of
from tests.migrations.standing import run


@pytest.fixture
def connection(empty_database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(empty_database, autocommit=True) as session:
        yield session


def verdict(
    monkeypatch: pytest.MonkeyPatch,
    connection: psycopg.Connection[tuple[object, ...]],
    sql: str,
    expect: object,
    severity: str = "must",
) -> checks_module.CheckResult:
    declared = {
        "name": "c",
        "phase": "preflight",
        "severity": severity,
        "sql": sql,
        "expect": expect,
        "why": "w",
        "fix": "f",
    }
    check = checks_module._declared("0001", "test", declared)
    monkeypatch.setattr(checks_module, "checks_of", lambda *_: (check,))
    (result,) = run_checks(connection, "0001", "preflight")
    return result


@pytest.mark.parametrize(
    ("sql", "expect", "severity", "expected"),
    [
        ("select 1 where false", "no rows", "must", Verdict.PASS),
        ("select 1", "no rows", "must", Verdict.FAIL),
        ("select 1", "no rows", "should", Verdict.WARN),
        ("select 1", "at least one", "must", Verdict.PASS),
        ("select 1 where false", "at least one", "must", Verdict.FAIL),
        ("values ('a', 1, true, null, 1.5), ('b', 2, false, 'x', 2)", [["a", 1, True, "", 1.5], ["b", 2, False, "x", 2]], "must", Verdict.PASS),
        ("values ('b'), ('a')", ["b", "a"], "must", Verdict.PASS),
        ("values ('b'), ('a')", ["a", "b"], "must", Verdict.FAIL),
        ("select sum(n)::numeric from generate_series(1, 3) n", [[6]], "must", Verdict.PASS),
        ("select 'like %s'", ["like %s"], "must", Verdict.PASS),
        ("select onboardingComplete from clients", "no rows", "should", Verdict.UNKNOWN),
        ("create table evil (id integer)", "no rows", "must", Verdict.UNKNOWN),
        ("select pg_sleep(60)", "at least one", "must", Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_verdict(
    monkeypatch: pytest.MonkeyPatch,
    connection: psycopg.Connection[tuple[object, ...]],
    sql: str,
    expect: object,
    severity: str,
    expected: Verdict,
) -> None:
    monkeypatch.setattr(checks_module, "_STATEMENT_TIMEOUT", "50ms")
    result = verdict(monkeypatch, connection, sql, expect, severity)
    assert result.verdict is expected, result
    assert (result.reason is None) == (expected is Verdict.PASS)
    assert connection.execute("select to_regclass('evil')").fetchone() == (None,)
    assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE


def test_unknown_says_what_the_server_said(
    monkeypatch: pytest.MonkeyPatch, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    result = verdict(monkeypatch, connection, "select 1 from no_such_table", "no rows")
    assert result.reason == 'could not be asked: relation "no_such_table" does not exist'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[check]]\nname = "x"\nphase = "later"', "expect"),
        (
            '[[check]]\nname = "x"\nphase = "later"\nseverity = "must"\nsql = ""\nexpect = "no rows"\nwhy = ""\nfix = ""',
            "later",
        ),
        (
            '[[check]]\nname = "x"\nphase = "preflight"\nseverity = "must"\nsql = ""\nexpect = "some"\nwhy = ""\nfix = ""',
            "some",
        ),
    ],
)
def test_malformed_sidecar_names_file_check_and_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, named: str
) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "0777_checks.toml").write_text(text)
    line = line_of("platform")
    monkeypatch.setattr(
        checks_module,
        "line_of",
        lambda _: type(line)(line.name, line.schema, line.path, tmp_path),
    )
    with pytest.raises(ConfigurationError, match=f"0777_checks.toml, check 'x': .*{named}"):
        checks_module.checks_of.__wrapped__("0777")


def test_unknown_revision_is_not_found(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with pytest.raises(NotFound, match="0999"):
        run_checks(connection, "0999", Phase.PREFLIGHT)


@pytest.mark.parametrize("revision", [each.id for each in migration.revisions("platform")])
def test_every_revision_declares_both_phases_with_why_and_fix(revision: str) -> None:
    declared: tuple[Check, ...] = checks_of(revision)
    assert {check.phase for check in declared} == set(Phase)
    assert len({check.name for check in declared}) == len(declared)
    assert all(check.why and check.fix for check in declared)
    assert any(check.severity is Severity.MUST for check in declared)


@pytest.mark.parametrize(
    ("damage", "revision", "check"),
    [
        ('alter table winners drop constraint "winners_prizeId_fkey"', "0001", "the keys delete as the cascade matrix says"),
        ("delete from llm_models where name = 'gpt-5'", "0001", "the reference rows are there: one OAuth client, three language models"),
        (
            'alter table prizes drop constraint "prizes_roomId_fkey"; alter table winners drop constraint "winners_roomId_fkey"; '
            'alter table prizes add constraint "prizes_roomId_fkey" foreign key ("roomId") references rooms (id) on delete cascade; '
            'alter table winners add constraint "winners_roomId_fkey" foreign key ("roomId") references rooms (id) on delete cascade',
            "0001",
            "deleting a room reaches its winners before its prizes",
        ),
        ("update pg_index set indisvalid = false where indexrelid = 'rooms_status_idx'::regclass", "0001", "no index is INVALID"),
        ("alter type \"BillingStatus\" add value 'paused'", "0002", "the enum BillingStatus has its labels"),
        ('alter table clients alter column "aiDisabled" drop default', "0002", "clients has its flags and billing fields"),
        ('drop index "clients_aiDisabled_idx"', "0002", "the guard indexes are there and valid"),
        ("delete from content_category where slug = 'music'", "0003", "fifteen categories"),
        ("drop table featured_creator", "0003", "the six tables are there"),
        ("alter table credits drop column monthly_allocation", "0004", "fields after: credits 13, user_preferences 9, subscriptions 15 or more"),
        ("drop index idx_credits_user_type_current", "0004", "the composite index and the two unique keys are there and valid"),
    ],
)  # fmt: skip
def test_verification_fails_when_the_thing_it_checks_is_broken(
    platform_at_0004: str, damage: str, revision: str, check: str
) -> None:
    run(platform_at_0004, damage)
    with psycopg.connect(platform_at_0004, autocommit=True) as connection:
        results = {each.check.name: each.verdict for each in run_checks(connection, revision, "verification")}
    assert results[check] is Verdict.FAIL


@pytest.mark.parametrize(
    ("damage", "target", "revision", "check"),
    [
        ('alter table onboarding_states add column "clientId" text', "0001", "0002", "either customerId or clientId, not both"),
        ("drop table onboarding_states", "0001", "0002", "clients and onboarding_states exist"),
        ("insert into users (id, email) values ('a', 'a'), ('b', 'b'); "
         "insert into subscriptions (user_id, stripe_customer_id) values ('a', 'cus_1'), ('b', 'cus_1')",
         "0003", "0004", "no Stripe customer is stored twice"),
        ("insert into users (id, email) values ('a', 'a'), ('b', 'b'); "
         "insert into subscriptions (user_id, stripe_subscription_id) values ('a', 'sub_1'), ('b', 'sub_1')",
         "0003", "0004", "no Stripe subscription is stored twice"),
    ],
)  # fmt: skip
def test_preflight_fails_before_the_revision_would(
    empty_database: str, damage: str, target: str, revision: str, check: str
) -> None:
    migration.upgrade(empty_database, target=target)
    run(empty_database, damage)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        results = {each.check.name: each.verdict for each in run_checks(connection, revision, "preflight")}
    assert results[check] is Verdict.FAIL
