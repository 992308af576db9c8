"""The floor of every start: a Textual app with nothing in it."""

from __future__ import annotations

from typing import Any

from textual.app import App

if __name__ == "__main__":
    App[Any]().run()
