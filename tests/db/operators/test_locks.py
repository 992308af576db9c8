"""Installing and leaving beside a platform at work: never the one that everybody else waits behind."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from db import operators
from db.migration.locks import LockRefused
from tests.db.changes.ground import Connection, one

# Others' tests make the same logins.
pytestmark = pytest.mark.xdist_group("cluster-wide names")

OURS = "select count(*) from pg_policy where polname like 'nightdesk%%'"


@pytest.fixture
def owner(platform_database: str) -> Iterator[Connection]:
    with psycopg.connect(platform_database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def reader(platform_database: str) -> Iterator[Connection]:
    """Somebody who has read two tables and a view and does not end the transaction."""
    with psycopg.connect(platform_database) as connection:
        for name in ("job_queue", "users", "nightdesk.masked_users"):
            connection.execute(f"select count(*) from {name}")
        yield connection


def test_a_run_that_changes_nothing_waits_for_no_reader(
    platform_database: str, reader: Connection, owner: Connection
) -> None:
    said: list[str] = []
    operators.install(platform_database, report=said.append)
    assert not any(
        line.startswith(("create", "drop", "alter", "revoke", "a table was locked")) for line in said
    )
    reader.execute("select count(*) from job_queue")
    said.clear()
    owner.execute("drop view nightdesk.masked_sessions; grant select on users to nightdesk_viewer")
    operators.install(platform_database, report=said.append)
    assert [line.split(" with ")[0] for line in said if line.startswith("create")] == [
        'create view "nightdesk"."masked_sessions"'
    ]
    assert 'revoke all on "public"."users" from "nightdesk_viewer"' in said
    assert not one(owner, "select has_table_privilege('nightdesk_viewer', 'users', 'select')")


@pytest.mark.parametrize(
    "spoilt",
    [
        "drop policy nightdesk_read on job_queue",
        "alter policy nightdesk_read on job_queue using (false)",
        "alter policy nightdesk_write on job_queue with check (false)",
        "alter policy nightdesk_read on job_queue to nightdesk_viewer",
    ],
)
def test_a_policy_that_is_not_as_wanted_is_put_right(spoilt: str, owner: Connection) -> None:
    policies = (
        "select polname, polcmd, polpermissive, polroles, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)"
        " from pg_policy where polrelid = 'job_queue'::regclass order by 1"
    )
    before = owner.execute(policies).fetchall()
    owner.execute(spoilt)
    operators.sync_rights(owner)
    assert owner.execute(policies).fetchall() == before


def test_a_view_that_is_not_as_wanted_is_put_right(owner: Connection) -> None:
    owner.execute(
        "create or replace view nightdesk.masked_users with (security_barrier)"
        " as select id, email as email from public.users"
    )
    operators.sync_rights(owner)
    assert one(owner, "select pg_get_viewdef('nightdesk.masked_users'::regclass) like '%%mask_email%%'")


def test_a_policy_waits_briefly_and_lets_others_through(
    platform_database: str, reader: Connection, owner: Connection
) -> None:
    reader.rollback()
    owner.execute("drop policy nightdesk_read on job_queue; drop policy nightdesk_read on job_log")
    reader.execute("select count(*) from job_queue")
    said: list[str] = []

    def report(line: str) -> None:
        said.append(line)
        if line.startswith("a table was locked"):
            # Between two attempts nobody is held up, and nothing is kept locked meanwhile.
            with psycopg.connect(platform_database, options="-c lock_timeout=1s") as other:
                other.execute("select count(*) from job_queue")
                other.execute("lock table job_log in access exclusive mode")
            if "attempt 3" in line:
                reader.rollback()

    operators.sync_rights(owner, report=report, lock_timeout="50ms")
    assert len([line for line in said if line.startswith("a table was locked")]) == 2
    assert len([line for line in said if line.startswith("create policy")]) == 2


def test_a_reader_who_stays_is_not_waited_for_forever(reader: Connection, owner: Connection) -> None:
    policies = one(owner, OURS)
    with pytest.raises(LockRefused):
        operators.uninstall(owner, lock_timeout="20ms")
    assert one(owner, "select count(*) from pg_namespace where nspname = 'nightdesk'") == 1
    assert (
        one(
            owner,
            "select count(*) from pg_policy where polrelid = 'job_queue'::regclass and polname like 'night%%'",
        )
        == 2
    )
    reader.rollback()
    operators.sync_rights(owner)
    assert one(owner, OURS) == policies
    operators.uninstall(owner)
    assert one(owner, OURS) == 0
