"""Executable checks of a revision: what a runbook writes as prose, as SQL with an expectation.

They live beside each revision in `<revision>_checks.toml`:

    [[check]]
    name = "the enum has its labels"
    phase = "verification"        # or "preflight"
    severity = "must"             # or "should"
    sql = "select …"
    expect = [["none"], ["trial"]]  # exact rows in order, or "no rows", or "at least one"
    why = "…"
    fix = "…"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

import psycopg

from db.errors import ConfigurationError, NotFound
from db.migration.lines import line_of

_STATEMENT_TIMEOUT = "15s"
_SHOWN_ROWS = 20


class Phase(StrEnum):
    """When a check is asked."""

    PREFLIGHT = "preflight"
    VERIFICATION = "verification"


class Severity(StrEnum):
    """Whether a check that does not hold stops the migration."""

    MUST = "must"
    SHOULD = "should"


class Verdict(StrEnum):
    """What came of a check; unknown never counts as pass."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    WARN = "warn"
    UNKNOWN = "unknown"


Row = tuple[object, ...]


@dataclass(frozen=True)
class Check:
    """One declared check.

    Args:
        revision: Whose it is.
        name: What holds when it passes.
        phase: Before or after the revision.
        severity: Whether it must or should hold.
        sql: A query.
        expect: Exact rows in order, or `no rows`, or `at least one`.
        why: Why it matters.
        fix: What to do when it does not hold.
    """

    revision: str
    name: str
    phase: Phase
    severity: Severity
    sql: str
    expect: tuple[Row, ...] | str
    why: str
    fix: str


@dataclass(frozen=True)
class CheckResult:
    """What a database answered to a check.

    Args:
        check: The check.
        verdict: Pass, fail (must), warn (should) or unknown.
        found: The first rows it returned.
        reason: Why it is unknown, or what was expected instead.
    """

    check: Check
    verdict: Verdict
    found: tuple[Row, ...]
    reason: str | None


@cache
def checks_of(revision: str, line: str = "platform") -> tuple[Check, ...]:
    """Return the checks of a revision in file order; none if it has no sidecar.

    Args:
        revision: For example `0005`.
        line: `platform` or `console`.

    Returns:
        The checks.

    Raises:
        ConfigurationError: The sidecar is malformed; names file, check and key.
    """
    path = line_of(line).versions / f"{revision}_checks.toml"
    if not path.exists():
        return ()
    import tomllib

    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("check", [])
    return tuple(_declared(revision, path.name, entry) for entry in entries)


def _declared(revision: str, file: str, entry: dict[str, Any]) -> Check:
    name = str(entry.get("name", "?"))
    try:
        expect = entry["expect"]
        return Check(
            revision=revision,
            name=name,
            phase=Phase(entry["phase"]),
            severity=Severity(entry["severity"]),
            sql=str(entry["sql"]).strip().rstrip(";"),
            expect=_expectation(expect),
            why=str(entry["why"]),
            fix=str(entry["fix"]),
        )
    except (KeyError, ValueError) as error:
        raise ConfigurationError(f"{file}, check {name!r}: {error} is missing or not known.") from error


def _expectation(declared: object) -> tuple[Row, ...] | str:
    if isinstance(declared, list):
        return tuple(tuple(row) if isinstance(row, list) else (row,) for row in declared)
    if declared in {"no rows", "at least one"}:
        return str(declared)
    raise ValueError(f"expect = {declared!r}")


def run_checks(
    connection: psycopg.Connection[Any],
    revision: str,
    phase: Phase | str,
    line: str = "platform",
    schema: str | None = None,
) -> tuple[CheckResult, ...]:
    """Ask a database the checks of one revision; each read-only, with a time limit, on its own.

    Args:
        connection: Any connection outside a transaction; nothing is written.
        revision: Whose checks.
        phase: `preflight` or `verification`.
        line: `platform` or `console`.
        schema: Where the platform's tables live; by default as the connection's search_path says.

    Returns:
        One result a check, in file order.

    Raises:
        NotFound: There is no such revision.
    """
    from db.migration.history import revisions

    if revision not in {each.id for each in revisions(line)}:
        raise NotFound(f"There is no revision {revision!r} in the {line} line.")
    wanted = Phase(phase)
    return tuple(
        _ask(connection, check, schema) for check in checks_of(revision, line) if check.phase is wanted
    )


def _ask(connection: psycopg.Connection[Any], check: Check, schema: str | None) -> CheckResult:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("set transaction read only")
            connection.execute("select set_config('statement_timeout', %s, true)", (_STATEMENT_TIMEOUT,))
            if schema is not None:
                quoted = '"' + schema.replace('"', '""') + '"'
                connection.execute("select set_config('search_path', %s, true)", (quoted,))
            rows = connection.execute(check.sql.encode()).fetchall()
    except psycopg.Error as error:
        if connection.broken:
            raise
        message = error.diag.message_primary or type(error).__name__
        return CheckResult(check, Verdict.UNKNOWN, (), f"could not be asked: {message}")
    found = tuple(tuple(_plain(value) for value in row) for row in rows)
    if _holds(check.expect, found):
        return CheckResult(check, Verdict.PASS, found[:_SHOWN_ROWS], None)
    verdict = Verdict.FAIL if check.severity is Severity.MUST else Verdict.WARN
    return CheckResult(check, verdict, found[:_SHOWN_ROWS], f"expected {_said(check.expect)}")


def _holds(expect: tuple[Row, ...] | str, found: Sequence[Row]) -> bool:
    if expect == "no rows":
        return not found
    if expect == "at least one":
        return bool(found)
    return tuple(found) == expect


def _plain(value: object) -> object:
    """Bring a value to what TOML can write: text, whole number, fraction, truth."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if isinstance(value, (bool, int, float, str)) else "" if value is None else str(value)


def _said(expect: tuple[Row, ...] | str) -> str:
    if isinstance(expect, str):
        return expect
    return "; ".join(", ".join(map(str, row)) for row in expect) or "no rows"
