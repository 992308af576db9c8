"""Times of two things, measured alternately, so that what disturbs the machine disturbs both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence


def alternating(works: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Run each work in turn, that many rounds; return the seconds of each work in the order of the rounds."""
    seconds: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for begin in range(rounds):
        for step in range(len(works)):
            # Another one begins each round: what comes after a slow neighbour is not always the same.
            place = (begin + step) % len(works)
            began = time.perf_counter()
            works[place]()
            seconds[place].append(time.perf_counter() - began)
    return seconds


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the ratios within each round."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def spread(above: Sequence[float], below: Sequence[float]) -> str:
    """The quartiles of those ratios."""
    low, _, high = statistics.quantiles((a / b for a, b in zip(above, below, strict=True)), n=4)
    return f"[{low:.2f}..{high:.2f}]"
