"""One small hierarchy of errors; each carries a sentence an operator can act on and an exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar
from uuid import UUID


class ExitCode(IntEnum):
    """Exit codes of the command line, as the table in README explains them."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    PERMISSION = 3
    UNREACHABLE = 4
    UNKNOWN_OUTCOME = 5


class NightdeskError(Exception):
    """Base of every error that reaches an operator; str() is the sentence, code names it for machines."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED


class Refused(NightdeskError):
    """The state of the data does not allow it: a conflict, nothing to do, a failed check."""

    code = "refused"


class RowsMoved(Refused):
    """Rows or facts changed between preview and apply; nothing was written.

    Args:
        sentence: What moved, for the operator.
        moved: One entry a row or fact that no longer holds, as the database reported it.
    """

    code = "rows_moved"

    def __init__(self, sentence: str, moved: tuple[dict[str, object], ...] = ()) -> None:
        super().__init__(sentence)
        self.moved = moved


class NotFound(Refused):
    """The named record does not exist or is hidden from this role."""

    code = "not_found"


class UsageError(NightdeskError):
    """The request itself is malformed."""

    code = "usage"
    exit_code = ExitCode.USAGE


class ConfigurationError(NightdeskError):
    """A configuration file or variable is wrong; the sentence names file, key and expectation."""

    code = "configuration"
    exit_code = ExitCode.USAGE


class PermissionDenied(NightdeskError):
    """The database refuses this operator; the sentence says which right is missing."""

    code = "permission"
    exit_code = ExitCode.PERMISSION


class ApprovalNeeded(PermissionDenied):
    """A second operator must approve exactly these changes before this one may make them."""

    code = "approval_needed"


class Unreachable(NightdeskError):
    """PostgreSQL (or Stripe) cannot be reached, or is not what we support."""

    code = "unreachable"
    exit_code = ExitCode.UNREACHABLE


class OutcomeUnknown(NightdeskError):
    """The connection was lost while an operation ran and its outcome could not be read.

    Args:
        sentence: What to do next; names the operation.
        operation_id: The id to ask about with `nightdesk resolve`.
    """

    code = "outcome_unknown"
    exit_code = ExitCode.UNKNOWN_OUTCOME

    def __init__(self, sentence: str, operation_id: UUID) -> None:
        super().__init__(sentence)
        self.operation_id = operation_id
