"""The vocabulary of revisions: declared steps that can be run again over whatever a broken run left.

Rules for authors:

- Every object is named unqualified; it belongs to the schema that the line's search_path names first.
- STEPS is the whole revision. Order matters: later steps may amend what earlier ones make (add a column, fill
  it, set its default, forbid nulls), and a re-run accepts every such stage.
- Foreign keys, checks and unique keys of existing tables are `Constraint` and `Unique` steps, never part of a
  `Column`. Keys of a new table may stand in its DDL, named as the runbook names them.
- `{concurrently}` in an index text lets it be built outside the transaction when the table has rows.
- Before `DropColumn`, drop its indexes and constraints by steps of their own: a downgrade restores them.
- `upgrade` and `downgrade` of a revision are one line each: `upgrade_through(STEPS)`, `downgrade_through(STEPS)`.
"""

from __future__ import annotations

from migrations.steps.code import Function, Trigger, View
from migrations.steps.column import Column, Default, DropColumn, NotNull, RenameColumn
from migrations.steps.constraint import Constraint, DropConstraint, RenameConstraint, Unique
from migrations.steps.data import Backfill, Rows
from migrations.steps.ensure import Ensure, Requires
from migrations.steps.ground import Ground, stand_on
from migrations.steps.index import DropIndex, Index, RenameIndex
from migrations.steps.kinds import Enum, EnumValue, Extension, Sequence
from migrations.steps.policy import Policy, RowSecurity
from migrations.steps.step import Outcome, Step
from migrations.steps.table import Table
from migrations.steps.through import apply_steps, downgrade_through, revert_steps, upgrade_through

__all__ = [
    "Backfill",
    "Column",
    "Constraint",
    "Default",
    "DropColumn",
    "DropConstraint",
    "DropIndex",
    "Ensure",
    "Enum",
    "EnumValue",
    "Extension",
    "Function",
    "Ground",
    "Index",
    "NotNull",
    "Outcome",
    "Policy",
    "RenameColumn",
    "RenameConstraint",
    "RenameIndex",
    "Requires",
    "RowSecurity",
    "Rows",
    "Sequence",
    "Step",
    "Table",
    "Trigger",
    "Unique",
    "View",
    "apply_steps",
    "downgrade_through",
    "revert_steps",
    "stand_on",
    "upgrade_through",
]
