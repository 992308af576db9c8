"""Which database to open: the first of --url, --env, NIGHTDESK_URL, DATABASE_URL, libpq's own variables.

A .env of the working directory stands in where neither NIGHTDESK_URL nor DATABASE_URL is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from db.connection.address import DEFAULT_SCHEMA, Address, parse_address
from db.connection.configuration import read_environments
from db.connection.environment import UNKNOWN, Environment, Kind
from db.connection.secret import Secret
from db.errors import ConfigurationError
from db.visible import visible

__all__ = ["Environment", "Kind", "Target", "resolve_target", "target_of"]

# The variables of libpq that say where to connect (PostgreSQL docs, 34.15); the others only say how, and
# libpq reads those by itself.
_LIBPQ = {
    "PGSERVICE": "service",
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGDATABASE": "dbname",
    "PGPORT": "port",
    "PGUSER": "user",
    "PGPASSWORD": "password",
}
_LIBPQ_PLACES = ("PGSERVICE", "PGHOST", "PGHOSTADDR", "PGDATABASE")
_URL_VARIABLES = ("NIGHTDESK_URL", "DATABASE_URL")

NOWHERE = (
    "No database is named: give --url or --env, set NIGHTDESK_URL or DATABASE_URL, "
    "or run `nightdesk demo` to try nightdesk on a database of its own."
)


@dataclass(frozen=True)
class Target:
    """A database to open and what the operator said about it.

    Attributes:
        conninfo: libpq keyword string.
        environment: The named environment, or the unknown one.
        schema: Schema that holds the platform's tables.
        source: Where the address came from: "--url", "--env staging", "NIGHTDESK_URL", ".env", "libpq".
        label: Who, where and what without secrets, safe to print.
        pooler: The address says that a transaction pooler is in between.
    """

    conninfo: Secret
    environment: Environment
    schema: str
    source: str
    label: str
    pooler: bool = False


def resolve_target(
    *, url: str | None, env: str | None, environ: Mapping[str, str], cwd: Path, config: Path | None
) -> Target:
    """Decide which database to open.

    Args:
        url: Value of --url.
        env: Value of --env.
        environ: Environment variables.
        cwd: Working directory, whose .env is read.
        config: The operator's config.toml, None for none.

    Raises:
        ConfigurationError: Nothing names a database, or what names it is wrong.
    """
    if url is not None and env is not None:
        raise ConfigurationError("--url and --env name two databases; give one of them.")
    if url is not None:
        return _from_url(url, "--url")
    if env is not None:
        return target_of(_named(env, config))
    for variable in _URL_VARIABLES:
        if environ.get(variable):
            return _from_url(environ[variable], variable)
    from_file = _read_dotenv(cwd)
    for variable in _URL_VARIABLES:
        value = from_file.get(variable)
        if value:
            return _from_url(value, f"{variable} in .env", source=".env")
    if any(environ.get(variable) for variable in _LIBPQ_PLACES):
        parameters = {key: environ[name] for name, key in _LIBPQ.items() if environ.get(name)}
        return _target(Address(parameters=parameters), UNKNOWN, "libpq")
    raise ConfigurationError(NOWHERE)


def target_of(environment: Environment) -> Target:
    """Return the target of an environment of config.toml."""
    source = f"--env {visible(environment.name)}"
    if environment.url is not None:
        address = parse_address(
            environment.url.reveal(), f"The url of environment {visible(environment.name)}"
        )
        return _target(address, environment, source)
    return _target(Address(parameters={"service": environment.service or ""}), environment, source)


def _from_url(url: str, named: str, *, source: str | None = None) -> Target:
    return _target(parse_address(url, named), UNKNOWN, source or named)


def _target(address: Address, environment: Environment, source: str) -> Target:
    from psycopg.conninfo import make_conninfo

    parameters: dict[str, str | int | None] = {**address.parameters}
    return Target(
        conninfo=Secret(make_conninfo("", **parameters)),
        environment=environment,
        schema=address.schema or DEFAULT_SCHEMA,
        source=source,
        label=address.label,
        pooler=address.pooler,
    )


def _named(name: str, config: Path | None) -> Environment:
    environments = read_environments(config) if config is not None else ()
    for environment in environments:
        if environment.name == name:
            return environment
    known = ", ".join(visible(environment.name) for environment in environments)
    where = f"{config} has {known}" if known else f"{config} has no environments yet"
    raise ConfigurationError(f"There is no environment {visible(name, limit=60)}: {where}.")


def _read_dotenv(directory: Path) -> Mapping[str, str | None]:
    """Read .env of one directory only: a file further up belongs to another project."""
    file = directory / ".env"
    if not file.is_file():
        return {}
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{visible(str(file))} cannot be read: {visible(str(error))}.") from error
    wrong = next((each.original.line for each in parse_stream(StringIO(text)) if each.error), None)
    if wrong is not None:
        # The line that was meant to name the database may be the one that was not understood.
        raise ConfigurationError(f"{visible(str(file))}, line {wrong}, is not of the form NAME=value.")
    return dotenv_values(stream=StringIO(text))
