from __future__ import annotations

from pathlib import Path

import pytest

from db.connection.configuration import read_environments
from db.connection.environment import Environment, Kind, StripeMode
from db.connection.secret import Secret
from db.errors import ConfigurationError


def read(tmp_path: Path, text: str) -> tuple[Environment, ...]:
    file = tmp_path / "config.toml"
    file.write_text(text)
    return read_environments(file)


def test_a_full_environment(tmp_path: Path) -> None:
    (found,) = read(
        tmp_path,
        """
        [environments.prod]
        url = "postgresql://h/app"
        kind = "production"
        colour = "red"
        read_only = true
        replica_url = "postgresql://r/app"
        migrate_url = "postgresql://m/app"
        stripe_mode = "live"
        """,
    )
    assert found == Environment(
        name="prod",
        url=Secret("postgresql://h/app"),
        kind=Kind.PRODUCTION,
        colour="red",
        read_only=True,
        replica_url=Secret("postgresql://r/app"),
        migrate_url=Secret("postgresql://m/app"),
        stripe_mode=StripeMode.LIVE,
    )


def test_an_absent_file_has_no_environments(tmp_path: Path) -> None:
    assert read_environments(tmp_path / "none.toml") == ()


@pytest.mark.parametrize("kind", ["prod", "PRODUCTION ", "qa", "Development"])
def test_an_unknown_kind_counts_as_production_and_is_remembered(tmp_path: Path, kind: str) -> None:
    (found,) = read(tmp_path, f'[environments.x]\nservice = "s"\nkind = "{kind}"\n')
    assert (found.kind, found.stated_kind) == (Kind.PRODUCTION, kind)


def test_no_kind_counts_as_production(tmp_path: Path) -> None:
    assert read(tmp_path, '[environments.x]\nservice = "s"\n')[0].kind is Kind.PRODUCTION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[environments.x]\nurl = 5\n", "environments.x.url must be a text in quotes"),
        ('[environments.x]\nurl = "secretsecret"\n', "environments.x.url must be a URL"),
        (
            '[environments.x]\nservice = "s"\nread_only = "yes"\n',
            "environments.x.read_only must be true or false",
        ),
        ('[environments.x]\nservice = "s"\ncolour = "mauve"\n', "environments.x.colour must be red, yellow"),
        ('[environments.x]\nservice = "s"\nstripe_mode = "prod"\n', "stripe_mode must be live or test"),
        ('[environments.x]\nservice = "s"\nreadonly = true\n', "environments.x.readonly is not a key"),
        ('[environments.x]\nservice = "s"\nreadonly = true\n', "did you mean read_only?"),
        ('[environment.x]\nservice = "s"\n', "did you mean environments?"),
        ("[environments.x]\n", "either url or service"),
        ('[environments.x]\nurl = "postgresql://h/d"\nservice = "s"\n', "either url or service"),
        ("[environments]\nx = 1\n", "environments.x must be a table"),
        ("environments = 1\n", "environments must be tables"),
        ("[environments.x\n", "is not valid TOML"),
    ],
)
def test_a_bad_file_names_file_key_and_expectation(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert expected in str(caught.value)
    assert str(tmp_path / "config.toml") in str(caught.value)
    assert "secretsecret" not in str(caught.value)


def test_a_hostile_key_is_shown_harmless(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, '[environments.x]\nservice = "s"\n"\\u001b[31mkind" = "x"\n')
    assert "\x1b" not in str(caught.value)
