"""Who may do what: group roles, operators, and the grants that `nightdesk install` makes."""

from __future__ import annotations

from db.operators.installation import install, sync_rights, uninstall
from db.operators.people import Operator, add, listing, remove
from db.operators.rights import Role

__all__ = ["Operator", "Role", "add", "install", "listing", "remove", "sync_rights", "uninstall"]
