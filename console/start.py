"""The console's way in: which database was named, whether there is a terminal, then the picture.

Free of click, so that a command line that only names a database need not load it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.settings.locations import config_file
from console.terminal import current_terminal
from db.errors import UsageError

if TYPE_CHECKING:
    from db.connection.database import Database
    from db.connection.target import Target


@dataclass
class Choice:
    """Which database the command line names; kept as the click context's object.

    Attributes:
        url: Value of --url, wherever on the line it stood.
        env: Value of --env.
    """

    url: str | None = None
    env: str | None = None

    def target(self) -> Target:
        """Decide which database that is.

        Raises:
            ConfigurationError: Nothing names a database, or what names it is wrong.
        """
        from db.connection.target import resolve_target

        return resolve_target(
            url=self.url, env=self.env, environ=os.environ, cwd=Path.cwd(), config=config_file(os.environ)
        )

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Open the database for the length of a command."""
        from db.connection.database import Database

        with Database(self.target(), screen="cli") as database:
            yield database


def bare_choice(arguments: Sequence[str]) -> Choice | None:
    """Read a command line that names a database and nothing else; None for any other, which click reads.

    Args:
        arguments: What follows the program's name.
    """
    match arguments:
        case []:
            return Choice()
        case ["--url", url] if not url.startswith("-"):
            return Choice(url=url)
        case ["--env", env] if not env.startswith("-"):
            return Choice(env=env)
        case _:
            return None


def open_console(choice: Choice) -> int:
    """Draw the console on the chosen database and return its exit code.

    Raises:
        UsageError: There is no terminal to draw on; the sentence names the commands.
        ConfigurationError: Nothing names a database.
    """
    require_terminal()
    target = choice.target()
    from console import app

    return app.run(target)


def require_terminal() -> None:
    """Make sure that the console can be drawn.

    Raises:
        UsageError: It cannot; the sentence says why and names the commands that do the same.
    """
    refusal = current_terminal(os.environ).refusal
    if refusal is not None:
        raise UsageError(
            f"The console needs a terminal ({refusal}). Every screen is also a command, for example "
            "`nightdesk reservations list` or `nightdesk webhooks list --json`; see `nightdesk --help`."
        )
