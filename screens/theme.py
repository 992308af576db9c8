"""The looks of nightdesk: calm, few colours, each of them with a meaning; dark and light."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

_SHARED: Final = {
    "block-cursor-text-style": "none",
    "button-focus-text-style": "reverse",
    "input-cursor-text-style": "reverse",
}

DARK: Final = Theme(
    name="nightdesk-dark",
    dark=True,
    primary="#7ba6cf",
    secondary="#8f9bb3",
    accent="#b9a3d6",
    warning="#d9b36c",
    error="#e08080",
    success="#8dbb8d",
    foreground="#cfd4db",
    background="#15181c",
    surface="#1b1f25",
    panel="#23282f",
    variables={
        **_SHARED,
        "quiet": "#8b93a1",
        "cursor-background": "#2b435c",
        "cursor-foreground": "#f1f4f8",
        "idle-background": "#2a3038",
        "kind-production": "#a83a3a",
        "kind-staging": "#8a6a1f",
        "kind-development": "#2f6b4a",
        "kind-foreground": "#ffffff",
    },
)

LIGHT: Final = Theme(
    name="nightdesk-light",
    dark=False,
    primary="#265a8c",
    secondary="#56606f",
    accent="#6b4a9c",
    warning="#8a5a00",
    error="#a82a2a",
    success="#2c6b39",
    foreground="#24282e",
    background="#fbfaf7",
    surface="#f2f1ec",
    panel="#e6e4dc",
    variables={
        **_SHARED,
        "quiet": "#646b76",
        "cursor-background": "#c9dcef",
        "cursor-foreground": "#10151b",
        "idle-background": "#e3e1d9",
        "kind-production": "#a82a2a",
        "kind-staging": "#8a5a00",
        "kind-development": "#2c6b39",
        "kind-foreground": "#ffffff",
    },
)

THEMES: Final = (DARK, LIGHT)
