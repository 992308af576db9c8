"""How a confirmation shares the height of its terminal: what is decided stays in view, what is read scrolls."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len
from textual.geometry import Size

SMALLEST: Final = Size(60, 15)
"""Below this a change and its reason cannot be read together, and nothing may be confirmed."""

TOO_SMALL: Final = f"terminal too small to confirm: {SMALLEST.width}×{SMALLEST.height} at least"

ROOMY: Final = 20
"""Lines from which blank lines may set the parts of a dialog apart."""

FRAME: Final = 2
"""Lines of the dialog's border."""


def too_small(size: Size) -> bool:
    """Whether a terminal of this size shows too little to decide by."""
    return size.width < SMALLEST.width or size.height < SMALLEST.height


def shortened(text: str, width: int) -> str:
    """The text, or both its ends when it is wider than the line: a broken hash cannot be compared."""
    if cell_len(text) <= width:
        return text
    tail = max(1, (width - 1) // 3)
    return f"{text[: max(1, width - 1 - tail)]}…{text[-tail:]}"
