"""`nightdesk install` and `nightdesk uninstall`: the schema nightdesk beside a platform, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import connected
from console.cli.output import remark, say

if TYPE_CHECKING:
    from db.connection.database import Database


@click.command("install")
@click.option("--dry-run", is_flag=True, help="Print the SQL; change nothing.")
@connected
def command(database: Database, dry_run: bool) -> None:
    """Install the schema nightdesk: operators, changes, audit.

    Run it as the owner of the platform's tables; run it again after migrations, to cover new tables. Nothing in
    the platform's own schema changes but grants and policies named nightdesk_*.
    """
    from db.operators import install
    from db.operators.installation import installation_sql

    target = database.target
    if dry_run:
        with database.reading() as connection:
            script = installation_sql(connection, target.schema)
        # The names of tables and columns come from the database.
        for line in script.split("\n"):
            say(line)
        return
    with database.writing():  # refuses a read-only environment before anything starts
        pass
    install(target.conninfo.reveal(), target.schema, remark)
    say("The schema nightdesk is installed. Add people with `nightdesk operators add NAME --role support`.")


@click.command("uninstall")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected
def uninstall(database: Database, yes: bool) -> None:
    """Remove the schema nightdesk, its policies, grants and roles, and nothing else.

    The audit goes with it: export it first (`nightdesk audit export`).
    """
    from db.operators import uninstall as remove_everything

    name = database.facts.database
    if not yes:
        typed = click.prompt(
            f"This removes the audit too. Type the database's name ({name}) to go on", err=True
        )
        if typed != name:
            raise click.Abort
    with database.writing() as connection:
        kept = remove_everything(connection, remark)
    for sentence in kept:
        say(sentence)
    say("The schema nightdesk is gone; the platform's tables are as they were.")
