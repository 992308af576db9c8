"""Who did what: the append-only record of operations, read, verified and exported."""

from __future__ import annotations

from db.audit.heads import Head, Heads, parse_heads, read_heads
from db.audit.listing import AuditEntry, operations
from db.audit.retention import drop_month
from db.audit.verify import Finding, Verification, verify

__all__ = [
    "AuditEntry",
    "Finding",
    "Head",
    "Heads",
    "Verification",
    "drop_month",
    "operations",
    "parse_heads",
    "read_heads",
    "verify",
]
