"""What a mutant is: one guard, gone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A change that removes one guard.

    Args:
        name: What is gone.
        file: The file that holds the guard, from the project's root.
        guard: Its text; it stands in the file exactly once.
        replacement: What stands there instead.
        test: The test that must fail, as pytest names it.
    """

    name: str
    file: str
    guard: str
    replacement: str
    test: str
