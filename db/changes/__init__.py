"""The one way operational rows change: plan, preview, apply, receipt, undo."""

from __future__ import annotations

from db.changes.apply import OnConflict, apply, begin_batch
from db.changes.changeset import ROWS_AT_MOST, ChangeSet, Guard, RowChange, RowCheck, Unit
from db.changes.diff import DiffLine, diff
from db.changes.identity import database_identity
from db.changes.operation import Operation, RowImage, find_operation
from db.changes.receipt import Outcome, Receipt, Resolution, SkippedUnit
from db.changes.resolve import deliver, resolve
from db.changes.undo import undo_plan
from db.changes.values import NOW, Now
from db.verb import Verb

__all__ = [
    "NOW",
    "ROWS_AT_MOST",
    "ChangeSet",
    "DiffLine",
    "Guard",
    "Now",
    "OnConflict",
    "Operation",
    "Outcome",
    "Receipt",
    "Resolution",
    "RowChange",
    "RowCheck",
    "RowImage",
    "SkippedUnit",
    "Unit",
    "Verb",
    "apply",
    "begin_batch",
    "database_identity",
    "deliver",
    "diff",
    "find_operation",
    "resolve",
    "undo_plan",
]
