r"""Texts that attack or break a careless terminal program, as they reach a platform through its sign-up form.

Written with escapes only: this file holds no control, invisible or reordering character, so that reading it is
harmless. Nothing here holds NUL, which PostgreSQL's text cannot store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ESC: Final = "\x1b"
BEL: Final = "\x07"
ST: Final = ESC + "\\"

CLIPBOARD: Final = f"Bob{ESC}]52;c;cm0gLXJmIC8={BEL}"
"""OSC 52 writes `rm -rf /` into the operator's clipboard."""
CLIPBOARD_ST: Final = f"Bob{ESC}]52;c;cm0gLXJmIC8={ST}"
TITLE: Final = f"Eve{ESC}]0;root@production{BEL}"
"""Renames the terminal's window."""
HYPERLINK: Final = f"{ESC}]8;;https://evil.example{ST}click me{ESC}]8;;{ST}"
COLOUR: Final = f"{ESC}[31mRed{ESC}[0m"
CLEAR_SCREEN: Final = f"Gone{ESC}[2J{ESC}[H"
LEAVE_ALTERNATE_SCREEN: Final = f"Out{ESC}[?1049l"
ANSWER_BACK: Final = f"Tell{ESC}[c{ESC}[5n{ESC}[>q"
"""Makes the terminal answer, and the answer arrives as keys pressed."""
DEVICE_CONTROL: Final = f"Dcs{ESC}P$qm{ST}"
SHIFT_OUT: Final = "Shift\x0ein\x0f"
RESET: Final = f"Reset{ESC}c"
C1_CSI: Final = "C1\x9b31mred"
C1_OSC: Final = "C1\x9d0;owned\x9c"
BACKSPACES: Final = "admin\x08\x08\x08\x08\x08guest"
CARRIAGE_RETURN: Final = "real user\rFAKE ROW"
NEWLINES: Final = "first line\nsecond\n\nthird"
TABS: Final = "a\tb\t\tc"
DELETE: Final = "del\x7fete"

BIDI_OVERRIDE: Final = "invoice\u202egpj.exe"
BIDI_ISOLATE: Final = "\u2067admin\u2069 \u2066user\u2069"
ZERO_WIDTH: Final = "pay\u200bpal\u200c\u200d\u2060\ufeff"
TAG_CHARACTERS: Final = "hi\U000e0068\U000e0069\U000e007f"
LINE_SEPARATORS: Final = "one\u2028two\u2029three\x85four"
BLANKS: Final = "\u3164\u2800\u115f\u00a0"
"""Letters that look like nothing at all."""
LOOK_ALIKE: Final = "\u0430dm\u0456n"
"""`admin` with two Cyrillic letters."""
COMBINING: Final = "Z" + "\u0301\u0302\u0303\u0334\u0335" * 12
JOINED_EMOJI: Final = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f44d\U0001f3fd"
WIDE: Final = "\u5f20\u4f1f \uff21\uff22\uff23 \ud55c\uae00"
ARABIC: Final = "\u0645\u062d\u0645\u062f \u0639\u0644\u064a"

MARKUP_ACTION: Final = "[@click=app.quit]x[/]"
MARKUP_CLOSING: Final = "[/]"
MARKUP_BROKEN: Final = "[bold][/red][$error]"
MARKUP_LINK: Final = "[link=https://evil.example]free credits[/link]"
FORMULA: Final = "=cmd|'/C calc'!A0"
"""A formula for whoever opens the export in a spreadsheet."""
SQL_QUOTES: Final = "Robert'); drop table users;--"
FORMAT_SIGNS: Final = "%s %(name)s {0} {name} %%"
SHELL: Final = "$(reboot) `reboot` ; reboot"
HTML: Final = "<script>alert(1)</script>"
BACKSLASHES: Final = "C:\\new\\table\\x1b[31m"
"""Only looks like an escape sequence."""
HUGE: Final = "\u00e9A" * 10_000
LONG_WORD: Final = "W" * 400
SPACES: Final = "   "
EMPTY: Final = ""

TEXTS: Final[Mapping[str, str]] = {
    name: value
    for name, value in globals().items()
    if name.isupper() and isinstance(value, str) and name not in {"ESC", "BEL", "ST"}
}
"""Every text by its name."""
