"""The two lines of migrations: the platform's schema and the console's own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from db.errors import UsageError


@dataclass(frozen=True)
class Line:
    """One chain of revisions with its own version table.

    Args:
        name: `platform` or `console`.
        schema: The home schema: what its revisions create unqualified lands there, the version table too.
        path: Further schemas on the search_path.
        directory: Script location.
    """

    name: str
    schema: str
    path: tuple[str, ...]
    directory: Path

    @property
    def versions(self) -> Path:
        """Return the directory of its revisions."""
        return self.directory / "versions"


def line_of(name: str, schema: str = "public") -> Line:
    """Return a line by name.

    Args:
        name: `platform` or `console`.
        schema: Where the platform's tables live.

    Returns:
        The line.

    Raises:
        UsageError: There is no such line.
    """
    root = Path(str(resources.files("migrations")))
    if name == "platform":
        return Line(name, schema, (), root / "platform")
    if name == "console":
        return Line(name, "nightdesk", (schema,), root / "console")
    raise UsageError(f"There is no line of migrations named {name!r}: choose platform or console.")
