"""Starts of programs on a terminal of our own: stamped at every read, emulated afterwards.

`tests.terminal` draws what it reads at once, which takes a core while the program is still starting; here bytes are
only kept, and the terminal's answers are those of a modern one.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COLUMNS, LINES = 120, 40
PATIENCE = 60.0
QUIET = 0.4
"""Seconds without a byte after which a program is taken to have drawn all it will."""

# Synchronised output and in-band resizes are there; anything else that is asked stays unanswered.
_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[?2048$p": b"\x1b[?2048;2$y"}


@dataclass(frozen=True)
class Start:
    """One start, ended as soon as it was quiet.

    Args:
        wall: Seconds from exec until the text was on the screen.
        cpu: Seconds of processor, all threads and children, until it was quiet.
        written: Bytes until it was quiet.
        peak: Most memory, in bytes; 0 where nobody can tell.
    """

    wall: float
    cpu: float
    written: int
    peak: int


def start(command: Sequence[str], environ: Mapping[str, str], text: bytes) -> Start:
    """Run a program until its screen stands, and end it.

    Args:
        command: What to run, by its whole path.
        environ: Its environment.
        text: What its screen shows when it is useful, as one run of bytes.
    """
    began = time.perf_counter()
    pid, master = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.execve(command[0], list(command), dict(environ))
    peak = 0
    try:
        chunks = _read_until_quiet(master, text)
        peak = _peak(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        _, _, usage = os.wait4(pid, 0)
        os.close(master)
    seen = bytearray()
    for at, chunk in chunks:
        seen += chunk
        if text in seen:
            written = sum(len(each) for _, each in chunks)
            return Start(at - began, usage.ru_utime + usage.ru_stime, written, peak)
    raise AssertionError(f"{command[0]} never wrote {text!r}; it wrote {bytes(seen[-2000:])!r}")


def _read_until_quiet(master: int, text: bytes) -> list[tuple[float, bytes]]:
    chunks: list[tuple[float, bytes]] = []
    seen = b""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], QUIET)
        if not ready:
            if text in seen:
                break
            continue
        try:
            chunk = os.read(master, 65_536)
        except OSError:
            break
        chunks.append((time.perf_counter(), chunk))
        for question, answer in _ANSWERS.items():
            if question in chunk:
                os.write(master, answer)
        seen += chunk
    return chunks


def _peak(pid: int) -> int:
    """Most memory since exec; what the kernel reports at the end counts the time before it too."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def finish(command: Sequence[str], environ: Mapping[str, str]) -> Start:
    """Run a program that ends by itself, its output in a pipe: until its first byte, and its processor time."""
    reads, writes = os.pipe()
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.dup2(writes, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.close(reads)
        os.execve(command[0], list(command), dict(environ))
    os.close(writes)
    first, written = None, 0
    while chunk := os.read(reads, 65_536):
        first = first or time.perf_counter()
        written += len(chunk)
    _, status, usage = os.wait4(pid, 0)
    os.close(reads)
    assert first is not None, command
    assert os.waitstatus_to_exitcode(status) == 0, (command, status)
    return Start(first - began, usage.ru_utime + usage.ru_stime, written, 0)
