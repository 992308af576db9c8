"""Filters as operators type them: by what a column shows, in either case, for every role an answer or a reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from db.areas import Area
from db.errors import NightdeskError, PermissionDenied, Refused, UsageError
from db.page import fetch_page, parse_terms
from tests.db.areas.platform import LISTINGS, Connection, connected, filled
from tests.postgres import ROLES

AsRole = Callable[[str, str], str]
ADDRESSED = {
    Area.RESERVATIONS: {"email"},
    Area.SESSIONS: {"address"},
}


def found(connection: Connection, area: Area, text: str) -> set[str]:
    from db.capabilities import read_capabilities

    listing = LISTINGS[area](read_capabilities(connection))
    return {str(row.id) for row in fetch_page(connection, listing, where=parse_terms(text)).rows}


@pytest.mark.parametrize("analysed", [True, False])
def test_the_user_of_a_row_is_named_by_id_or_name(platform_database: str, analysed: bool) -> None:
    filled(platform_database)
    with connected(platform_database) as (connection, _):
        connection.execute("update clients set \"userId\" = 'usr_2' where id = 'cli_9'")
        if analysed:
            connection.execute("analyze users")
        for area in (Area.SESSIONS, Area.BLACKLIST, Area.JOBS, Area.CLIENTS):
            by_id = found(connection, area, "user:usr_2")
            assert len(by_id) == 1
            for text in ("user:name_2", "user:NAME_2", "username:Name_2"):
                assert found(connection, area, text) == by_id, (area, text)
            assert found(connection, area, "user:nobody") == set()
            assert found(connection, area, "user:*ame_2") == by_id
            assert by_id.isdisjoint(found(connection, area, "!user:name_2"))
        assert found(connection, Area.SESSIONS, "name_2") == found(connection, Area.SESSIONS, "user:usr_2")


@pytest.mark.parametrize("analysed", [True, False])
def test_a_reservation_is_found_as_its_columns_show_it(platform_database: str, analysed: bool) -> None:
    filled(platform_database)
    with connected(platform_database) as (connection, _):
        if analysed:
            connection.execute("analyze users")
        for text in (
            "username:name_7",
            "username:Name_7",
            "name:NAME_7",
            "e-mail:user7@example.com",
            "name:*me_7",
            "username:n*e_7",
            "username:NAME_7* !username:name_70*",
        ):
            assert found(connection, Area.RESERVATIONS, text) == {"usr_7"}, text
        assert "usr_7" in found(connection, Area.RESERVATIONS, "ame_7")


def test_what_ends_tonight_is_one_filter(platform_database: str) -> None:
    filled(platform_database)
    with connected(platform_database) as (connection, _):
        due = found(connection, Area.RESERVATIONS, "state:due")
        assert due
        assert found(connection, Area.RESERVATIONS, "expires:<24h expires:>now") == due
        overdue = found(connection, Area.RESERVATIONS, "state:overdue")
        assert found(connection, Area.RESERVATIONS, "expires:<24h") == due | overdue
        held = found(connection, Area.RESERVATIONS, "state:held")
        assert held
        assert held.isdisjoint(due | overdue | found(connection, Area.RESERVATIONS, "state:no-expiry"))
        live = found(connection, Area.SESSIONS, "state:live")
        assert found(connection, Area.SESSIONS, "expires:>now") == live


@pytest.mark.parametrize("role", ROLES)
def test_a_filter_is_there_or_says_why_not(platform_database: str, as_role: AsRole, role: str) -> None:
    with connected(platform_database) as (_, caps):
        every = {area: {each.name for each in declare(caps).filters} for area, declare in LISTINGS.items()}
    with connected(as_role(platform_database, role)) as (connection, caps):
        for area, declare in LISTINGS.items():
            listing = declare(caps)
            assert {each.name for each in listing.filters} | set(listing.withheld) >= every[area]
            assert set(listing.aliases.values()) <= every[area]
            assert listing.words in every[area]
            for name in every[area] - {each.name for each in listing.filters}:
                with pytest.raises(PermissionDenied, match=f"test_{role} may not read .*{name}: needs"):
                    fetch_page(connection, listing, where=parse_terms(f"{name}:x"))
            if role == "viewer":
                assert ADDRESSED.get(area, set()) <= set(listing.withheld)


def test_a_filter_whose_column_is_missing_or_unknown_says_which(platform_database: str) -> None:
    with connected(platform_database) as (connection, _):
        connection.execute("alter table users drop column email cascade")
        expected: tuple[tuple[str, type[NightdeskError], str], ...] = (
            ("email:x", Refused, "no column email"),
            ("colour:x", UsageError, "known filters: state, id, expires, username"),
            ("username:", UsageError, "username: needs a value"),
        )
        for text, kind, sentence in expected:
            with pytest.raises(kind, match=sentence):
                found(connection, Area.RESERVATIONS, text)
