"""The two lines on top of every screen: where am I, who am I, may I write; and the places to go."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from db.connection.environment import Environment
from db.connection.server import ServerFacts
from db.visible import visible
from screens.desk import Desk
from screens.places import Place

NOT_CONNECTED = "not connected"
_SEPARATOR = " · "
_RANKS = ("dba", "oncall", "support", "worker", "viewer")


def badge(environment: Environment) -> str:
    """The kind of environment in words, with its name: meaning never hangs on the colour alone."""
    kind, name = environment.kind.value.upper(), visible(environment.name, limit=24)
    if environment.name == "unknown":
        return "UNKNOWN, AS PRODUCTION"
    return kind if name.upper() == kind else f"{kind} {name}"


def role_words(facts: ServerFacts) -> str:
    """The operator's nightdesk roles, strongest first; every role includes what a viewer may."""
    if facts.is_superuser:
        return "superuser"
    held = [rank for rank in _RANKS if rank in facts.roles]
    return "+".join(rank for rank in held if rank != "viewer" or len(held) == 1) or "no nightdesk role"


def identity(facts: ServerFacts | None, read_only: bool, width: int) -> str:
    """Database, host, role, access and operator as the server reports them, what matters least left out first."""
    if facts is None:
        return "connecting…"
    may_write = facts.is_superuser or not facts.roles <= {"viewer"}
    access = "READ-ONLY" if read_only or not may_write else "read-write"
    words = [
        visible(f"{facts.database}@{facts.host}", limit=60),
        role_words(facts),
        access,
        f"as {visible(facts.session_user, limit=40)}",
        f"PostgreSQL {facts.version_text}",
    ]
    while len(words) > 3 and cell_len(_SEPARATOR.join(words)) > width:
        words.pop()
    surplus = cell_len(_SEPARATOR.join(words)) - width
    if surplus > 0:
        # Role and access are never cut: the place gives way, and keeps its beginning.
        words[0] = words[0][: max(1, len(words[0]) - surplus - 1)] + "…"
    return _SEPARATOR.join(words)


class Masthead(Widget):
    """Identity and places; repainted only when one of them changes.

    Args:
        desk: What is known about the database.
        place: The place of the screen.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "masthead--production",
        "masthead--staging",
        "masthead--development",
        "masthead--identity",
        "masthead--place",
        "masthead--here",
    }

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__()
        self._desk = desk
        self._place = place
        self._refused = False

    def connected(self, answered: bool) -> None:
        """Take in whether the database answered the last time it was asked."""
        self._refused = not answered
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one of the two lines; called by the compositor."""
        width = self.size.width
        segments = self._identity(width) if y == 0 else self._places(width)
        return Strip(segments).adjust_cell_length(width, self.get_component_rich_style("masthead--identity"))

    def _identity(self, width: int) -> list[Segment]:
        environment = self._desk.database.target.environment
        label = f" {badge(environment)} "
        known = self._desk.known
        facts = known.facts if known else None
        text = (
            NOT_CONNECTED
            if facts is None and self._refused
            else identity(
                facts, known is not None and known.read_only is not None, width - cell_len(label) - 1
            )
        )
        return [
            Segment(label, self.get_component_rich_style(f"masthead--{environment.kind.value}")),
            Segment(f" {text}", self.get_component_rich_style("masthead--identity")),
        ]

    def _places(self, width: int) -> list[Segment]:
        whole = sum(len(place.heading) + 4 for place in Place)
        gap = " " if width >= whole + len(Place) else ""
        segments = []
        for place in Place:
            here = place is self._place
            name = f"{place.key} {place.heading}" if here or width >= whole else place.key
            # Brackets say where we are on a terminal without colours, too.
            label = f"[{name}]" if here else f" {name} "
            style = "masthead--here" if here else "masthead--place"
            segments.append(Segment(label, self.get_component_rich_style(style)))
            segments.append(Segment(gap, self.get_component_rich_style("masthead--place")))
        return segments
