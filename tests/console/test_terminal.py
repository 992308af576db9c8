from __future__ import annotations

from dataclasses import replace

import pytest

from console.terminal import Terminal

GOOD = Terminal(
    stdin=True, stderr=True, name="xterm-256color", colours="256", encoding="utf-8", columns=80, lines=24
)


def test_a_terminal_in_utf_8_can_show_the_console() -> None:
    assert GOOD.refusal is None
    assert GOOD.advice == ()


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1", "ANSI_X3.4-1968", "unknown"])
def test_an_encoding_without_the_lines_is_refused_and_names_the_commands(encoding: str) -> None:
    terminal = replace(GOOD, encoding=encoding)
    assert encoding in str(terminal.refusal)
    assert "use the commands" in terminal.advice[0]
