"""Changes and audit: roles, permissions, the apply function and the append-only record of what it did.

Create Date: 2026-01-12
"""

from __future__ import annotations

from pathlib import Path

from alembic import context, op
from sqlalchemy import text

revision = "c001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).with_name("c001_sql")


def upgrade() -> None:
    """Create everything in one transaction: there is no half-applied state to converge from."""
    for file in sorted(_SQL.glob("*.sql")):
        _run(file)


def downgrade() -> None:
    """Drop what is in the schema but its version table; the cluster's roles are left to `nightdesk uninstall`."""
    _run(_SQL / "downgrade" / "drop_everything.sql")


def _run(file: Path) -> None:
    sql = file.read_text()
    if context.is_offline_mode():
        # Written as it stands: compiled as a statement, its percent signs would be doubled for a driver.
        op.get_context().impl.static_output(sql)
        return
    # A colon in SQL is not a bind parameter here, and a whole file is one statement for the driver.
    op.execute(text(sql.replace(":", "\\:")))
