"""The one registry of actions and the one path by which they run."""

from __future__ import annotations

from console.actions.action import Action, Scope, Shell, Situation
from console.actions.registry import (
    ACTIONS,
    BY_ID,
    bindings,
    help_sections,
    here,
    hints,
    key_name,
    undo_offer,
)

__all__ = [
    "ACTIONS",
    "BY_ID",
    "Action",
    "Scope",
    "Shell",
    "Situation",
    "bindings",
    "help_sections",
    "here",
    "hints",
    "key_name",
    "undo_offer",
]
