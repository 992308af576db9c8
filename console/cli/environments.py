"""`nightdesk environments`: the databases that config.toml names, with nothing secret in sight."""

from __future__ import annotations

import os

import click

from console.cli.context import json_option
from console.cli.output import emit_json, emit_table, remark
from console.settings.locations import config_file
from db.connection.configuration import read_environments
from db.connection.environment import Environment
from db.connection.target import target_of


@click.command("environments")
@json_option
def command(as_json: bool) -> None:
    """List the environments of config.toml."""
    file = config_file(os.environ)
    environments = read_environments(file)
    if as_json:
        emit_json([_document(environment) for environment in environments])
        return
    if not environments:
        remark(f"No environments yet; name them in {file}, each as a table [environments.NAME] with a url.")
        return
    headings = ("name", "kind", "database", "colour", "read-only", "replica", "stripe")
    emit_table(headings, [_row(environment) for environment in environments])


def _row(environment: Environment) -> tuple[object, ...]:
    kind = environment.kind.value
    if environment.stated_kind is not None:
        kind = f"{kind} ({environment.stated_kind} is not a known kind)"
    return (
        environment.name,
        kind,
        target_of(environment).label,
        environment.colour,
        environment.read_only,
        environment.replica_url is not None,
        environment.stripe_mode,
    )


def _document(environment: Environment) -> dict[str, object]:
    return {
        "name": environment.name,
        "kind": environment.kind,
        "stated_kind": environment.stated_kind or environment.kind,
        "database": target_of(environment).label,
        "colour": environment.colour,
        "read_only": environment.read_only,
        "has_replica": environment.replica_url is not None,
        "has_migrate_url": environment.migrate_url is not None,
        "stripe_mode": environment.stripe_mode,
    }
