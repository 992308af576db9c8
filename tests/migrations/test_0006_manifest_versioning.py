from __future__ import annotations

import json

import pytest

from db.errors import Refused
from tests.migrations import platform

RUNBOOK = (
    """ALTER TABLE "apps" ADD COLUMN "manifestVersion" TEXT NOT NULL DEFAULT '1.0.0'""",
    """ALTER TABLE "apps" ADD COLUMN "manifestHistory" JSONB NOT NULL DEFAULT '[]'""",
    """ALTER TABLE "rooms" ADD COLUMN "appManifestVersion" TEXT NOT NULL DEFAULT '1.0.0'""",
    """CREATE INDEX "apps_manifestVersion_idx" ON "apps"("manifestVersion")""",
    """CREATE INDEX "rooms_appManifestVersion_idx" ON "rooms"("appManifestVersion")""",
    """CREATE INDEX "rooms_appId_appManifestVersion_idx" ON "rooms"("appId", "appManifestVersion")""",
)
MANIFESTS = {
    "quiz": {"meta": {"version": "2.4.1"}},
    "raffle": {"meta": {"version": 3}},
    "blank": {"meta": {"version": "  "}},
    "odd": {"meta": {"version": {"major": 1}}},
    "bare": {},
}
EXPECTED = [("bare", "1.0.0"), ("blank", "1.0.0"), ("odd", "1.0.0"), ("quiz", "2.4.1"), ("raffle", "3")]


def add_apps(conninfo: str) -> None:
    platform.add_users(conninfo, "ana")
    for name, manifest in MANIFESTS.items():
        platform.execute(
            conninfo,
            f"""insert into apps (id, "appId", name, manifest, "updatedAt")
                values ('id-{name}', '{name}', '{name}', '{json.dumps(manifest)}', now())""",
            f"""insert into rooms (id, "appId", "createdBy", name, "updatedAt")
                values ('room-{name}', '{name}', 'ana', '{name}', now())""",
        )


def app_versions(conninfo: str) -> list[platform.Row]:
    return platform.rows(conninfo, 'select "appId", "manifestVersion" from apps order by "appId"')


def room_versions(conninfo: str) -> list[platform.Row]:
    return platform.rows(conninfo, 'select "appId", "appManifestVersion" from rooms order by "appId"')


@pytest.fixture
def before(empty_database: str) -> str:
    platform.upgrade(empty_database, "0005")
    add_apps(empty_database)
    return empty_database


def test_apps_take_their_version_from_the_manifest_and_rooms_from_their_app(before: str) -> None:
    platform.upgrade(before, "0006")
    assert app_versions(before) == EXPECTED
    assert room_versions(before) == EXPECTED
    assert platform.rows(before, 'select distinct "manifestHistory" from apps') == [([],)]


def test_new_apps_and_rooms_start_at_1_0_0(before: str) -> None:
    platform.upgrade(before, "0006")
    platform.execute(
        before,
        """insert into apps (id, "appId", name, manifest, "updatedAt") values ('n', 'new', 'n', '{}', now())""",
        """insert into rooms (id, "appId", "createdBy", name, "updatedAt") values ('n', 'new', 'ana', 'n', now())""",
    )
    assert ("new", "1.0.0") in app_versions(before)
    assert ("new", "1.0.0") in room_versions(before)


def test_more_rows_than_a_batch_are_all_filled(before: str) -> None:
    platform.execute(
        before,
        """insert into apps (id, "appId", name, manifest, "updatedAt")
           select 'many-' || n, 'many-' || n, 'many', '{"meta": {"version": "7"}}', now()
           from generate_series(1, 10001) as n""",
    )
    platform.upgrade(before, "0006")
    assert platform.rows(before, """select count(*) from apps where "manifestVersion" = '7'""") == [(10001,)]


def test_running_again_touches_no_row(before: str) -> None:
    platform.upgrade(before, "0006")
    platform.execute(before, """update apps set "manifestVersion" = '9.9.9' where "appId" = 'quiz'""")
    apps, rooms = platform.versions_of(before, "apps"), platform.versions_of(before, "rooms")
    platform.forget(before, "0006")
    platform.upgrade(before, "0006")
    assert platform.versions_of(before, "apps") == apps
    assert platform.versions_of(before, "rooms") == rooms
    assert ("quiz", "9.9.9") in app_versions(before)


def test_a_broken_backfill_goes_on_with_what_was_never_set(before: str) -> None:
    platform.execute(
        before,
        'alter table apps add column "manifestVersion" text',
        """update apps set "manifestVersion" = '5.0.0' where "appId" = 'quiz'""",
    )
    platform.upgrade(before, "0006")
    assert ("quiz", "5.0.0") in app_versions(before)
    assert ("raffle", "3") in app_versions(before)
    assert ("quiz", "5.0.0") in room_versions(before)


def test_over_the_runbooks_own_sql_the_catalog_is_the_same_and_guesses_are_reported(before: str) -> None:
    platform.upgrade(before, "0006")
    catalog = platform.catalog(before)
    platform.downgrade(before, "0005")
    platform.execute(before, *RUNBOOK)
    platform.upgrade(before, "0006")
    assert platform.catalog(before).objects == catalog.objects
    assert ("quiz", "1.0.0") in app_versions(before)
    assert platform.verdicts(before, "0006", "verification")["versions agree with the manifests"] == "warn"


def test_a_column_of_another_type_is_refused_by_name(before: str) -> None:
    platform.execute(before, 'alter table apps add column "manifestVersion" integer')
    with pytest.raises(Refused, match=r"apps\.manifestVersion"):
        platform.upgrade(before, "0006")


def test_every_check_passes(before: str) -> None:
    before_upgrade = platform.verdicts(before, "0006", "preflight")
    assert before_upgrade.pop("every manifest names a version") == "warn"
    assert set(before_upgrade.values()) == {"pass"}
    platform.upgrade(before, "0006")
    assert set(platform.verdicts(before, "0006", "verification").values()) == {"pass"}


def test_downgrade_leaves_the_catalog_as_it_was(before: str) -> None:
    catalog = platform.catalog(before)
    platform.upgrade(before, "0006")
    platform.downgrade(before, "0005")
    assert platform.catalog(before).objects == catalog.objects
