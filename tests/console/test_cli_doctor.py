from __future__ import annotations

from tests.console.processes import nightdesk
from tests.postgres import as_role, as_url


def test_an_empty_database_says_what_is_missing(empty_database: str) -> None:
    done = nightdesk("doctor", "--json", "--url", as_url(empty_database))
    assert done.code == 0, done.err
    found = done.document
    assert found["nightdesk"] == {"installed": False, "revision": None}
    assert not any(area["usable"] for area in found["areas"])
    webhooks = next(area for area in found["areas"] if area["area"] == "webhooks")
    assert "`stripe_webhook_events` does not exist here" in webhooks["sentence"]
    assert any("superuser" in sentence for sentence in found["advice"])
    assert any("nightdesk install" in sentence for sentence in found["advice"])
    assert found["server"]["pooler"] is False
    assert found["terminal"]["fit"] is False


def test_a_full_database_as_support(platform_database: str) -> None:
    done = nightdesk("doctor", "--json", "--url", as_url(as_role(platform_database, "support")))
    assert done.code == 0, done.err
    found = done.document
    assert found["login"]["name"] == "test_support"
    assert found["login"]["superuser"] is False
    assert "support" in found["login"]["roles"]
    assert found["nightdesk"]["installed"] is True
    assert {area["area"] for area in found["areas"] if area["usable"]} >= {
        "reservations",
        "webhooks",
        "clients",
    }
    assert not any("superuser" in sentence for sentence in found["advice"])


def test_the_owner_sees_the_revisions(platform_database: str) -> None:
    found = nightdesk("doctor", "--json", "--url", as_url(platform_database)).document
    lines = {line["line"]: line for line in found["lines"]}
    assert lines["platform"]["revision"] == "0010"
    assert lines["platform"]["pending"] == []
    assert found["nightdesk"]["revision"] is not None


def test_a_prisma_pooler_is_reported(empty_database: str) -> None:
    url = f"{as_url(empty_database)}&pgbouncer=true&connection_limit=1"
    found = nightdesk("doctor", "--json", "--url", url).document
    assert found["server"]["pooler"] is True
    assert any("pooler" in sentence for sentence in found["advice"])


def test_people_get_the_same_in_words(empty_database: str) -> None:
    done = nightdesk("doctor", "--url", as_url(empty_database))
    assert done.code == 0, done.err
    for word in ("server", "PostgreSQL", "treated as production", "webhooks", "pg_cron", "not installed"):
        assert word in done.out
