"""A client that does as it is told and waits to be killed; it runs in a process of its own, so that SIGKILL is real."""

from __future__ import annotations

import select
from multiprocessing.connection import Connection as Pipe

import psycopg

STATEMENT = b"select nightdesk.apply_changes($1, 'test.change', 'a kill', $2)"


def run(point: str, conninfo: str, operation_id: str, text: str, told: Pipe) -> None:
    """Go as far as the point and stay there; says each step."""
    connection = psycopg.pq.PGconn.connect(conninfo.encode())
    connection.exec_(b"set client_connection_check_interval = '20ms'")
    told.send(("ready", connection.backend_pid))
    if point == "before send":
        told.recv()
    connection.send_query_params(STATEMENT, [operation_id.encode(), text.encode()])
    connection.flush()
    told.send(("sent", None))
    if point == "after commit":
        # The answer lies in the socket, unread.
        told.recv()
    while connection.is_busy():
        select.select([connection.socket], [], [])
        connection.consume_input()
    told.send(("answered", None))
    told.recv()
