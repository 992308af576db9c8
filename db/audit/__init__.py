"""Who did what: the append-only record of operations, read, verified and exported."""

from __future__ import annotations

from db.audit.listing import AuditEntry, operations
from db.audit.verify import Finding, Verification, verify

__all__ = ["AuditEntry", "Finding", "Verification", "operations", "verify"]
