"""Every query as every role: an answer or a sentence, never an exception, never silence about what is hidden."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db.areas import NEEDS, Area, area_status, empty_sentence
from db.capabilities import read_capabilities
from db.errors import NotFound, PermissionDenied, Refused
from db.page import Term, count_rows, fetch_page
from tests.db.areas.platform import DETAILS, LISTINGS, TABLES, connected, filled
from tests.db.round_trips import round_trips
from tests.postgres import ROLES

AsRole = Callable[[str, str], str]


@pytest.mark.parametrize("role", ROLES)
def test_every_list_sort_filter_and_detail_answers_every_role(
    platform_database: str, as_role: AsRole, role: str
) -> None:
    filled(platform_database)
    with connected(as_role(platform_database, role)) as (connection, caps):
        for area, declare in LISTINGS.items():
            assert area_status(area, caps).usable
            listing = declare(caps)
            for sort in (each for s in listing.sorts for each in (s.name, f"-{s.name}")):
                page = fetch_page(connection, listing, sort=sort, limit=5)
                assert page.rows, (area, sort)
                if page.after is not None:
                    fetch_page(connection, listing, sort=sort, limit=5, after=page.after)
                for declared in listing.filters:
                    for value in (
                        declared.choices
                        or (">1m",) * (declared.name in {"age", "used", "changed", "expires"})
                        or ("x*",)
                    ):
                        for negate in (False, True):
                            term = Term(declared.name, value, negate)
                            fetch_page(connection, listing, sort=sort, limit=5, where=(term,))
                            count_rows(connection, listing, where=(term,))
            assert count_rows(connection, listing).value > 0
        for find, reference in DETAILS.values():
            find(connection, caps, reference)
            with pytest.raises(NotFound):
                find(connection, caps, "nobody")


def test_personal_data_is_masked_for_all_and_the_viewer_is_told(
    platform_database: str, as_role: AsRole
) -> None:
    filled(platform_database)
    for role in ROLES:
        with connected(as_role(platform_database, role)) as (connection, caps):
            texts = [
                str(row)
                for declare in LISTINGS.values()
                for row in fetch_page(connection, declare(caps)).rows
            ]
            texts += [str(find(connection, caps, reference)) for find, reference in DETAILS.values()]
            shown = "".join(texts)
            assert "@example.com" not in shown
            assert "203.0.113." not in shown
            assert "+4912345" not in shown
            assert "secret_" not in shown
            assert "Secretperson" not in shown
            assert "Secretstreet" not in shown
            assert "t•••@e•••.com" in shown
            assert ("p•••@e•••.com" in shown) is (role != "viewer")
            assert ("12345678901234567890.10" in shown) is (role != "viewer")
            if role != "worker":
                assert "u•••@e•••.com" in shown
                assert "203.0.•.•" in shown
    with connected(as_role(platform_database, "viewer")) as (_, caps):
        status = area_status(Area.RESERVATIONS, caps)
        assert "users.email" in status.hidden
        assert "hidden from test_viewer: users.email" in status.sentence
        assert "sessions.ipAddress" in area_status(Area.SESSIONS, caps).hidden
        assert "job_queue.payload, job_queue.result" in area_status(Area.JOBS, caps).sentence


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("stripe_webhook_events", "payload"),
        ("job_queue", "payload"),
        ("job_queue", "result"),
        ("job_log", "message"),
        ("job_log", "details"),
    ],
)
def test_what_jobs_and_events_carry_is_not_for_viewers(
    platform_database: str, as_role: AsRole, role: str, table: str, columns: str
) -> None:
    with connected(as_role(platform_database, role)) as (connection, _):
        connection.execute(f"select count(*) from {table}")
        if role == "viewer":
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select {columns} from {table}")
        else:
            connection.execute(f"select {columns} from {table}")


def test_without_our_schema_the_mask_is_the_same(platform_database: str) -> None:
    filled(platform_database)
    with connected(platform_database) as (connection, caps):
        masked = [
            fetch_page(connection, LISTINGS[area](caps)).rows for area in (Area.RESERVATIONS, Area.SESSIONS)
        ]
        connection.execute("drop view nightdesk.masked_users, nightdesk.masked_sessions")
    with connected(platform_database) as (connection, caps):
        assert not caps.has("nightdesk.masked_users")
        again = [
            fetch_page(connection, LISTINGS[area](caps)).rows for area in (Area.RESERVATIONS, Area.SESSIONS)
        ]
    assert again == masked


def test_a_role_without_rights_is_told_which_it_lacks(platform_database: str) -> None:
    with connected(stranger(platform_database)) as (connection, caps):
        for area, declare in LISTINGS.items():
            status = area_status(area, caps)
            assert not status.usable
            assert f"`{TABLES[area]}`" in status.sentence
            with pytest.raises(PermissionDenied, match="may not read"):
                declare(caps)
        for find, reference in DETAILS.values():
            with pytest.raises(PermissionDenied):
                find(connection, caps, reference)


def test_a_role_without_the_schema_is_told_so(platform_database: str) -> None:
    login = stranger(platform_database)
    with connected(platform_database) as (connection, _):
        connection.execute("revoke usage on schema public from public")
    with connected(login) as (_, caps):
        assert "may not look into schema public" in area_status(Area.WEBHOOKS, caps).sentence


def test_a_schema_that_does_not_exist_is_no_matter_of_rights(platform_database: str) -> None:
    with psycopg.connect(platform_database, autocommit=True) as connection:
        connection.execute("select set_config('search_path', 'app, pg_temp', false)")
        caps = read_capabilities(connection)
        database = connection.info.dbname
    for area in Area:
        status = area_status(area, caps)
        assert isinstance(status.refusal, Refused)
        assert status.sentence.startswith(f"schema app does not exist in {database}")


def test_hidden_rows_are_never_shown_as_none(platform_database: str) -> None:
    login = stranger(platform_database)
    filled(platform_database)
    with connected(platform_database) as (connection, _):
        connection.execute("alter table users enable row level security")
        connection.execute("alter table clients enable row level security")
        connection.execute("create policy one_client on clients for select using (id = 'cli_1')")
        tables = ", ".join(dict.fromkeys(TABLES.values()))
        connection.execute(f"grant select on {tables}, subscriptions, onboarding_states to stranger")
    with connected(login) as (connection, caps):
        for area in (Area.RESERVATIONS, Area.CLIENTS, Area.JOBS, Area.WEBHOOKS):
            page = fetch_page(connection, LISTINGS[area](caps))
            assert "by row security" in str(page.note), area
            veil = f"none visible to you: row security may hide rows of `{TABLES[area]}` from stranger"
            assert page.veil == veil
            assert empty_sentence(area_status(area, caps), "there is none") == veil
        assert "by row security" in area_status(Area.RESERVATIONS, caps).sentence
        with pytest.raises(NotFound, match="row security"):
            DETAILS[Area.CLIENTS][0](connection, caps, "cli_2")
    with connected(platform_database) as (connection, _):
        connection.execute("create policy everything on clients for select to stranger using (true)")
    with connected(login) as (_, caps):
        assert area_status(Area.CLIENTS, caps).sentence == ""
        assert empty_sentence(area_status(Area.CLIENTS, caps), "there is none") == "there is none"
    with connected(platform_database) as (connection, _):
        connection.execute("create policy less on clients as restrictive for select using (id <> 'cli_1')")
    with connected(login) as (_, caps):
        assert "by row security" in area_status(Area.CLIENTS, caps).sentence


def test_a_missing_table_names_the_pending_revision(empty_database: str) -> None:
    pending = {
        Area.RESERVATIONS: "0001",
        Area.WEBHOOKS: "0005",
        Area.SESSIONS: "0001",
        Area.BLACKLIST: "0007",
        Area.CLIENTS: "0001",
        Area.JOBS: "0005",
    }
    with connected(empty_database) as (_, caps):
        for area, revision in pending.items():
            status = area_status(area, caps)
            assert (
                status.sentence == f"`{TABLES[area]}` does not exist here: migration {revision} is pending."
            )
            with pytest.raises(Refused):
                LISTINGS[area](caps)
        assert not caps.console_installed


def test_a_missing_required_column_names_the_pending_revision(platform_database: str) -> None:
    with connected(platform_database) as (connection, _):
        connection.execute("alter table users drop column status cascade")
    with connected(platform_database) as (_, caps):
        sentence = area_status(Area.RESERVATIONS, caps).sentence
        assert sentence == "`users` has no column status here: migration 0008 is pending."


@pytest.mark.parametrize("area", [area for area in Area if area in LISTINGS])
def test_an_area_does_without_any_optional_column(platform_database: str, area: Area) -> None:
    filled(platform_database)
    for need in NEEDS[area]:
        for column in need.optional or (need.required if need.dispensable else ()):
            with connected(platform_database) as (connection, _):
                connection.execute(f'alter table {need.table} drop column "{column}" cascade')
            with connected(platform_database) as (connection, caps):
                status = area_status(area, caps)
                assert status.usable
                assert f"{need.table}.{column}" in status.missing
                assert fetch_page(connection, LISTINGS[area](caps)).rows
                if area in DETAILS:
                    find, reference = DETAILS[area]
                    find(connection, caps, reference)


@pytest.mark.parametrize("area", [area for area in Area if area in LISTINGS])
def test_a_page_and_a_detail_are_one_round_trip(platform_database: str, area: Area) -> None:
    filled(platform_database)
    with connected(platform_database) as (connection, caps):
        for rows in (5, 30):
            with round_trips(connection) as sent:
                fetch_page(connection, LISTINGS[area](caps), limit=rows)
            assert sent.count == 1
        if area in DETAILS:
            find, reference = DETAILS[area]
            with round_trips(connection) as sent:
                find(connection, caps, reference)
            assert sent.count == 1


def stranger(conninfo: str) -> str:
    """A login without a single right, the same for every test of the cluster."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "do $$ begin create role stranger login; exception when duplicate_object or unique_violation then null; end $$"
        )
    return make_conninfo(conninfo, user="stranger")
