"""A believable platform for the demo, the tests and the benches: the one place that writes its rows directly."""

from __future__ import annotations

from db.demo.seeding import DEFAULT_ROWS, SEED, seed

__all__ = ["DEFAULT_ROWS", "SEED", "seed"]
