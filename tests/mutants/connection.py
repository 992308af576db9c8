"""Guards of the connection: read-only sessions, secrets, hostile servers, unknown environments."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "reading connections refuse writes in the server",
        "db/connection/server.py",
        '"on" if self.read_only else "off"',
        '"off"',
        "tests/db/connection/test_database.py::test_reading_cannot_write_and_writing_can",
    ),
    Mutant(
        "a read_only environment refuses writing",
        "db/connection/database.py",
        "if self.target.environment.read_only:",
        "if False:",
        "tests/db/connection/test_database.py::test_a_read_only_environment_refuses_writing_before_the_server",
    ),
    Mutant(
        "a dropped idle connection is noticed",
        "db/connection/database.py",
        "            if _usable(connection):",
        "            if True:",
        "tests/db/connection/test_database.py::test_a_dropped_idle_connection_is_replaced_unnoticed",
    ),
    Mutant(
        "an open transaction is never lent again",
        "db/connection/database.py",
        " or connection.info.transaction_status != idle",
        "",
        "tests/db/connection/test_database.py::test_an_open_transaction_is_never_given_back",
    ),
    Mutant(
        "DETAIL of the server is never shown",
        "db/connection/failure.py",
        'return Refused(f"The change breaks {_constraint(error)}; nothing was changed.")',
        "return Refused(str(error))",
        "tests/db/connection/test_database.py::test_detail_of_the_server_is_never_shown",
    ),
    Mutant(
        "a hostile message of the server is neutralised",
        "db/connection/failure.py",
        'return visible(" ".join(text.split()), limit=_LIMIT).rstrip(".")',
        "return text",
        "tests/db/connection/test_database.py::test_a_hostile_message_reaches_nobody_raw",
    ),
    Mutant(
        "old servers are refused",
        "db/connection/server.py",
        "    if major < OLDEST:",
        "    if major < 0:",
        "tests/db/connection/test_database.py::test_an_old_server_is_refused_by_name",
    ),
    Mutant(
        "a pooler is noticed",
        "db/connection/server.py",
        'pooled=connection.info.backend_pid != row["pid"],',
        "pooled=False,",
        "tests/db/connection/test_pooler.py::test_a_pooler_in_between_is_noticed",
    ),
    Mutant(
        "a secret hides in its repr",
        "db/connection/secret.py",
        'return "Secret(********)"',
        "return self._value",
        "tests/db/connection/test_target.py::test_no_secret_shows_in_any_repr",
    ),
    Mutant(
        "a bad URL is not quoted",
        "db/connection/address.py",
        'return f"check it; {_ENCODE}"',
        "return str(error)",
        "tests/db/connection/test_target.py::test_a_bad_url_is_refused_without_quoting_it",
    ),
    Mutant(
        "an unknown kind counts as production",
        "db/connection/configuration.py",
        "if stated is not None and known else Kind.PRODUCTION",
        "if stated is not None and known else Kind.DEVELOPMENT",
        "tests/db/connection/test_configuration.py::test_an_unknown_kind_counts_as_production_and_is_remembered",
    ),
)
