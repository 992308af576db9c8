"""One record in full: grouped fields, wrapped text, JSON as it is stored."""

from __future__ import annotations

from screens.detail.fields import NOTHING, Document, Field, Group, Section, hidden_note
from screens.detail.pane import DetailPane

__all__ = ["NOTHING", "DetailPane", "Document", "Field", "Group", "Section", "hidden_note"]
