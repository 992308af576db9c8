"""Paths of the operator's machine, each with a variable that moves it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

APPLICATION = "nightdesk"


def config_file(environ: Mapping[str, str]) -> Path:
    """Return the path of config.toml: NIGHTDESK_CONFIG, else nightdesk/ in the user's configuration.

    On macOS as well as on Linux that is ~/.config, where people look for the files of a terminal program.
    """
    chosen = environ.get("NIGHTDESK_CONFIG")
    if chosen:
        return Path(chosen)
    base = environ.get("XDG_CONFIG_HOME") or ""
    directory = (
        Path(base) if base.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".config"
    )
    return directory / APPLICATION / "config.toml"


def state_directory(environ: Mapping[str, str]) -> Path:
    """Return where crash reports and logs go: NIGHTDESK_STATE, else the user's state directory."""
    chosen = environ.get("NIGHTDESK_STATE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_state_path

    return user_state_path(APPLICATION, appauthor=False)
