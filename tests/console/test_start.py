from __future__ import annotations

import pytest

from console.start import Choice, bare_choice


@pytest.mark.parametrize(
    ("arguments", "choice"),
    [
        ([], Choice()),
        (["--url", "postgresql://h/db"], Choice(url="postgresql://h/db")),
        (["--env", "staging"], Choice(env="staging")),
    ],
)
def test_a_line_that_only_names_a_database_opens_the_console_at_once(
    arguments: list[str], choice: Choice
) -> None:
    assert bare_choice(arguments) == choice


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo"],
        ["--help"],
        ["--url"],
        ["--url=postgresql://h/db"],
        ["--url", "--help"],
        ["--env", "-h"],
        ["--url", "postgresql://h/db", "doctor"],
        ["--url", "postgresql://h/db", "--env", "staging"],
    ],
)
def test_every_other_line_is_read_by_click(arguments: list[str]) -> None:
    assert bare_choice(arguments) is None
