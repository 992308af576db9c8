"""The group roles of the console; light to import, because the first connection already asks for them."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Group roles of the console, without their prefix; viewer is part of support, oncall and dba."""

    VIEWER = "viewer"
    SUPPORT = "support"
    ONCALL = "oncall"
    DBA = "dba"
    WORKER = "worker"

    @property
    def group(self) -> str:
        """Name of the group role in PostgreSQL."""
        return f"nightdesk_{self.value}"


PEOPLE = tuple(role for role in Role if role is not Role.WORKER)
PEOPLE_AND_MACHINES = tuple(Role)
