"""Guards of the embedded server: whose sockets, whose processes, whose demo."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "a socket directory of somebody else is not used",
        "db/embedded/sockets.py",
        "return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & 0o077",
        "return True",
        "tests/db/embedded/test_server.py::test_a_socket_directory_prepared_by_somebody_else_is_not_used",
    ),
    Mutant(
        "a stale pid file is removed",
        "db/embedded/server.py",
        '(self.data_dir / "postmaster.pid").unlink(missing_ok=True)',
        "pass",
        "tests/db/embedded/test_server.py::test_a_stale_pid_file_naming_a_living_process_does_not_hinder",
    ),
    Mutant(
        "backends that outlive their postmaster are no server",
        "db/embedded/server.py",
        "return found if accepts(found.socket_directory) else None",
        "return found",
        "tests/db/embedded/test_server.py::test_a_killed_postmaster_is_replaced_even_while_its_backends_live",
    ),
    Mutant(
        "the last one out only",
        "db/embedded/sharing.py",
        "            if _nobody_uses(users.fileno()):",
        "            if True:",
        "tests/db/embedded/test_server.py::test_the_last_holder_stops_the_server",
    ),
    Mutant(
        "the old demo stands until the new one is whole",
        "db/embedded/demo.py",
        '        connection.execute(_named("drop database if exists {} with (force)", _BUILDING))\n',
        '        connection.execute(_named("drop database if exists {} with (force)", _BUILDING))\n'
        '        connection.execute(_named("drop database if exists {} with (force)", DATABASE))\n',
        "tests/console/test_cli_demo.py::test_a_kill_while_rebuilding_leaves_the_old_demo_whole",
    ),
)
