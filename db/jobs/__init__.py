"""The job queue."""

from __future__ import annotations

from db.jobs.listing import Job, JobState, jobs

__all__ = ["Job", "JobState", "jobs"]
