"""All actions, and what is made of them: bindings, footer, help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from textual.binding import Binding
from textual.keys import format_key

from console.actions.action import Action, Scope, Situation
from console.actions.common import COMMON, PLACES
from console.actions.operations import UNDO
from console.actions.reservations import RESERVATIONS
from screens.detail import Field, Group, Section
from screens.key_bar import KeyHint
from screens.list_view import ListView
from screens.tone import Tone

ACTIONS: Final[tuple[Action, ...]] = (*RESERVATIONS, UNDO, *COMMON, *PLACES)

BY_ID: Final[Mapping[str, Action]] = {action.id: action for action in ACTIONS}

_NAMES: Final = {
    "slash": "/",
    "question_mark": "?",
    "escape": "Esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "enter": "Enter",
    "home": "Home",
    "end": "End",
    "f1": "F1",
}


def bindings() -> list[Binding]:
    """One binding an action, all of them through the app's one dispatcher."""
    return [
        Binding(
            ",".join(action.keys),
            f"app.perform('{action.id}')",
            action.title,
            show=False,
            id=action.id,
            # Dialogs and inputs take every other key before the app is asked.
            priority=action.scope is not Scope.PLACE,
        )
        for action in ACTIONS
    ]


def key_name(key: str) -> str:
    """A key as people call it."""
    return _NAMES.get(key) or format_key(key)


def here(situation: Situation) -> Iterator[Action]:
    """The actions that belong to the place on screen, in the order of the footer."""
    return (action for action in ACTIONS if action.exists_at(situation.screen.place))


def hints(situation: Situation) -> tuple[KeyHint, ...]:
    """The footer for a situation."""
    return tuple(
        KeyHint(key_name(action.keys[0]), action.title, action.reason_against(situation))
        for action in here(situation)
        if action.shown
    )


def undo_offer(situation: Situation) -> str:
    """What a receipt says about taking it back: the key, or why there is none."""
    reason = UNDO.reason_against(situation)
    if reason is not None:
        return f"no {UNDO.title}: {reason}"
    return f"{key_name(UNDO.keys[0])} plans the {UNDO.title}"


def help_sections(situation: Situation) -> tuple[Section, ...]:
    """The help of a place: its own actions, those of every place, moving about."""
    own = [action for action in here(situation) if action.places]
    common = [action for action in here(situation) if not action.places]
    sections = [
        Group(title, tuple(_help_field(action, situation) for action in found))
        for title, found in ((situation.screen.place.heading, own), ("Everywhere", common))
        if found
    ]
    moving = tuple(
        Field("  ".join(key_name(key) for key in binding.key.split(",")), binding.description)
        for binding in ListView.BINDINGS
        if isinstance(binding, Binding)
    )
    return (*sections, Group("In a list", moving))


def _help_field(action: Action, situation: Situation) -> Field:
    reason = action.reason_against(situation)
    keys = "  ".join(key_name(key) for key in action.keys)
    if reason is None:
        return Field(keys, action.description)
    return Field(keys, f"{action.description} Not now: {reason}.", Tone.QUIET)
