"""Guards of the command line: what leaves it, and what it refuses."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "no cell of a spreadsheet is a formula",
        "console/cli/output.py",
        'return f"\'{text}" if',
        "return text if",
        "tests/console/test_cli_output.py::test_no_cell_of_a_spreadsheet_is_a_formula",
    ),
    Mutant(
        "JSON escapes everything beyond printable ASCII",
        "console/cli/output.py",
        "json.dumps(_plain(document), ensure_ascii=True, indent=2)",
        "json.dumps(_plain(document), ensure_ascii=False, indent=2)",
        "tests/console/test_cli_output.py::test_json_is_printable_ascii_and_gives_the_text_back",
    ),
    Mutant(
        "a crash report is private",
        "console/crash.py",
        "os.O_NOFOLLOW, 0o600)",
        "os.O_NOFOLLOW, 0o644)",
        "tests/console/test_crash.py::test_a_report_is_private_and_its_path_is_said",
    ),
    Mutant(
        "a crash report shows the first line of a message only",
        "console/crash.py",
        "visible(redact(lines[0]), limit=_MESSAGE_LIMIT)",
        "visible(redact(str(error)), limit=_MESSAGE_LIMIT)",
        "tests/console/test_crash.py::test_a_crash_names_no_local_and_no_detail_of_the_server",
    ),
    Mutant(
        "the console needs a terminal",
        "console/start.py",
        "    if refusal is not None:",
        "    if False:",
        "tests/console/test_cli_main.py::test_without_a_terminal_the_commands_are_named",
    ),
)
