"""What every command shares: which database, and the options that recur."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from console.start import Choice
from db.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from db.connection.database import Database

TWO_DATABASES = "--url and --env name two databases; give one of them."

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])


def database_options(function: Command) -> Command:
    """Add --url and --env to a command; `current_choice` then tells what they named."""
    function = click.option(
        "--env", metavar="NAME", expose_value=False, callback=_choose, help="Environment of config.toml."
    )(function)
    return click.option(
        "--url",
        metavar="URL",
        expose_value=False,
        callback=_choose,
        help="Database to open: postgresql://user@host/database.",
    )(function)


def _choose(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Keep what the command line names; what stands after a command's name replaces what stands before."""
    if value is None:
        return
    if context.obj is None or (context.parent is not None and context.obj is context.parent.obj):
        context.obj = Choice()
    setattr(context.obj, str(parameter.name), value)
    before = context.parent.obj if context.parent is not None else None
    if isinstance(before, Choice) and _two_databases(before, context.obj):
        raise ConfigurationError(TWO_DATABASES)


def _two_databases(before: Choice, after: Choice) -> bool:
    """Whether one level names its database by --url and the other by --env: neither is the other's correction."""
    return (before.url is not None and after.env is not None) or (
        before.env is not None and after.url is not None
    )


def current_choice() -> Choice:
    """Return which database the running command line names."""
    return click.get_current_context().find_object(Choice) or Choice()


def connected(
    function: Callable[Concatenate[Database, Parameters], Result],
) -> Callable[Parameters, Result]:
    """Give a command --url and --env, and the opened Database as its first argument.

    Example:
        @click.command("list")
        @json_option
        @connected
        def command(database: Database, as_json: bool) -> None: ...
    """

    @wraps(function)
    def opened(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with current_choice().database() as database:
            return function(database, *args, **kwargs)

    return database_options(opened)


def json_option(function: Command) -> Command:
    """Add --json, passed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(function)


def page_options(function: Command) -> Command:
    """Add --limit and --after, the next page's position as a list prints it."""
    function = click.option("--after", metavar="CURSOR", help="Continue after this position.")(function)
    return click.option(
        "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Rows at most."
    )(function)


def write_options(function: Command) -> Command:
    """Add --reason, --dry-run and --expect, which every command that changes data has."""
    function = click.option(
        "--expect", metavar="HASH", help="Apply only if the plan still has the hash that --dry-run printed."
    )(function)
    function = click.option(
        "--dry-run", is_flag=True, help="Print what would change and its hash; change nothing."
    )(function)
    return click.option(
        "--reason", metavar="TEXT", help="Why; kept in the audit. Required unless --dry-run."
    )(function)


def require_reason(reason: str | None, *, dry_run: bool) -> str:
    """Return the reason of a write.

    Raises:
        UsageError: None was given and this is no dry run.
    """
    if reason is not None and reason.strip():
        return reason.strip()
    if dry_run:
        return ""
    raise UsageError('Every change needs a reason: --reason "ticket 4711: customer asked".')
