"""config.toml: the operator's environments, read strictly; a bad file says file, key and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from db.connection.environment import Environment, Kind, StripeMode
from db.connection.secret import Secret
from db.errors import ConfigurationError
from db.visible import visible

COLOURS = ("red", "yellow", "green", "blue", "magenta", "cyan", "grey")

_Choice = TypeVar("_Choice", bound=StrEnum)


class _Entry:
    """One [environments.NAME] table that answers typed questions and knows how to complain."""

    def __init__(self, file: Path, name: str, table: dict[str, object]) -> None:
        self._file = file
        self._name = name
        self._table = table

    def text(self, key: str) -> str | None:
        """Return a string, or None where the key is absent."""
        value = self._table.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "a text in quotes")
        return value

    def secret(self, key: str) -> Secret | None:
        """Return an address, or None where the key is absent."""
        value = self.text(key)
        if value is not None and "://" not in value:
            raise self.wrong(key, "a URL such as postgresql://user@host/database")
        return None if value is None else Secret(value)

    def switch(self, key: str) -> bool:
        """Return true or false; absent means false."""
        value = self._table.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def choice(self, key: str, choices: type[_Choice]) -> _Choice | None:
        """Return a member of an enum, or None where the key is absent."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return choices(value)
        except ValueError:
            raise self.wrong(key, _either(member.value for member in choices)) from None

    def wrong(self, key: str, expected: str) -> ConfigurationError:
        """Build the error for a key; the value is never quoted, it may be a password."""
        return ConfigurationError(
            f"{self._file}: environments.{visible(self._name)}.{key} must be {expected}."
        )


_KEYS = frozenset(
    {"url", "service", "kind", "colour", "read_only", "replica_url", "migrate_url", "stripe_mode"}
)


def read_environments(file: Path) -> tuple[Environment, ...]:
    """Read every environment of a config.toml, in the order of the file.

    Args:
        file: The file; an absent one means no environments.

    Raises:
        ConfigurationError: The file cannot be read or says something we do not understand.
    """
    import tomllib

    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except NotADirectoryError:
        return ()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The parser's message names line and column, never the text.
        raise ConfigurationError(f"{file} is not valid TOML: {visible(str(error), limit=200)}.") from error
    _refuse_unknown(file, "", document, {"environments"})
    environments = document.get("environments", {})
    if not isinstance(environments, dict):
        raise ConfigurationError(f"{file}: environments must be tables, written as [environments.NAME].")
    return tuple(_environment(file, name, table) for name, table in environments.items())


def _environment(file: Path, name: str, table: object) -> Environment:
    if not isinstance(table, dict):
        raise ConfigurationError(
            f"{file}: environments.{visible(name)} must be a table, written as [environments.{visible(name)}]."
        )
    _refuse_unknown(file, f"environments.{visible(name)}.", table, _KEYS)
    entry = _Entry(file, name, table)
    url, service = entry.secret("url"), entry.text("service")
    if (url is None) == (service is None):
        raise ConfigurationError(
            f"{file}: environments.{visible(name)} must have either url or service (a libpq service)."
        )
    colour = entry.text("colour")
    if colour is not None and colour not in COLOURS:
        raise entry.wrong("colour", _either(COLOURS))
    stated = entry.text("kind")
    known = stated in {kind.value for kind in Kind}
    return Environment(
        name=name,
        url=url,
        service=service,
        kind=Kind(stated) if stated is not None and known else Kind.PRODUCTION,
        colour=colour,
        read_only=entry.switch("read_only"),
        replica_url=entry.secret("replica_url"),
        migrate_url=entry.secret("migrate_url"),
        stripe_mode=entry.choice("stripe_mode", StripeMode),
        stated_kind=None if known else stated,
    )


def _refuse_unknown(file: Path, prefix: str, table: dict[str, object], known: Iterable[str]) -> None:
    known = sorted(known)
    for key in table:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}."
            raise ConfigurationError(
                f"{file}: {prefix}{visible(key)} is not a key that nightdesk knows; {hint}"
            )


def _either(values: Iterable[str]) -> str:
    *rest, last = values
    return f"{', '.join(rest)} or {last}"
