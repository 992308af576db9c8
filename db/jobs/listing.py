"""The list of jobs, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from db.areas import Area, listed, require, withheld
from db.capabilities import Capabilities
from db.masked_text import masked_emails
from db.page import Filter, KeyType, Listing, Sort, SortColumn, filters
from db.user_names import owner_filter

STATUSES = ("pending", "processing", "completed", "failed", "cancelled")
TEXT_SHOWN = 500


class JobState(StrEnum):
    """Where a job stands: its status, with those whose worker went silent told apart."""

    PENDING = "pending"
    PROCESSING = "processing"
    STALLED = "stalled"
    """Processing, and the worker's lease has run out."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


_STATES = {state.value: state for state in JobState}


@dataclass(frozen=True)
class Job:
    """One job; None where this role may not look or the column is missing.

    Args:
        progress_message: What the worker last said, e-mail addresses in it masked.
        error: The beginning of the last error, e-mail addresses in it masked.
    """

    id: UUID
    type: str
    status: str
    state: JobState
    user_id: str | None
    priority: int | None
    progress: int | None
    progress_message: str | None
    attempts: int | None
    max_attempts: int | None
    lease_losses: int | None
    error: str | None
    worker: str | None
    scheduled_for: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def jobs(caps: Capabilities) -> Listing[Job]:
    """Declare the list for this role.

    Raises:
        Refused: The database has no job queue.
        PermissionDenied: This role may not read it.
    """
    status = require(Area.JOBS, caps)
    table = caps.table("job_queue")
    created = (SortColumn("j.created_at", KeyType.TIMESTAMPTZ), SortColumn("j.id", KeyType.UUID))
    return Listing(
        name="jobs",
        table="job_queue",
        alias="j",
        reads=listed(Area.JOBS, caps, without=("payload", "result")),
        columns=_columns(caps),
        make=_job,
        sorts=(Sort("created", created, descending=True, indexed=table.sorts_by("created_at", "id")),),
        filters=_filters(caps),
        aliases={"username": "user", "created": "age"},
        withheld=withheld(caps, "job_queue", {"user": "user_id", "error": "error_message"}),
        note=status.sentence or None,
        veil=status.veil,
    )


def _columns(caps: Capabilities) -> dict[str, str]:
    def column(name: str) -> str:
        return caps.column("job_queue", name, "j")

    plain = (
        "user_id",
        "priority",
        "progress",
        "attempts",
        "max_attempts",
        "lease_losses",
        "scheduled_for",
        "started_at",
        "finished_at",
    )
    return {
        "id": "j.id",
        "type": "j.job_type",
        "status": "j.status::text",
        "state": f"case when {_stalled(caps)} then 'stalled' else j.status::text end",
        "progress_message": f"left({column('progress_message')}::text, {TEXT_SHOWN})",
        "error": f"left({column('error_message')}::text, {TEXT_SHOWN})",
        "worker": column("worker_id"),
        "created_at": "j.created_at",
        **{name: column(name) for name in plain},
    }


def _stalled(caps: Capabilities) -> str:
    if not caps.table("job_queue").readable("lease_expires_at"):
        return "false"
    return "j.status = 'processing' and j.lease_expires_at < now()"


def _job(**values: object) -> Job:
    values["state"] = _STATES.get(str(values["state"]), JobState.UNKNOWN)
    for name in ("progress_message", "error"):
        values[name] = masked_emails(str(values[name])) if values[name] is not None else None
    return Job(**values)  # type: ignore[arg-type]


def _filters(caps: Capabilities) -> tuple[Filter, ...]:
    table = caps.table("job_queue")
    by_status = filters.under("created") if table.sorts_by("status", "created_at") else filters.never
    by_type = filters.under("created") if table.sorts_by("job_type", "created_at") else filters.never
    words = {status: f"j.status = '{status}'" for status in STATUSES}
    declared = [
        filters.choice("status", "j.status", STATUSES, carried=by_status),
        filters.state("state", {**words, "stalled": _stalled(caps)}, carried=by_status),
        filters.text("type", "j.job_type", carried=by_type),
        filters.age("age", "j.created_at", now="now()", carried=filters.under("created")),
    ]
    if table.readable("user_id"):
        by_user = filters.when(table.finds_by("user_id"))
        declared.append(owner_filter("user", "j.user_id", caps, carried=by_user))
    declared.append(filters.contains("text", "j.job_type"))
    if table.readable("error_message"):
        declared.append(filters.contains("error", "j.error_message"))
    return tuple(declared)
