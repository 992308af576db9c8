"""`nightdesk operators`: who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.context import connected, json_option
from console.cli.output import emit_json, emit_table, say
from db.errors import PermissionDenied, Refused
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

    _assert_installed(database)
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
    from db.operators import add, listing

    _assert_installed(database)
    try:
        with database.writing() as connection:
            created = add(connection, name, role)
            held = next((person.roles for person in listing(connection) if person.name == name), ())
    except PermissionDenied as error:
        raise PermissionDenied(_whom_to_ask(database, role)) from error
    roles = ", ".join(each.value for each in held) or role
    say(f"{name} is {roles}" + (f"; set a password with \\password {name} in psql" if created else ""))


@command.command("remove")
@click.argument("name")
@connected
def remove_operator(database: Database, name: str) -> None:
    """Take every console role from NAME; the login and the name in the audit stay."""
    from db.operators import remove

    _assert_installed(database)
    with database.writing() as connection:
        held = remove(connection, name)
    say(f"{name} is no longer {', '.join(held)}")


def _assert_installed(database: Database) -> None:
    """Make sure that there is a register of operators.

    Raises:
        Refused: The schema nightdesk is not installed.
    """
    from db.audit.listing import NOT_INSTALLED
    from db.capabilities import read_capabilities

    with database.reading() as connection:
        if not read_capabilities(connection).console_installed:
            raise Refused(NOT_INSTALLED)


def _whom_to_ask(database: Database, role: str) -> str:
    from db.operators.grantors import grantors

    with database.reading() as connection:
        names = ", ".join(grantors(connection, role))
    return (
        f"{database.facts.session_user} may not make anybody {role} on this server: that needs CREATEROLE and the"
        f" admin option of nightdesk_{role}, or a superuser. Ask {names or 'the owner of the server'}."
    )
