"""A connection that does not come about says why in one sentence, with the exit code that fits."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db.connection.failure import translate
from db.errors import ConfigurationError, NightdeskError, PermissionDenied, Unreachable

AT = 'connection failed: connection to server at "10.0.0.1", port 5432 failed: '
HBA = 'no pg_hba.conf entry for host "10.0.0.2", user "ana", database "app", '


def refusal(conninfo: str, **changes: str) -> NightdeskError:
    with pytest.raises(psycopg.Error) as caught:
        psycopg.connect(make_conninfo(conninfo, **changes))
    return translate(caught.value)


def test_a_server_that_answered_was_reached(empty_database: str) -> None:
    found = refusal(empty_database, dbname="nope")
    assert isinstance(found, ConfigurationError)
    assert str(found).startswith("PostgreSQL at socket ")
    assert str(found).endswith(" has no database nope.")
    found = refusal(empty_database, user="nobody_of_that_name")
    assert isinstance(found, PermissionDenied)
    assert str(found).endswith(" has no role nobody_of_that_name.")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(
            "do $$ begin create role barred; exception when duplicate_object then null; end $$"
        )
    found = refusal(empty_database, user="barred")
    assert isinstance(found, PermissionDenied)
    assert "does not let the role barred log in" in str(found)


@pytest.mark.parametrize(
    ("conninfo", "kind", "sentence"),
    [
        ("host=/nowhere/at/all", Unreachable, "cannot be reached: No such file or directory."),
        (
            "host=127.0.0.1 port=1",
            Unreachable,
            "PostgreSQL at 127.0.0.1:1 cannot be reached: Connection refused.",
        ),
        ("host=/tmp port=99999", ConfigurationError, "no port: 1 to 65535"),
        ("host=127.0.0.1 port=abc", ConfigurationError, "port"),
        ("service=no_such_service", ConfigurationError, "no libpq service no_such_service"),
        ("host=/tmp sslmode=loud", ConfigurationError, "value of sslmode"),
        ("host=127.0.0.1 port=1 connect_timeout=soon", ConfigurationError, "value of connect_timeout"),
    ],
)
def test_an_address_that_cannot_work_is_told_from_a_server_that_is_away(
    conninfo: str, kind: type[NightdeskError], sentence: str
) -> None:
    found = refusal(conninfo)
    assert type(found) is kind
    assert sentence in str(found)
    assert "connection is bad" not in str(found)
    assert "connection failed" not in str(found)


# What servers say that the tests' own server, which trusts its socket, never says.
@pytest.mark.parametrize(
    ("message", "kind", "sentence"),
    [
        (f"{AT}fe_sendauth: no password supplied", PermissionDenied, "10.0.0.1:5432 .* a password is needed"),
        (
            f'{AT}FATAL:  password authentication failed for user "ana"\n'
            f'connection to server at "10.0.0.1", port 5432 failed: FATAL:  {HBA}no encryption',
            PermissionDenied,
            "the password of ana is wrong",
        ),
        (f"{AT}FATAL:  {HBA}no encryption", ConfigurationError, "add sslmode=require"),
        (
            f'{AT}FATAL:  {HBA}SSL encryption\nconnection to server at "10.0.0.1", port 5432 failed:'
            f" FATAL:  {HBA}no encryption",
            PermissionDenied,
            "pg_hba.conf has no entry for this user",
        ),
        (f"{AT}server does not support SSL, but SSL was required", ConfigurationError, "no encryption"),
        (f"{AT}SSL error: certificate verify failed", ConfigurationError, "sslrootcert"),
        (f"{AT}FATAL:  sorry, too many clients already", Unreachable, "no more connections"),
        (
            f"{AT}FATAL:  Datenbank existiert nicht",
            Unreachable,
            "cannot be reached: Datenbank existiert nicht",
        ),
        (
            'connection failed: connection to server at "::1", port 5432 failed: Connection refused\n'
            "\tIs the server running on that host and accepting TCP/IP connections?\n"
            'connection to server at "127.0.0.1", port 5432 failed: FATAL:  database "x" does not exist',
            ConfigurationError,
            "127.0.0.1:5432 has no database x",
        ),
        ("connection timeout expired", Unreachable, "connection timeout expired"),
        (f'{AT}FATAL:  role "\x1b]52;c;x\x07" does not exist', PermissionDenied, "has no role"),
    ],
)
def test_what_a_server_says_loses_what_libpq_glues_to_it(
    message: str, kind: type[NightdeskError], sentence: str
) -> None:
    found = translate(psycopg.OperationalError(message))
    assert type(found) is kind
    with pytest.raises(kind, match=sentence):
        raise found
    for glue in ("connection failed", "FATAL", "connection to server", "fe_sendauth", "\x1b", "\n"):
        assert glue not in str(found)
