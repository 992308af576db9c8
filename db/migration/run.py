"""Upgrading and downgrading a database along one line."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from db.errors import NightdeskError, PermissionDenied, Refused, Unreachable, UsageError
from db.migration.lines import Line, line_of
from db.migration.locks import LockRefused, patiently

Progress = Callable[[str], None]


def upgrade(
    conninfo: str,
    line: str = "platform",
    target: str = "head",
    progress: Progress | None = None,
    *,
    schema: str = "public",
    wait_seconds: float = 60.0,
    lock_timeout: str = "4s",
) -> None:
    """Bring a database forward.

    A database that has the line's objects but no version row (restored, built by hand, stopped before the row
    was written) is compared with every revision first; the one it matches is stamped, nothing is built twice.

    Args:
        conninfo: libpq keywords or URL.
        line: `platform` or `console`.
        target: Revision or `head`.
        progress: Receives one line an event.
        schema: Where the platform's tables live.
        wait_seconds: How long to wait for another migration of the same database.
        lock_timeout: How long a statement may wait for a table, and others behind it.

    Raises:
        Refused: An object exists with another definition, a lock was not granted, another migration runs.
        PermissionDenied: The role may not change the schema.
        Unreachable: No connection.
    """
    if line == "platform":
        from db.migration.stamp import stamp_if_present

        _guarded(
            lambda: stamp_if_present(conninfo, schema=schema, progress=progress, wait_seconds=wait_seconds)
        )
    _run(conninfo, line_of(line, schema), command.upgrade, target, progress, wait_seconds, lock_timeout)


def downgrade(
    conninfo: str,
    line: str = "platform",
    target: str = "base",
    progress: Progress | None = None,
    *,
    schema: str = "public",
    wait_seconds: float = 60.0,
    lock_timeout: str = "4s",
) -> None:
    """Take a database back; data of the objects that go is lost.

    Args:
        conninfo: libpq keywords or URL.
        line: `platform` or `console`.
        target: Revision or `base`.
        progress: Receives one line an event.
        schema: Where the platform's tables live.
        wait_seconds: How long to wait for another migration of the same database.
        lock_timeout: How long a statement may wait for a table, and others behind it.

    Raises:
        Refused: Something depends on an object that goes, or a lock was not granted.
    """
    _run(conninfo, line_of(line, schema), command.downgrade, target, progress, wait_seconds, lock_timeout)


def upgrade_sql(line: str = "platform", target: str = "head", *, schema: str = "public") -> str:
    """Return the SQL of an upgrade from nothing, for reading; it inspects no database.

    Args:
        line: `platform` or `console`.
        target: Revision or `head`.
        schema: Where the platform's tables live.

    Returns:
        The script.
    """
    written = io.StringIO()
    config = configuration(line_of(line, schema), schema=schema)
    config.output_buffer = written
    command.upgrade(config, target, sql=True)
    return written.getvalue()


def check(conninfo: str, line: str, metadata: Any, *, schema: str = "public") -> None:
    """Compare the declared models of a line with a database, as `alembic check` does.

    Args:
        conninfo: A database at head.
        line: `platform` or `console`.
        metadata: The line's MetaData.
        schema: Where the platform's tables live.

    Raises:
        Refused: They differ; lists the operations that would bring the database to the models.
    """
    chosen = line_of(line, schema)
    config = configuration(chosen, conninfo=conninfo, metadata=metadata, schema=schema)
    _guarded(lambda: command.check(config))


def configuration(line: Line, **attributes: Any) -> Config:
    """Make Alembic's configuration of a line without an ini file.

    Args:
        line: The line.
        attributes: What the environment reads (conninfo, report, metadata, …).

    Returns:
        The configuration.
    """
    config = Config()
    config.set_main_option("script_location", str(line.directory).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config


def _run(
    conninfo: str,
    line: Line,
    act: Callable[[Config, str], None],
    target: str,
    progress: Progress | None,
    wait_seconds: float,
    lock_timeout: str,
) -> None:
    def report(text: str) -> None:
        if progress is not None:
            progress(text)

    def applied(*, step: Any, **_: Any) -> None:
        direction = "applied" if step.is_upgrade else "taken back"
        report(f"{step.up_revision_id} {step.up_revision.doc.rstrip('.')}: {direction}")

    config = configuration(
        line,
        conninfo=conninfo,
        schema=line.schema if line.name == "platform" else line.path[0],
        report=report,
        on_version_apply=applied,
        wait_seconds=wait_seconds,
        lock_timeout=lock_timeout,
    )
    patiently(lambda: _guarded(lambda: act(config, target)), report)


def _guarded(act: Callable[[], object]) -> None:
    """Run, and turn what Alembic and the driver raise into sentences."""
    try:
        act()
    except NightdeskError:
        raise
    except CommandError as error:
        raise (UsageError if "locate revision" in str(error) else Refused)(f"Alembic: {error}") from error
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg.Error):
            raise
        raise _sentence(error.orig) from error
    except psycopg.Error as error:
        raise _sentence(error) from error


def _sentence(error: psycopg.Error) -> NightdeskError:
    message = error.diag.message_primary or str(error).splitlines()[0]
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return LockRefused(
            f"Another session held a table for longer than lock_timeout ({message}). The revision was rolled back; "
            "what was built outside its transaction stays and is used by the next run. Try again when it is quiet."
        )
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return PermissionDenied(
            f"This role may not change the schema: {message}. Use the tables' owner (migrate_url)."
        )
    if isinstance(error, psycopg.errors.DependentObjectsStillExist):
        return Refused(
            f"Something that is not ours depends on what would go: {error.diag.message_detail or message}"
        )
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return Unreachable(f"The database cannot be reached: {message}")
    return Refused(
        f"The server refused: {message} [{error.sqlstate}]. The revision was rolled back to its last safe point; "
        "running the upgrade again continues there."
    )
