"""Values from the database as styled text for widgets: never markup, what was spelled out stands apart."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from db.visible import visible_parts

ALTERED: Final = "$warning italic"
"""Style of spelled-out characters, so that a real ESC differs from a value that contains the letters \\x1b."""


def plain(value: object, style: str = "", *, limit: int | None = None, ascii_only: bool = False) -> Content:
    """Return any value as Content that a widget may show; nothing in it acts, links or hides.

    Args:
        value: Anything that came from a database, a file, an error or the operator.
        style: Textual style for the ordinary parts.
        limit: Characters of the value that are shown.
        ascii_only: Spell out everything beyond ASCII.
    """
    return Content.assemble(
        *(
            (part.text, ALTERED if part.altered else style)
            for part in visible_parts(value, limit=limit, ascii_only=ascii_only)
        )
    )
