"""The command `nightdesk`: its subcommands by name, each imported only when it runs."""

from __future__ import annotations

import gc
import importlib
import importlib.util
from dataclasses import dataclass

import click

from console.cli.context import current_choice, database_options
from console.start import open_console


@dataclass(frozen=True)
class Subcommand:
    """Where a subcommand lives.

    Attributes:
        module: Module of console.cli.
        summary: Line of `nightdesk --help`, here so that help imports nothing.
        attribute: Name of the click command in the module.
    """

    module: str
    summary: str
    attribute: str = "command"


SUBCOMMANDS: dict[str, Subcommand] = {
    "approvals": Subcommand(
        "approvals", "Changes that wait for a second operator: list, show, approve, reject."
    ),
    "audit": Subcommand("audit", "Who did what: list, show, verify, export."),
    "clients": Subcommand("clients", "Clients and their billing flags."),
    "demo": Subcommand("demo", "Open the console on a database of its own."),
    "doctor": Subcommand("doctor", "What this database, login and terminal support, and why not."),
    "environments": Subcommand("environments", "Databases named in config.toml."),
    "install": Subcommand("install", "Install the schema nightdesk: operators, changes, audit."),
    "jobs": Subcommand("jobs", "The job queue."),
    "migrations": Subcommand("migrations", "Where the schema stands."),
    "operators": Subcommand("operators", "Who may do what: list, add, remove."),
    "reservations": Subcommand("reservations", "Reserved user names: list, show, extend."),
    "resolve": Subcommand("resolve", "What became of an operation after a lost connection."),
    "sessions": Subcommand("sessions", "Sessions and the token blacklist."),
    "undo": Subcommand("undo", "Take an operation back."),
    "uninstall": Subcommand("install", "Remove the schema nightdesk and nothing else.", "uninstall"),
    "webhooks": Subcommand("webhooks", "Stripe webhook events."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one of them only."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names whose modules are part of this installation."""
        return [name for name, entry in SUBCOMMANDS.items() if _installed(entry)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; None for a name we do not have."""
        entry = SUBCOMMANDS.get(cmd_name)
        if entry is None or not _installed(entry):
            return None
        found = getattr(importlib.import_module(f"console.cli.{entry.module}"), entry.attribute, None)
        # Off since the start: see console.__main__.
        gc.enable()
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the registry, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUBCOMMANDS[name].summary) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@database_options
@click.version_option(package_name="nightdesk", message="nightdesk %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Operator console for a SaaS platform on PostgreSQL.

    Without a command it opens the console on the database that --url, --env, NIGHTDESK_URL, DATABASE_URL
    (or .env), or libpq's variables name. `nightdesk demo` opens it on a database of its own.

    Exit codes: 0 done, 1 refused by the state of the data, 2 usage or configuration, 3 permission,
    4 unreachable, 5 outcome unknown (ask `nightdesk resolve`), 70 a bug of nightdesk.
    """
    if ctx.invoked_subcommand is None:
        ctx.exit(open_console(current_choice()))


def _installed(entry: Subcommand) -> bool:
    return importlib.util.find_spec(f"console.cli.{entry.module}") is not None
