"""The database of the change tests: tables of every kind, audited."""

from __future__ import annotations

from tests.db.changes.conftest import _database_of_the_module, ground_database, owner, support

__all__ = ["_database_of_the_module", "ground_database", "owner", "support"]
