"""What an action is: one thing an operator can do, described once for keys, footer, help and audit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from db.verb import Verb
from screens.desk import Desk
from screens.place_screen import PlaceScreen
from screens.places import Place

if TYPE_CHECKING:
    from db.operators.rights import Write
    from screens.confirm import Confirm


MACHINES = frozenset({"worker"})


class Scope(StrEnum):
    """Over what an action's keys work."""

    PLACE = "its place, unless a dialog or an input has the keys"
    ALWAYS = "any place, dialog and input"
    RECEIPT = "the receipt of a change that was just made"


class Shell(Protocol):
    """What actions ask of the app."""

    def go(self, place: Place) -> None:
        """Show a place as it was left."""
        ...

    def show_help(self) -> None:
        """Show the keys that work now."""
        ...

    def leave(self) -> None:
        """End the console."""
        ...

    def interrupt(self) -> None:
        """End the console when asked twice in a row."""
        ...

    def suspend_console(self) -> None:
        """Give the terminal back to the shell for a while."""
        ...

    def switch_looks(self) -> None:
        """Change between dark and light."""
        ...

    def say(self, sentence: str) -> None:
        """Tell the operator something on the status line."""
        ...


@dataclass(frozen=True)
class Situation:
    """Where the operator is when an action is considered.

    Args:
        shell: The app.
        desk: The database and what is known about it.
        screen: The place on screen.
        receipt: The dialog over it that shows the receipt of a change, if one does.
    """

    shell: Shell
    desk: Desk
    screen: PlaceScreen
    receipt: Confirm | None = None


@dataclass(frozen=True)
class Right:
    """A right to write, as db.operators declares and the database grants it."""

    table: str
    verb: Verb
    columns: tuple[str, ...] = ()


def roles_with(needs: tuple[Right, ...]) -> frozenset[str]:
    """The roles that hold all of these rights."""
    # The first picture asks for none of them, and does not wait for them.
    from db.operators.rights import RIGHTS, Role

    able = frozenset(Role)
    for need in needs:
        writes = RIGHTS[need.table].writes if need.table in RIGHTS else ()
        able &= {role for write in writes if _covers(write, need) for role in write.roles}
    return frozenset(role.value for role in able)


def _covers(write: Write, need: Right) -> bool:
    from db.operators.rights import EVERY_COLUMN

    return write.verb is need.verb and (
        write.columns == EVERY_COLUMN or set(need.columns) <= set(write.columns)
    )


def _always(_situation: Situation) -> None:
    return None


def _none(_situation: Situation) -> tuple[Right, ...]:
    return ()


@dataclass(frozen=True)
class Action:
    """One thing an operator can do.

    Args:
        id: Stable name: of the binding, in keymaps, and for writes in the audit.
        title: A word or two for the footer.
        description: A sentence for the help.
        keys: Keys in Textual's names; the first is the one shown.
        run: Does it.
        places: Where it exists; empty for everywhere.
        needs: Rights it needs; the roles that hold them follow from db.operators, and PostgreSQL checks again.
        needs_here: Rights that it needs besides, which follow from what is on screen.
        writes: Whether it changes data: it asks for rights, and shows the change and asks for a reason before.
        why_not: Why it is not possible just now, or None.
        shown: Whether the footer has room for it.
        scope: Over what its keys work.
    """

    id: str
    title: str
    description: str
    keys: tuple[str, ...]
    run: Callable[[Situation], Awaitable[None] | None]
    places: frozenset[Place] = frozenset()
    needs: tuple[Right, ...] = ()
    needs_here: Callable[[Situation], tuple[Right, ...]] = _none
    writes: bool = False
    why_not: Callable[[Situation], str | None] = _always
    shown: bool = True
    scope: Scope = Scope.PLACE

    def exists_at(self, place: Place) -> bool:
        """Whether the action belongs to a place."""
        return not self.places or place in self.places

    def exists_in(self, situation: Situation) -> bool:
        """Whether its keys are taken in a situation."""
        if self.scope is Scope.RECEIPT and situation.receipt is None:
            return False
        return self.exists_at(situation.screen.place)

    def reason_against(self, situation: Situation) -> str | None:
        """Why the action is not possible now, the most lasting reason first; None when it is."""
        if self.writes:
            known = situation.desk.known
            if known is None:
                return "the database has not answered yet"
            if known.read_only is not None:
                return known.read_only
            able = roles_with((*self.needs, *self.needs_here(situation)))
            if not known.facts.is_superuser and not able & known.facts.roles:
                return f"it needs the role {' or '.join(sorted(able - MACHINES))}"
        return self.why_not(situation)
