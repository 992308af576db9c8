"""`nightdesk operators`: who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import connected, json_option
from console.cli.output import emit_json, emit_table, say
from db.roles import Role

if TYPE_CHECKING:
    from db.connection.database import Database


@click.group()
def command() -> None:
    """Who may do what: list, add, remove."""


@command.command("list")
@json_option
@connected
def list_operators(database: Database, as_json: bool) -> None:
    """List everyone who holds a console role."""
    from db.operators import listing

    with database.reading() as connection:
        people = listing(connection)
    if as_json:
        emit_json(people)
        return
    emit_table(
        ("name", "roles", "may log in", "added", "by", "remark"),
        (
            (
                person.name,
                person.roles,
                person.login,
                person.added_at,
                person.added_by,
                "superuser: passes every check"
                if person.superuser
                else ""
                if person.known
                else "granted by hand",
            )
            for person in people
        ),
    )


@command.command("add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), required=True, help="Group role to give."
)
@connected
def add_operator(database: Database, name: str, role: str) -> None:
    """Give NAME a console role; the login is created (without a password) if it does not exist."""
    from db.operators import add

    with database.writing() as connection:
        created = add(connection, name, role)
    say(f"{name} is {role}" + (f"; set a password with \\password {name} in psql" if created else ""))


@command.command("remove")
@click.argument("name")
@connected
def remove_operator(database: Database, name: str) -> None:
    """Take every console role from NAME; the login and the name in the audit stay."""
    from db.operators import remove

    with database.writing() as connection:
        held = remove(connection, name)
    say(f"{name} is no longer {', '.join(held)}")
