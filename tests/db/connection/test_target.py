from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from db.connection.address import parse_address
from db.connection.environment import Kind
from db.connection.target import Target, resolve_target
from db.errors import ConfigurationError, ExitCode

PASSWORD = "hunter2hunter2"


def resolve(
    tmp_path: Path,
    *,
    url: str | None = None,
    env: str | None = None,
    environ: dict[str, str] | None = None,
    config: str | None = None,
    dotenv: str | None = None,
) -> Target:
    file = tmp_path / "config.toml"
    if config is not None:
        file.write_text(config)
    if dotenv is not None:
        (tmp_path / ".env").write_text(dotenv)
    return resolve_target(url=url, env=env, environ=environ or {}, cwd=tmp_path, config=file)


def database(target: Target) -> str:
    return str(conninfo_to_dict(target.conninfo.reveal())["dbname"])


def test_the_nearest_source_wins(tmp_path: Path) -> None:
    config = '[environments.staging]\nurl = "postgresql://h/by_env"\n'
    environ = {
        "NIGHTDESK_URL": "postgresql://h/by_nightdesk",
        "DATABASE_URL": "postgresql://h/by_variable",
        "PGDATABASE": "by_libpq",
    }
    dotenv = "DATABASE_URL=postgresql://h/by_file\n"
    everything = {"environ": environ, "config": config, "dotenv": dotenv}

    assert database(resolve(tmp_path, url="postgresql://h/by_url", **everything)) == "by_url"  # type: ignore[arg-type]
    assert database(resolve(tmp_path, env="staging", **everything)) == "by_env"  # type: ignore[arg-type]
    found = resolve(tmp_path, **everything)  # type: ignore[arg-type]
    assert (database(found), found.source) == ("by_nightdesk", "NIGHTDESK_URL")
    del environ["NIGHTDESK_URL"]
    found = resolve(tmp_path, **everything)  # type: ignore[arg-type]
    assert (database(found), found.source) == ("by_variable", "DATABASE_URL")
    del environ["DATABASE_URL"]
    found = resolve(tmp_path, **everything)  # type: ignore[arg-type]
    assert (database(found), found.source) == ("by_file", ".env")
    (tmp_path / ".env").unlink()
    found = resolve(tmp_path, environ=environ)
    assert (database(found), found.source) == ("by_libpq", "libpq")


def test_what_is_exported_goes_before_a_dotenv(tmp_path: Path) -> None:
    dotenv = "NIGHTDESK_URL=postgresql://h/by_file\n"
    found = resolve(tmp_path, environ={"DATABASE_URL": "postgresql://h/by_variable"}, dotenv=dotenv)
    assert (database(found), found.source) == ("by_variable", "DATABASE_URL")
    found = resolve(tmp_path, dotenv=f"DATABASE_URL=postgresql://h/other\n{dotenv}")
    assert (database(found), found.source) == ("by_file", ".env")


def test_a_dotenv_that_cannot_be_read_names_file_and_line_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dotenv = f"A=1\n# a remark\nNIGHTDESK_URL '{PASSWORD}\nDATABASE_URL=postgresql://h/other\n"
    with pytest.raises(
        ConfigurationError, match=r"\.env, line 3, is not of the form NAME=value\.$"
    ) as caught:
        resolve(tmp_path, dotenv=dotenv)
    assert PASSWORD not in str(caught.value)
    assert not caplog.records
    # Nobody looks into it where the environment names a database.
    assert database(resolve(tmp_path, environ={"DATABASE_URL": "postgresql://h/a"}, dotenv=dotenv)) == "a"


def test_without_any_source_one_sentence_names_the_demo(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="`nightdesk demo`") as caught:
        resolve(tmp_path)
    assert caught.value.exit_code == ExitCode.USAGE
    assert str(caught.value).count(".") == 1


def test_a_dotenv_further_up_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://h/elsewhere\n")
    inside = tmp_path / "project"
    inside.mkdir()
    with pytest.raises(ConfigurationError):
        resolve(inside)


def test_url_and_env_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="two databases"):
        resolve(tmp_path, url="postgresql://h/a", env="b")


def test_a_bare_url_is_production(tmp_path: Path) -> None:
    assert resolve(tmp_path, url="postgresql://h/a").environment.kind is Kind.PRODUCTION


def test_a_libpq_service_is_passed_on(tmp_path: Path) -> None:
    target = resolve(tmp_path, env="x", config='[environments.x]\nservice = "billing"\n')
    assert conninfo_to_dict(target.conninfo.reveal()) == {"service": "billing"}
    assert target.label == "service billing"


def test_an_unknown_environment_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"There is no environment prod: .*config\.toml has one, two"
    ):
        resolve(
            tmp_path, env="prod", config='[environments.one]\nservice="a"\n[environments.two]\nservice="b"\n'
        )


def test_an_environment_is_found_by_its_name_however_odd(tmp_path: Path) -> None:
    config = '[environments."a\\u001b]52;c;x\\u0007"]\nurl = "postgresql://h/odd"\n'
    target = resolve(tmp_path, env="a\x1b]52;c;x\x07", config=config)
    assert "\x1b" not in target.source


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
def test_every_spelling_of_the_scheme_works(scheme: str) -> None:
    address = parse_address(f"{scheme}://ana:{PASSWORD}@db.example:6000/app", "--url")
    assert address.parameters == {
        "user": "ana",
        "password": PASSWORD,
        "host": "db.example",
        "port": "6000",
        "dbname": "app",
    }
    assert address.label == "ana@db.example:6000/app"


def test_a_prisma_url_is_understood() -> None:
    address = parse_address(
        "postgresql://u:p@h:5432/db?schema=tenant_a&connection_limit=1&pool_timeout=20&pgbouncer=true"
        "&sslmode=require&socket_timeout=3&statement_cache_size=0",
        "DATABASE_URL",
    )
    assert address.schema == "tenant_a"
    assert address.pooler
    assert address.parameters["sslmode"] == "require"
    assert set(address.parameters) == {"user", "password", "host", "port", "dbname", "sslmode"}


def test_several_hosts_may_have_ports_of_their_own() -> None:
    address = parse_address("postgresql://u:p%40ss@a:6000,b/db", "--url")
    assert (address.parameters["port"], address.parameters["password"]) == ("6000,", "p@ss")


def test_prismas_strict_certificates_stay_strict() -> None:
    address = parse_address("postgresql://h/db?sslmode=require&sslaccept=strict", "--url")
    assert address.parameters["sslmode"] == "verify-full"
    assert address.parameters["sslrootcert"] == "system"


def test_a_plus_and_a_question_mark_in_a_password_survive() -> None:
    address = parse_address("postgresql://u:a+b?c@h/db?options=-c%20geqo%3Doff", "--url")
    assert address.parameters["password"] == "a+b?c"
    assert address.parameters["options"] == "-c geqo=off"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("not a url", "must be a URL such as"),
        (f"mysql://root:{PASSWORD}@h/db", "mysql://"),
        (f"prisma+postgres://accelerate.example/?api_key={PASSWORD}", "no direct PostgreSQL address"),
        (f"postgresql://u:{PASSWORD}%zz@h/db", "percent-encoded"),
        (f"postgresql://u:{PASSWORD}@h/db?nonsense=1", "the parameter nonsense"),
        (f"postgresql://[::1{PASSWORD}/db", "not understood"),
        (f"postgresql://u:x@{PASSWORD}@h/db", "@ is %40"),
        (f"postgresql://u:{PASSWORD}/x@h/db", "/ is %2F"),
        (f"postgresql://u:12/{PASSWORD}@h/db", "/ is %2F"),
        (f"postgresql://u@h:{PASSWORD}/db", "port is no port"),
        ("postgresql://u@h:99999/db", "port is no port"),
    ],
)
def test_a_bad_url_is_refused_without_quoting_it(url: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_address(url, "NIGHTDESK_URL")
    assert expected in str(caught.value)
    assert "NIGHTDESK_URL" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_no_secret_shows_in_any_repr(tmp_path: Path) -> None:
    url = f"postgresql://ana:{PASSWORD}@db.example/app"
    config = f'[environments.x]\nurl = "{url}"\nreplica_url = "{url}"\nmigrate_url = "{url}"\n'
    target = resolve(tmp_path, env="x", config=config)
    address = parse_address(url, "--url")
    for value in (target, target.conninfo, target.environment, address):
        assert PASSWORD not in f"{value!r} {value!s} {value}"
    assert PASSWORD in target.conninfo.reveal()
