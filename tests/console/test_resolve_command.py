"""`nightdesk resolve` answers wherever it is asked: also where nothing may be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from console.__main__ import run
from db.connection.database import Database
from db.embedded.server import Server
from db.errors import Refused
from tests.console.consoles import add_reservations, target_of
from tests.db.changes.test_identity import standby_of
from tests.postgres import as_url

AsRole = Callable[[str, str], str]
Capture = pytest.CaptureFixture[str]
OPERATION = "6f1d2c1e-58b4-4f0e-9a53-0d8f6b3f7a11"


@pytest.fixture
def extended(platform_database: str, as_role: AsRole, capsys: Capture) -> str:
    """A database in which OPERATION is done; the conninfo of its superuser."""
    add_reservations(platform_database, 2)
    url = as_url(as_role(platform_database, "support"))
    arguments = ("reservations", "extend", "u1", "--days", "3", "--reason", "r", "--operation", OPERATION)
    assert run((*arguments, "--url", url)) == 0
    capsys.readouterr()
    return platform_database


@pytest.fixture
def read_only(extended: str, as_role: AsRole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    url = as_url(as_role(extended, "support"))
    config.write_text(f'[environments.prod]\nurl = "{url}"\nkind = "production"\nread_only = true\n')
    monkeypatch.setenv("NIGHTDESK_CONFIG", str(config))


@pytest.mark.usefixtures("read_only")
def test_a_read_only_environment_still_says_done(capsys: Capture) -> None:
    assert run(("resolve", OPERATION, "--env", "prod")) == 0
    assert capsys.readouterr().out.startswith("DONE: ND-")


@pytest.mark.usefixtures("read_only")
def test_a_read_only_environment_does_not_know_and_buries_nothing(extended: str, capsys: Capture) -> None:
    assert run(("resolve", str(uuid4()), "--env", "prod")) == 5
    captured = capsys.readouterr()
    assert captured.out.startswith("UNKNOWN: it is not recorded yet")
    assert "ask again" in captured.err
    with psycopg.connect(extended) as connection:
        assert connection.execute("select count(*) from nightdesk.operation_tombstone").fetchone() == (0,)


@pytest.fixture
def replica(postgres_server: Server, extended: str) -> Iterator[str]:
    """The same database on a standby, as the operator of support."""
    name = psycopg.conninfo.conninfo_to_dict(extended)["dbname"]
    with standby_of(postgres_server) as standby:
        yield standby.conninfo(user="test_support", dbname=str(name))


def test_a_replica_says_done_or_unknown_and_lends_no_writer(replica: str, capsys: Capture) -> None:
    assert run(("resolve", OPERATION, "--url", as_url(replica))) == 0
    assert capsys.readouterr().out.startswith("DONE: ND-")
    assert run(("resolve", str(uuid4()), "--url", as_url(replica))) == 5
    assert "UNKNOWN: this is a replica" in capsys.readouterr().out
    with Database(target_of(replica)) as database:
        with pytest.raises(Refused, match="This server is a replica"), database.writing():
            pass
