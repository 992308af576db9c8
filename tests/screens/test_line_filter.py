from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import ControlType, Segment
from textual.color import Color

from db.visible import visible
from screens.line_filter import DeleteControls

BACKGROUND = Color(0, 0, 0)
any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)


def _filtered(text: str) -> str:
    return "".join(segment.text for segment in DeleteControls().apply([Segment(text)], BACKGROUND))


def test_escape_and_c1_sequences_lose_their_introducer() -> None:
    assert _filtered("a\x1b]52;c;x\x07b\x9b2Jc\u202ed\u200be") == "a]52;c;xb2Jcde"


@given(any_text)
def test_what_is_visible_passes_unchanged(text: str) -> None:
    assert _filtered(visible(text)) == visible(text)


@given(any_text)
def test_deleting_keeps_the_width(text: str) -> None:
    hidden = "\x1b\x9b\u202e\u200b"
    assert cell_len(_filtered(hidden + visible(text))) == cell_len(visible(text))


def test_control_segments_of_the_library_stay() -> None:
    control = Segment("\x1b[2J", None, [(ControlType.CLEAR,)])
    assert DeleteControls().apply([control, Segment("a\x07")], BACKGROUND) == [control, Segment("a")]
