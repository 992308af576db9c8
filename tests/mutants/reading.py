"""Guards of what is shown: pages, hidden rows, masks, and what reaches the terminal."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ROLES = "tests/db/areas/test_roles.py"
VISIBLE = "tests/db/test_visible.py"
MASKED = "tests/db/test_masked_text.py"
REVEAL = "tests/db/webhooks/test_reveal.py"
LINES = "tests/screens/test_line_filter.py"

PAGES = (
    Mutant(
        "a position belongs to its list",
        "db/page/fetch.py",
        "        listing.check(start, order)\n",
        "        pass\n",
        "tests/db/page/test_cursor.py::test_a_position_of_another_list_or_shape_is_refused",
    ),
    Mutant(
        "a typed % is a literal",
        "db/page/filters.py",
        r'.replace("%", r"\%")',
        "",
        "tests/db/page/test_filters.py::test_wildcards_typed_by_the_operator_are_literals",
    ),
    Mutant(
        "rows hidden by row security are said",
        "db/areas.py",
        "    if secured:\n",
        "    if False:\n",
        f"{ROLES}::test_hidden_rows_are_never_shown_as_none",
    ),
    Mutant(
        "a restrictive policy hides rows too",
        "db/capabilities.py",
        "                   or exists (select from applicable as p where p.polrelid = r.oid and not p.polpermissive)",
        "",
        f"{ROLES}::test_hidden_rows_are_never_shown_as_none",
    ),
)

PERSONAL = (
    Mutant(
        "payloads of events are masked",
        "db/webhooks/detail.py",
        'masked_json(values["payload"])',
        'values["payload"]',
        f"{ROLES}::test_personal_data_is_masked_for_all_and_the_viewer_is_told",
    ),
    Mutant(
        "whole objects under a personal key are masked",
        "db/masked_text.py",
        '"}" if piece == "{" else "]", inside.hides',
        '"}" if piece == "{" else "]", False',
        f"{MASKED}::test_what_names_a_person_is_masked",
    ),
    Mutant(
        "escaped e-mail addresses are masked",
        "db/masked_text.py",
        'json.loads(piece, strict=False) if "\\\\" in piece else piece[1:-1]',
        "piece[1:-1]",
        f"{MASKED}::test_what_names_a_person_is_masked",
    ),
    Mutant(
        "nothing is revealed off the record",
        "db/webhooks/detail.py",
        "    if not caps.console_installed:\n",
        "    if False:\n",
        f"{REVEAL}::test_what_cannot_be_put_on_record_is_not_revealed",
    ),
    Mutant(
        "what jobs carry is not for viewers",
        "db/operators/rights.py",
        '"job_queue": TableRights(personal=("payload", "result"))',
        '"job_queue": TableRights()',
        f"{ROLES}::test_what_jobs_and_events_carry_is_not_for_viewers",
    ),
)

TERMINAL = (
    Mutant(
        "control characters are spelled out",
        "db/visible.py",
        '    if category == "Cc":\n',
        "    if False:\n",
        f"{VISIBLE}::test_each_kind_of_character_is_shown_as_documented",
    ),
    Mutant(
        "blank characters are spelled out",
        "db/visible.py",
        "    if code in _BLANK or not",
        "    if not",
        f"{VISIBLE}::test_each_kind_of_character_is_shown_as_documented",
    ),
    Mutant(
        "reordering characters never reach the terminal",
        "screens/line_filter.py",
        '"Cc", "Cf", ',
        '"Cc", ',
        f"{LINES}::test_escape_and_c1_sequences_lose_their_introducer",
    ),
    Mutant(
        "every drawn line is filtered",
        "screens/line_filter.py",
        "        if all(control or text.isprintable() for text, _style, control in segments):\n",
        "        if True:\n",
        f"{LINES}::test_escape_and_c1_sequences_lose_their_introducer",
    ),
)

MUTANTS = (*PAGES, *PERSONAL, *TERMINAL)
