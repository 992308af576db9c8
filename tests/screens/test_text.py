from __future__ import annotations

from screens.text import ALTERED, plain


def test_markup_stays_text() -> None:
    content = plain("[@click=app.quit]bob[/]", "$error")
    assert content.plain == "[@click=app.quit]bob[/]"
    assert [span.style for span in content.spans] == ["$error"]


def test_spelled_out_parts_have_their_own_style() -> None:
    assert [span.style for span in plain("a\x1bb", "bold").spans] == ["bold", ALTERED, "bold"]
