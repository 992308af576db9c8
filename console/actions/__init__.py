"""The one registry of actions and the one path by which they run."""

from __future__ import annotations

from console.actions.action import Action, Confirmation, Danger, Shell, Situation
from console.actions.registry import ACTIONS, BY_ID, bindings, help_sections, here, hints, key_name

__all__ = [
    "ACTIONS",
    "BY_ID",
    "Action",
    "Confirmation",
    "Danger",
    "Shell",
    "Situation",
    "bindings",
    "help_sections",
    "here",
    "hints",
    "key_name",
]
