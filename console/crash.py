"""What happens to an error nobody expected: a short message and an id to the person, the rest to a file.

The file is readable by the operator alone and redacted: no local variables, no message of the server beyond
its first line, no password, token or key.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.settings.locations import state_directory
from db.visible import visible

_MESSAGE_LIMIT = 300
_HIDDEN = "********"

_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    # postgresql://user:password@host
    (re.compile(r"(://[^\s:/@]*:)[^\s@]*@"), rf"\1{_HIDDEN}@"),
    # password=…, PGPASSWORD='…', api_key: …
    (
        re.compile(
            r"(?i)((?:password|passwd|secret|token|api_?key)['\"]?\s*[=:]\s*)('[^']*'|\"[^\"]*\"|\S+)"
        ),
        rf"\1{_HIDDEN}",
    ),
    # Stripe's keys and signing secrets.
    (re.compile(r"\b(?:sk|rk|pk|whsec)_[A-Za-z0-9_]{6,}"), _HIDDEN),
    # JSON Web Tokens.
    (re.compile(r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"), _HIDDEN),
    # E-mail addresses.
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), _HIDDEN),
)


@dataclass(frozen=True)
class CrashReport:
    """A crash as it may be shown.

    Attributes:
        id: Short name to quote in a ticket.
        path: Where the redacted traceback is, None when it could not be written.
        sentence: The message for the person.
    """

    id: str
    path: Path | None
    sentence: str


def report_crash(error: BaseException) -> CrashReport:
    """Write the redacted traceback to a file of mode 0600 and return what to tell the person.

    Args:
        error: What nobody caught.
    """
    crash = f"NC-{secrets.token_hex(4).upper()}"
    try:
        path: Path | None = _write(crash, redacted_traceback(error))
    except OSError:
        path = None
    where = f"details are in {path}" if path is not None else "details could not be written"
    kind = type(error).__name__
    return CrashReport(
        crash, path, f"Something went wrong that nightdesk did not expect ({kind}, {crash}); {where}."
    )


def redacted_traceback(error: BaseException) -> str:
    """Return the traceback of an error and its causes without locals, details of the server and secrets."""
    parts = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(
            f"{frames}{type(current).__module__}.{type(current).__qualname__}: {_message(current)}\n"
        )
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\ncaused the following:\n\n".join(reversed(parts))


def redact(text: str) -> str:
    """Return the text with everything that looks like a secret hidden."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _message(error: BaseException) -> str:
    """First line only: PostgreSQL puts whole rows into the ones that follow."""
    lines = str(error).splitlines()
    return visible(redact(lines[0]), limit=_MESSAGE_LIMIT) if lines else ""


def _write(crash: str, text: str) -> Path:
    directory = state_directory(os.environ) / "crashes"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    moment = datetime.now(UTC)
    path = directory / f"{moment:%Y%m%dT%H%M%SZ}-{crash}.txt"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(
            f"nightdesk crash {crash} at {moment:%Y-%m-%d %H:%M:%S}Z, Python {sys.version.split()[0]}\n\n{text}"
        )
    return path
