from __future__ import annotations

from itertools import combinations

import pytest

from console.actions import ACTIONS, Action
from console.actions.action import Right, roles_with
from console.place_screens import _screen_of
from db.changes import Verb
from screens.detail import DetailPane
from screens.list_view import ListView
from screens.places import Place


def test_ids_are_unique_and_every_action_is_described() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for action in ACTIONS:
        assert action.title
        assert action.description.endswith(".")
        assert action.keys


@pytest.mark.parametrize("place", Place)
def test_no_key_means_two_things_in_one_place(place: Place) -> None:
    here = [action for action in ACTIONS if action.exists_at(place)]
    for one, other in combinations(here, 2):
        assert not set(one.keys) & set(other.keys), (one.id, other.id)


@pytest.mark.parametrize("widget", [ListView, DetailPane])
def test_no_action_takes_a_key_of_moving_about(widget: type[ListView[object]] | type[DetailPane]) -> None:
    moving = {key for binding in widget.BINDINGS for key in binding.key.split(",")}  # type: ignore[union-attr]
    for action in ACTIONS:
        assert not moving & set(action.keys), action.id


def test_what_writes_names_its_rights() -> None:
    writing = [action for action in ACTIONS if action.writes]
    assert {action.id for action in writing} == {"reservation.extend", "operation.undo"}
    for action in writing:
        assert action.needs or action.needs_here is not Action.needs_here
        assert roles_with(action.needs)


@pytest.mark.parametrize("place", Place)
def test_every_place_has_help_and_a_first_sheet(place: Place) -> None:
    screen = _screen_of(place)
    assert len(screen.HELP.split()) > 10
    assert screen.SHEETS
    for sheet in screen.SHEETS:
        assert sheet.columns[0].priority == 0


def test_roles_follow_from_the_declared_rights() -> None:
    assert roles_with((Right("users", Verb.UPDATE, ("reservation_expires_at",)),)) == {
        "support",
        "oncall",
        "worker",
    }
    assert roles_with((Right("users", Verb.UPDATE, ("email",)),)) == set()
    assert roles_with((Right("users", Verb.DELETE),)) == set()
    assert roles_with((Right("unknown_table", Verb.UPDATE, ("x",)),)) == set()


def test_an_action_exists_where_it_belongs() -> None:
    everywhere = Action("x", "x", "X.", ("x",), lambda _situation: None)
    somewhere = Action("y", "y", "Y.", ("y",), lambda _situation: None, places=frozenset({Place.SESSIONS}))
    assert all(everywhere.exists_at(place) for place in Place)
    assert [place for place in Place if somewhere.exists_at(place)] == [Place.SESSIONS]
