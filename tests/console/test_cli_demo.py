from __future__ import annotations

import json
import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db.embedded.home import demo_server
from db.embedded.server import Server
from tests.console.processes import nightdesk, started
from tests.db.embedded.homes import server_home

ROWS = ("--rows", "30")

# One home for the tests that only look; the group keeps them on one worker.
pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def built() -> Iterator[dict[str, str]]:
    """A home in which the demo has been built once; environment that leads to it."""
    with server_home("nightdesk demo ") as home:
        environ = {"NIGHTDESK_HOME": str(home)}
        with started(["demo", "--serve", *ROWS], environ) as process:
            addresses(process)
        yield environ


@pytest.fixture
def fresh() -> Iterator[dict[str, str]]:
    """A home in which nothing has been built."""
    with server_home() as home:
        yield {"NIGHTDESK_HOME": str(home)}


def addresses(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.stderr.read() if process.stderr else "")
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def server_of(environ: dict[str, str]) -> Server:
    return demo_server(environ)


def identity(url: str) -> object:
    return ask(url, "select oid from pg_database where datname = current_database()")


def test_serve_prints_one_line_and_ends_cleanly(built: dict[str, str]) -> None:
    with started(["demo", "--serve"], built) as process:
        found = addresses(process)
        assert set(found) == {"url", "urls"}
        assert set(found["urls"]) == {"viewer", "support", "oncall", "dba"}
        for role, url in found["urls"].items():
            assert ask(url, "select session_user") == f"demo_{role}"
            assert ask(url, f"select pg_has_role('nightdesk_{role}', 'usage')") is True
        assert ask(found["url"], "select count(*) > 0 from pg_tables where schemaname = 'nightdesk'") is True
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert not server_of(built).running


def test_a_second_start_builds_nothing(built: dict[str, str]) -> None:
    seen = []
    for _ in range(2):
        with started(["demo", "--serve"], built) as process:
            seen.append(identity(addresses(process)["url"]))
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
            assert "migrating" not in err
    assert seen[0] == seen[1]


def test_two_consoles_share_a_server_that_outlives_a_killed_one(built: dict[str, str]) -> None:
    with started(["demo", "--serve"], built) as first, started(["demo", "--serve"], built) as second:
        assert addresses(first) == (found := addresses(second))
        first.kill()
        first.wait()
        assert ask(found["url"], "select 1") == 1
        second.send_signal(signal.SIGTERM)
        second.wait(60)
        assert not server_of(built).running


def test_a_killed_postgres_is_started_again(built: dict[str, str]) -> None:
    server = server_of(built)
    with started(["demo", "--serve"], built) as process:
        before = identity(addresses(process)["url"])
        os.kill(int((server.data_dir / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        process.kill()
        process.wait()
    with started(["demo", "--serve"], built) as process:
        assert identity(addresses(process)["url"]) == before
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def test_what_was_tried_out_survives_an_update_of_nightdesk(built: dict[str, str]) -> None:
    with started(["demo", "--serve"], built) as process:
        owner = addresses(process)["url"]
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("create table if not exists tried_out (i int)")
            comment = connection.execute(
                "select shobj_description(oid, 'pg_database') from pg_database where datname = 'nightdesk_demo'"
            ).fetchone()
            assert comment is not None
            older = json.dumps(json.loads(str(comment[0])) | {"revisions": "older"})
            connection.execute(f"comment on database nightdesk_demo is '{older}'".encode())
    with started(["demo", "--serve"], built) as process:
        assert ask(addresses(process)["url"], "select to_regclass('tried_out') is not null") is True
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert "up to date" in err


def test_a_demo_that_cannot_be_updated_names_the_way_out(built: dict[str, str]) -> None:
    with started(["demo", "--serve"], built) as process:
        owner = addresses(process)["url"]
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("update alembic_version set version_num = 'from_the_future'")
            comment = ask(
                owner,
                "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()",
            )
            older = json.dumps(json.loads(str(comment)) | {"revisions": "older"})
            connection.execute(f"comment on database nightdesk_demo is '{older}'".encode())
    refused = nightdesk("demo", "--serve", environ=built)
    assert (refused.code, refused.out) == (1, "")
    assert "`nightdesk demo --reset`" in refused.err
    with started(["demo", "--serve", "--reset", *ROWS], built) as process:
        assert ask(addresses(process)["url"], "select version_num from alembic_version") == "0010"


def test_a_kill_while_rebuilding_leaves_the_old_demo_whole(built: dict[str, str]) -> None:
    with started(["demo", "--serve"], built) as process:
        before = identity(addresses(process)["url"])
        with started(["demo", "--serve", "--reset", *ROWS], built) as builder:
            assert builder.stderr is not None
            for line in builder.stderr:
                if "installing" in line:
                    break
            builder.kill()
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    with started(["demo", "--serve"], built) as process:
        assert identity(addresses(process)["url"]) == before
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def test_a_kill_while_building_leaves_nothing_in_the_way(fresh: dict[str, str]) -> None:
    with started(["demo", "--serve", *ROWS], fresh) as builder:
        assert builder.stderr is not None
        for line in builder.stderr:
            if "installing" in line:
                break
        builder.kill()
    with started(["demo", "--serve", *ROWS], fresh) as process:
        url = addresses(process)["url"]
        assert ask(url, "select count(*) from pg_database where datname like 'nightdesk_demo%'") == 1


def test_ctrl_c_while_building_stops_the_server(fresh: dict[str, str]) -> None:
    with started(["demo", "--serve", *ROWS], fresh) as builder:
        assert builder.stderr is not None
        for line in builder.stderr:
            if "installing" in line:
                break
        builder.send_signal(signal.SIGINT)
        assert builder.wait(60) == 130
    assert not server_of(fresh).running


def test_two_first_starts_build_once(fresh: dict[str, str]) -> None:
    with started(["demo", "--serve", *ROWS], fresh) as one, started(["demo", "--serve", *ROWS], fresh) as two:
        assert addresses(one) == addresses(two)
        said = []
        for process in (one, two):
            process.send_signal(signal.SIGTERM)
            said.append(process.communicate(timeout=60)[1])
    assert sum("migrating the platform" in err for err in said) == 1


def test_another_size_builds_anew(built: dict[str, str]) -> None:
    with started(["demo", "--serve"], built) as process:
        before = identity(addresses(process)["url"])
    with started(["demo", "--serve", "--rows", "31"], built) as process:
        assert identity(addresses(process)["url"]) != before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_and_another_user_at_once(fresh: dict[str, str], built: dict[str, str]) -> None:
    home = Path(fresh["NIGHTDESK_HOME"]) / "of nobody"
    home.mkdir(mode=0o700)
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    environ = {"NIGHTDESK_HOME": str(home), "HOME": "/nonexistent", "XDG_RUNTIME_DIR": ""}
    with started(["demo", "--serve"], built) as ours:
        with started(["demo", "--serve", *ROWS], environ, user="nobody") as theirs:
            url = addresses(theirs)["url"]
            assert url != addresses(ours)["url"]
            assert ask(url, "select current_database()") == "nightdesk_demo"
            assert (home / "postgres-18").stat().st_uid == nobody.pw_uid
            theirs.send_signal(signal.SIGTERM)
            assert theirs.wait(60) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root borrows an account")
def test_a_private_home_of_root_is_opened_no_further_than_needed(tmp_path: Path) -> None:
    with server_home() as above:
        private = above / "private"
        private.mkdir(mode=0o700)
        demo_server({"NIGHTDESK_HOME": str(private)}).start()
        assert stat.S_IMODE(private.stat().st_mode) == 0o710


def test_discard_refuses_while_in_use_and_then_removes_only_ours(fresh: dict[str, str]) -> None:
    home = Path(fresh["NIGHTDESK_HOME"])
    (home / "notes.txt").write_text("mine")
    discard = [sys.executable, "-m", "db.embedded.discard"]
    with started(["demo", "--serve", *ROWS], fresh) as process:
        addresses(process)
        done = subprocess.run(discard, env=os.environ | fresh, capture_output=True, text=True)
        assert done.returncode == 1
        assert "quit it first" in done.stderr
    done = subprocess.run(discard, env=os.environ | fresh, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in home.iterdir()] == ["notes.txt"]


def test_without_a_terminal_nothing_is_built(fresh: dict[str, str]) -> None:
    done = nightdesk("demo", environ=fresh)
    assert done.code == 2
    assert "nightdesk reservations list" in done.err
    assert not (Path(fresh["NIGHTDESK_HOME"]) / "postgres-18").exists()
