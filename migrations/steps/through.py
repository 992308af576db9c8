"""Going through the steps of a revision, forwards and backwards."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import psycopg
from alembic import op
from alembic.runtime.migration import MigrationContext

from migrations.steps.ground import Ground, Row, say_nothing, stand_on
from migrations.steps.step import Outcome, Step


def apply_steps(ground: Ground, steps: Sequence[Step]) -> tuple[Outcome, ...]:
    """Apply steps in order; each is skipped where it is done already.

    Args:
        ground: Where.
        steps: The steps of one revision, or a prefix of them.

    Returns:
        What each step did.

    Raises:
        Refused: An object exists with another definition; it is named.
    """
    outcomes = []
    for position, step in enumerate(steps):
        outcome = step.apply(ground, steps[position + 1 :])
        if outcome is not Outcome.DONE:
            ground.report(f"{step.label}: {outcome}")
        outcomes.append(outcome)
    return tuple(outcomes)


def revert_steps(ground: Ground, steps: Sequence[Step]) -> None:
    """Take steps back in reverse order; what is not there is left alone.

    Args:
        ground: Where.
        steps: The steps of one revision.
    """
    for step in reversed(steps):
        step.revert(ground)


def upgrade_through(steps: Sequence[Step]) -> None:
    """Apply the steps of a revision; called from its `upgrade`.

    Args:
        steps: The revision's STEPS.
    """
    context = op.get_context()
    if context.as_sql:
        for step in steps:
            for statement in step.statements():
                context.impl.static_output(f"{statement.strip()};\n")
        return
    apply_steps(_ground_of(context), steps)


def downgrade_through(steps: Sequence[Step]) -> None:
    """Take the steps of a revision back; called from its `downgrade`.

    Args:
        steps: The revision's STEPS.
    """
    revert_steps(_ground_of(op.get_context()), steps)


def _ground_of(context: MigrationContext) -> Ground:
    assert context.connection is not None
    driver: Any = context.connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    connection: psycopg.Connection[Row] = driver
    rehearsed = context.opts.get("rehearsal_of")
    if rehearsed is not None:
        return stand_on(connection, outside=nullcontext, rehearsal_of=str(rehearsed))
    report = context.opts.get("report") or say_nothing
    return stand_on(connection, outside=context.autocommit_block, report=report)
