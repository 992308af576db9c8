"""How the console ends when nobody presses q: SIGHUP, SIGTERM, a terminal that went away.

Textual handles none of these: killed, it leaves the terminal in mouse and alternate-screen mode; without a terminal it
spins for ever. Here every one of them is a clean exit, with a hard one behind it in case the clean one hangs.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from console.exits import HUNG_UP, TERMINATED

if TYPE_CHECKING:
    from textual.app import App

PATIENCE: Final = 0.9
"""Seconds that a clean exit may take; a write under way is settled by the server and can be asked for later."""

_CODES: Final = {signal.SIGHUP: HUNG_UP, signal.SIGTERM: TERMINATED}

PIXEL_REPORTS_OFF: Final = b"\x1b[?1016l"
"""Switched on by Textual where the terminal reports resizes in band, and never off."""

# What Textual switches on, switched off: mouse, focus, paste and resize reports, kitty keys; wrap and cursor back.
RESTORE: Final = (
    "\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2048l"
    "\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h"
)


def install(leave: Callable[[int], None], farewell: Callable[[], str]) -> None:
    """Answer SIGHUP, SIGTERM and the loss of the terminal; call in the running event loop.

    Args:
        leave: Ends the app with an exit code.
        farewell: What to leave on the terminal when the clean exit hangs.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    before = terminal_attributes()

    def end(code: int) -> None:
        force = threading.Timer(PATIENCE, _end_hard, (code, before, farewell))
        force.daemon = True
        force.start()
        leave(code)

    for number, code in _CODES.items():
        loop.add_signal_handler(number, end, code)
    if _fd_is_terminal():
        watch = threading.Thread(target=_watch_terminal, args=(loop, end), name="terminal-watch", daemon=True)
        watch.start()


def redraw_after_suspension(app: App[Any]) -> None:
    """Draw everything when `fg` brings the console back: the library clears the terminal and draws only changes.

    Args:
        app: The running app.
    """

    def redraw(_app: App[Any]) -> None:
        app.refresh(layout=True)

    app.app_resume_signal.subscribe(app, redraw)


def part_from_terminal() -> None:
    """After the app: switch off what Textual forgets, or, when the terminal is gone, stop writing to it."""
    with suppress(OSError):
        if terminal_is_gone():
            # What is still buffered would fail when the interpreter ends, and change the exit code.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        elif os.isatty(2):
            os.write(2, PIXEL_REPORTS_OFF)


def terminal_is_gone() -> bool:
    """Whether the terminal of standard input has hung up."""
    poller = select.poll()
    poller.register(0, 0)
    return any(mask & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _fd, mask in poller.poll(0))


def terminal_attributes() -> list[Any] | None:
    """The terminal's modes, to put back by hand; None without a terminal."""
    try:
        return termios.tcgetattr(0)
    except (termios.error, OSError):
        return None


def _fd_is_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False


def _watch_terminal(loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> None:
    """Sleep in the kernel until the terminal hangs up: no wake-ups while it is there."""
    poller = select.poll()
    poller.register(0, 0)
    poller.poll()
    with suppress(RuntimeError):  # the loop is closed: the console has ended already
        loop.call_soon_threadsafe(end, HUNG_UP)


def _end_hard(code: int, before: list[Any] | None, farewell: Callable[[], str]) -> None:
    """Put the terminal back without the library's help and end."""
    if not terminal_is_gone():
        with suppress(OSError):
            os.set_blocking(2, False)
            os.write(2, RESTORE.encode())
        if before is not None:
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, before)
        with suppress(OSError):
            os.write(2, farewell().encode())
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)
