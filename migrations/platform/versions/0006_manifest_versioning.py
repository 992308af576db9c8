"""Manifest versions of apps, and the version each room is locked to.

From the runbook's section "Manifest Versioning Migration" (add_manifest_versioning).

The runbook adds both version columns with DEFAULT '1.0.0' and then overwrites every row from the manifest,
so running it again undoes whatever was set since. Here the columns start without a value: NULL means "never
set", the back-fill touches nothing else, and only then do they get the runbook's default and NOT NULL. Apps
registered meanwhile get the default at once.

Over a database where the runbook's own ALTER TABLE ran and its back-fill did not, every row already reads
'1.0.0' and nothing tells a guess from a decision: such rows are left alone and reported by a check.

Create Date: 2026-01-02
"""

from __future__ import annotations

from migrations.steps import (
    Backfill,
    Column,
    Default,
    Index,
    NotNull,
    Step,
    downgrade_through,
    upgrade_through,
)

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A manifest is whatever the app's author sent: only a string or number is a version, anything else is none.
VERSION_OF_MANIFEST = """coalesce(
    case when jsonb_typeof(apps.manifest #> '{meta,version}') in ('string', 'number')
         then nullif(btrim(apps.manifest #>> '{meta,version}'), '') end,
    '1.0.0')"""

STEPS: tuple[Step, ...] = (
    Column("apps", "manifestVersion", "text"),
    Default("apps", "manifestVersion", "'1.0.0'"),
    Column("apps", "manifestHistory", "jsonb not null default '[]'"),
    Column("rooms", "appManifestVersion", "text"),
    Default("rooms", "appManifestVersion", "'1.0.0'"),
    Backfill(
        "apps",
        key="id",
        where='"manifestVersion" is null',
        statement=f"""
            update apps set "manifestVersion" = {VERSION_OF_MANIFEST}
            from batch where apps.id = batch.id""",
    ),
    NotNull("apps", "manifestVersion"),
    Backfill(
        "rooms",
        key="id",
        where='"appManifestVersion" is null',
        statement="""
            update rooms set "appManifestVersion" = apps."manifestVersion"
            from batch, apps where rooms.id = batch.id and apps."appId" = rooms."appId\"""",
    ),
    NotNull("rooms", "appManifestVersion"),
    Index(
        "apps_manifestVersion_idx",
        "apps",
        'create index {concurrently} "apps_manifestVersion_idx" on apps ("manifestVersion")',
    ),
    Index(
        "rooms_appManifestVersion_idx",
        "rooms",
        'create index {concurrently} "rooms_appManifestVersion_idx" on rooms ("appManifestVersion")',
    ),
    Index(
        "rooms_appId_appManifestVersion_idx",
        "rooms",
        'create index {concurrently} "rooms_appId_appManifestVersion_idx" on rooms ("appId", "appManifestVersion")',
    ),
)


def upgrade() -> None:
    upgrade_through(STEPS)


def downgrade() -> None:
    downgrade_through(STEPS)
