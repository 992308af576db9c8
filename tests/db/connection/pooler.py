"""What makes a pooler visible to its clients: it answers with a process id of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# BackendKeyData (PostgreSQL docs, 53.7): 'K', length 12, process id, secret key.
_KEY_DATA = b"K\x00\x00\x00\x0c"
_OWN_PID = (424242).to_bytes(4, "big")


@contextmanager
def pooler(server_socket: Path, directory: Path) -> Iterator[Path]:
    """Stand between clients and a server as a pooler does; yields the directory of its socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(directory / ".s.PGSQL.5432"))
        listener.listen()
        threading.Thread(target=_serve, args=(listener, server_socket), daemon=True).start()
        yield directory
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, server_socket: Path) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.connect(str(server_socket))
        threading.Thread(target=_pass_on, args=(client, server, False), daemon=True).start()
        threading.Thread(target=_pass_on, args=(server, client, True), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket, answers: bool) -> None:
    # Either side may be gone first; then there is nothing left to pass on.
    with source, suppress(OSError):
        while chunk := source.recv(65536):
            place = chunk.find(_KEY_DATA) if answers else -1
            if place != -1:
                start = place + len(_KEY_DATA)
                chunk = chunk[:start] + _OWN_PID + chunk[start + 4 :]
                answers = False
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
