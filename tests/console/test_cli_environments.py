from __future__ import annotations

from pathlib import Path

from tests.console.processes import nightdesk
from tests.postgres import as_url

PASSWORD = "hunter2hunter2"


def config(tmp_path: Path, text: str) -> dict[str, str]:
    file = tmp_path / "config.toml"
    file.write_text(text)
    return {"NIGHTDESK_CONFIG": str(file)}


def test_environments_are_listed_without_passwords(tmp_path: Path) -> None:
    environ = config(
        tmp_path,
        f"""
        [environments.prod]
        url = "postgresql://ana:{PASSWORD}@db.example/app?schema=public"
        kind = "prod"
        read_only = true
        replica_url = "postgresql://ana:{PASSWORD}@replica/app"
        [environments.local]
        service = "local"
        kind = "development"
        """,
    )
    table = nightdesk("environments", environ=environ)
    assert table.code == 0, table.err
    assert "ana@db.example/app" in table.out
    assert "production (prod is not a known kind)" in table.out
    listed = nightdesk("environments", "--json", environ=environ)
    assert [entry["name"] for entry in listed.document] == ["prod", "local"]
    assert listed.document[0]["kind"] == "production"
    assert listed.document[0]["has_replica"] is True
    assert PASSWORD not in table.out + table.err + listed.out + listed.err


def test_none_yet_says_where_to_name_them(tmp_path: Path) -> None:
    done = nightdesk("environments", environ={"NIGHTDESK_CONFIG": str(tmp_path / "config.toml")})
    assert (done.code, done.out) == (0, "")
    assert str(tmp_path / "config.toml") in done.err


def test_a_bad_file_is_exit_2_with_file_key_and_expectation(tmp_path: Path) -> None:
    done = nightdesk(
        "environments", environ=config(tmp_path, '[environments.x]\nurl = "postgresql://h/d"\nkid = "x"\n')
    )
    assert (done.code, done.out) == (2, "")
    assert str(tmp_path / "config.toml") in done.err
    assert "did you mean kind?" in done.err


def test_an_environment_opens_its_database(tmp_path: Path, empty_database: str) -> None:
    environ = config(tmp_path, f'[environments.here]\nurl = "{as_url(empty_database)}"\nkind = "staging"\n')
    done = nightdesk("doctor", "--env", "here", "--json", environ=environ)
    assert done.code == 0, done.err
    assert done.document["target"]["environment"] == "here"
    assert done.document["target"]["kind"] == "staging"


def test_configuration_lives_where_people_look() -> None:
    from console.settings.locations import config_file

    assert config_file({"HOME": "/home/ana"}) == Path("/home/ana/.config/nightdesk/config.toml")
    assert config_file({"HOME": "/home/ana", "XDG_CONFIG_HOME": "/x"}) == Path("/x/nightdesk/config.toml")
    assert config_file({"HOME": "/home/ana", "NIGHTDESK_CONFIG": "/y.toml"}) == Path("/y.toml")
