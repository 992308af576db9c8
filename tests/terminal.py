"""A real terminal for tests: runs a program on a pty, answers little, keeps every byte it wrote."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import pyte

PATIENCE = 30.0

# In-band resize reports: whoever offers them makes Textual switch on more modes than it switches off.
_ASKS_FOR_RESIZES = b"\x1b[?2048$p"
_HAS_RESIZES = b"\x1b[?2048;2$y"


@dataclass
class Terminal:
    """One program on one pty.

    Args:
        command: What to run.
        environ: Its environment.
        columns: Width.
        lines: Height.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    columns: int = 80
    lines: int = 24
    written: bytearray = field(default_factory=bytearray)

    def __enter__(self) -> Terminal:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.lines, self.columns, 0, 0))
        self.modes_before: list[Any] = termios.tcgetattr(slave)
        self._slave: int | None = slave
        self._screen = pyte.Screen(self.columns, self.lines)
        self._stream = pyte.ByteStream(self._screen)
        self.process = subprocess.Popen(
            self.command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(self.environ),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()

    @property
    def text(self) -> str:
        """What a person would see."""
        # Not pyte's own `display`, which fails where half of a wide character was overwritten.
        rows = (self._screen.buffer[line] for line in range(self.lines))
        return "\n".join("".join(row[column].data for column in range(self.columns)) for row in rows)

    @property
    def modes(self) -> list[Any]:
        """The line's modes as the program left them."""
        assert self._slave is not None
        return termios.tcgetattr(self._slave)

    def read(self, seconds: float = 0.05) -> bool:
        """Take in what was written, waiting at most that long for more; False at the end."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65_536)
        except OSError as error:
            if error.errno == errno.EIO:
                return False
            raise
        self.written += data
        if _ASKS_FOR_RESIZES in data:
            os.write(self.master, _HAS_RESIZES)
        # pyte does not know the private kitty sequences and would print their tails.
        self._stream.feed(data.replace(b"\x1b[>25u", b"").replace(b"\x1b[<u", b""))
        return bool(data)

    def until(self, text: str) -> None:
        """Wait until the screen shows a text."""
        self._wait(lambda: text in self.text, f"{text!r} on the screen")

    def clear(self) -> None:
        """Wipe what a person would see, as a shell does that took the screen meanwhile."""
        self._screen.reset()

    def settle(self) -> None:
        """Wait until nothing more is written."""
        before = -1
        while before != len(self.written):
            before = len(self.written)
            self.read(0.1)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def exit_code(self) -> int:
        """Wait for the end; as shells report it, 128 plus the signal when one ended it."""
        self._wait(lambda: self.process.poll() is not None, "the end")
        while self.master >= 0 and select.select([self.master], [], [], 0)[0] and self.read(0):
            pass
        code = self.process.returncode
        return 128 - code if code < 0 else code

    def seconds_to_exit(self) -> float:
        """How long it took to end, from now on."""
        began = time.monotonic()
        self.exit_code()
        return time.monotonic() - began

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Take the terminal away, as a dropped line does."""
        for descriptor in (self._slave, self.master):
            if descriptor is not None and descriptor >= 0:
                os.close(descriptor)
        self._slave, self.master = None, -1

    def _wait(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"never saw {what}; the screen shows:\n{self.text}")
            if self.master < 0 or not self.read():
                time.sleep(0.005)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
