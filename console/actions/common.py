"""Actions of every place."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial

from console.actions.action import Action, Scope, Situation
from screens.area import AreaScreen
from screens.places import Place


def _go(place: Place, situation: Situation) -> None:
    situation.shell.go(place)


def _already_there(place: Place, situation: Situation) -> str | None:
    return f"{place.heading} is on screen" if situation.screen.place is place else None


def _refresh(situation: Situation) -> None:
    situation.screen.refresh_rows()


def _filter(situation: Situation) -> Awaitable[None] | None:
    screen = situation.screen
    return screen.edit_filter() if isinstance(screen, AreaScreen) else None


def _open(situation: Situation) -> None:
    if isinstance(situation.screen, AreaScreen):
        situation.screen.open_current()


def _nothing_to_open(situation: Situation) -> str | None:
    screen = situation.screen
    return None if isinstance(screen, AreaScreen) and screen.current is not None else "there is no row"


def _back(situation: Situation) -> None:
    if not situation.screen.step_back():
        situation.shell.say("This is the top of this place; q leaves the console.")


def _quit(situation: Situation) -> None:
    situation.shell.leave()


def _not_at_root(situation: Situation) -> str | None:
    return None if situation.screen.at_root else "something is open here; Esc closes it first"


def _help(situation: Situation) -> None:
    situation.shell.show_help()


def _interrupt(situation: Situation) -> None:
    situation.shell.interrupt()


def _in_flight(situation: Situation) -> str | None:
    operation = next(iter(situation.desk.in_flight), None)
    return None if operation is None else f"operation {operation} is being applied; its answer comes first"


def _suspend(situation: Situation) -> None:
    situation.shell.suspend_console()


def _looks(situation: Situation) -> None:
    situation.shell.switch_looks()


PLACES = tuple(
    Action(
        id=f"go.{place}",
        title=place.heading,
        description=f"Show {place.heading.lower()} as it was left.",
        keys=(place.key,),
        run=partial(_go, place),
        why_not=partial(_already_there, place),
        shown=False,
    )
    for place in Place
)

LISTS = frozenset(Place) - {Place.OVERVIEW, Place.MIGRATIONS}

COMMON = (
    Action(
        "record.open",
        "details",
        "Show the record under the cursor in full; again to move into it.",
        ("enter", "l", "right"),
        _open,
        frozenset(Place) - {Place.OVERVIEW},
        why_not=_nothing_to_open,
    ),
    Action(
        "finding.open",
        "go there",
        "Go to the rows behind the line under the cursor.",
        ("enter", "l", "right"),
        _open,
        frozenset({Place.OVERVIEW}),
        why_not=_nothing_to_open,
    ),
    Action(
        "list.filter", "filter", "Show only rows that match; empty shows all.", ("slash",), _filter, LISTS
    ),
    Action(
        "list.refresh",
        "refresh",
        "Read what is on screen again; the cursor stays on its row.",
        ("r",),
        _refresh,
    ),
    Action(
        "view.back",
        "back",
        "Close what is open, one step at a time; never ends the console.",
        ("escape",),
        _back,
    ),
    Action("console.help", "help", "Show every key that works here.", ("question_mark", "f1"), _help),
    Action(
        "console.quit",
        "quit",
        "End the console; only from the top of a place.",
        ("q", "ctrl+q"),
        _quit,
        why_not=_not_at_root,
    ),
    Action("view.looks", "looks", "Change between dark and light.", ("T",), _looks, shown=False),
    Action(
        "console.suspend",
        "suspend",
        "Back to the shell until fg.",
        ("ctrl+z",),
        _suspend,
        why_not=_in_flight,
        shown=False,
        scope=Scope.ALWAYS,
    ),
    Action(
        "console.interrupt",
        "end",
        "Twice in a row: end the console.",
        ("ctrl+c",),
        _interrupt,
        shown=False,
        scope=Scope.ALWAYS,
    ),
)
