"""The console's own schema: who may change what, what was changed, and who approved it.

Rows are written by the schema's functions only; here is the shape, compared with the console's migrations. The
months of `row_change` are partitions that those functions make as time goes by, and no part of it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Sequence,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, REGCLASS
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from db.models.base import NAMING, NEW_UUID, TYPES, Big, Instant, Json, shown_only

SCHEMA = "nightdesk"
_TABLE_NAME = "table_name ~ '^[^.]+[.][^.]+$'"
_SOURCE = "source in ('nightdesk', 'operator')"
_SESSION_USER = text("session_user")
_MOMENT = text("clock_timestamp()")


class Name(UserDefinedType[str]):
    """PostgreSQL's `name`: the identifier of a role."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type as DDL writes it."""
        return "name"


# SQLAlchemy reads `name` back as a string of any length, which is another type.
ischema_names["name"] = Name

RoleName = Annotated[str, "name"]


class ConsoleBase(DeclarativeBase):
    """Base of the tables in schema `nightdesk`."""

    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {**TYPES, RoleName: Name(), bytes: LargeBinary}
    shown: ClassVar[tuple[str, ...]] = ("id",)
    __repr__ = shown_only


OPERATION_NUMBER = Sequence(
    "operation_number",
    start=0,
    minvalue=0,
    data_type=BigInteger,
    metadata=ConsoleBase.metadata,
    schema=SCHEMA,
)


class Operator(ConsoleBase):
    """A person or machine that holds or held a console role."""

    __tablename__ = "operator"
    shown = ("name",)

    name: Mapped[RoleName] = mapped_column(primary_key=True)
    added_at: Mapped[Instant] = mapped_column(server_default=text("now()"))
    added_by: Mapped[RoleName] = mapped_column(server_default=_SESSION_USER)
    removed_at: Mapped[Instant | None]
    removed_by: Mapped[RoleName | None]

    __table_args__ = (
        CheckConstraint("(removed_at is null) = (removed_by is null)", name="operator_check"),
        {
            "comment": "People and machines that held a console role; a name is an audit identity and is never given "
            "to somebody else."
        },
    )


class Permission(ConsoleBase):
    """Which role may write which column."""

    __tablename__ = "permission"
    shown = ("role", "table_name", "verb", "column_name")

    role: Mapped[RoleName] = mapped_column(primary_key=True)
    table_name: Mapped[str] = mapped_column(primary_key=True)
    verb: Mapped[str] = mapped_column(primary_key=True)
    column_name: Mapped[str] = mapped_column(primary_key=True)
    approval_from_rows: Mapped[int | None]
    source: Mapped[str] = mapped_column(server_default=text("'operator'"))

    __table_args__ = (
        CheckConstraint(_TABLE_NAME, name="permission_table_name_check"),
        CheckConstraint("verb in ('insert', 'update', 'delete')", name="permission_verb_check"),
        CheckConstraint("approval_from_rows >= 1", name="permission_approval_from_rows_check"),
        CheckConstraint(_SOURCE, name="permission_source_check"),
        {
            "comment": "Which role may write which column; approval_from_rows: from how many rows a second operator "
            "must approve (null: never). A delete is allowed by the column *. source: `nightdesk install` replaces "
            "its own rows only; one that a DBA adds or updates is the operator's and wins."
        },
    )


class SecretColumn(ConsoleBase):
    """A column that no operator reads, no change names and no audit image holds."""

    __tablename__ = "secret_column"
    shown = ("table_name", "column_name")

    table_name: Mapped[str] = mapped_column(primary_key=True)
    column_name: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(server_default=text("'operator'"))

    __table_args__ = (
        CheckConstraint(_SOURCE, name="secret_column_source_check"),
        {
            "comment": "Columns that no operator reads, no change names and no audit image holds. source: as in "
            "permission; `nightdesk install` takes the right to read an operator's column too."
        },
    )


class PlatformTable(ConsoleBase):
    """A table that a change or a reveal may name."""

    __tablename__ = "platform_table"
    shown = ("table_name",)

    table_name: Mapped[str] = mapped_column(primary_key=True)
    relation: Mapped[str] = mapped_column(REGCLASS)
    source: Mapped[str] = mapped_column(server_default=text("'operator'"))

    __table_args__ = (
        CheckConstraint(_TABLE_NAME, name="platform_table_table_name_check"),
        CheckConstraint(_SOURCE, name="platform_table_source_check"),
        {
            "comment": "The tables that a change or a reveal may name, as `nightdesk install` found them. A view, a "
            "temporary table or a table made later under the same name would run its maker's functions with the "
            "owner's rights. source: as in permission."
        },
    )


class Operation(ConsoleBase):
    """One applied ChangeSet."""

    __tablename__ = "operation"
    shown = ("id", "code", "action")

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    action: Mapped[str]
    hash: Mapped[str]
    actor: Mapped[RoleName]
    requested_by: Mapped[RoleName]
    reason: Mapped[str]
    applied_at: Mapped[Instant]
    changed: Mapped[int]
    skipped: Mapped[Json] = mapped_column(server_default=text("'[]'"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("nightdesk.operation.id"))
    undoes: Mapped[UUID | None] = mapped_column(ForeignKey("nightdesk.operation.id"))
    approval_id: Mapped[UUID | None]
    console_session: Mapped[UUID]
    chain_seq: Mapped[Big]
    previous_digest: Mapped[bytes]
    images_digest: Mapped[bytes]
    digest: Mapped[bytes]

    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("console_session", "chain_seq"),
        CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name="operation_hash_check"),
        CheckConstraint("length(btrim(reason)) > 0", name="operation_reason_check"),
        CheckConstraint("changed >= 0", name="operation_changed_check"),
        CheckConstraint("chain_seq >= 1", name="operation_chain_seq_check"),
        Index("operation_applied_at_idx", "applied_at", "id"),
        Index("operation_actor_idx", "actor", "applied_at", "id"),
        Index("operation_undoes_idx", "undoes", postgresql_where=text("undoes is not null")),
        Index("operation_parent_idx", "parent_id", postgresql_where=text("parent_id is not null")),
        {"comment": "One row an applied ChangeSet. Append-only; digests chain per console session."},
    )


class RowImage(ConsoleBase):
    """One row that an operation changed, before and after."""

    __tablename__ = "row_change"
    shown = ("operation_id", "seq", "table_name", "verb")

    operation_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    applied_at: Mapped[Instant] = mapped_column(primary_key=True)
    unit: Mapped[str]
    table_name: Mapped[str]
    verb: Mapped[str]
    key: Mapped[Json]
    before: Mapped[Json | None]
    after: Mapped[Json | None]
    undoable: Mapped[bool]

    __table_args__ = (
        Index("row_change_record_idx", "table_name", "key", "applied_at"),
        {
            "postgresql_partition_by": "RANGE (applied_at)",
            "comment": "Row images as stored, by month. A month that passed its retention is dropped whole (see "
            "drop_audit_month); the digests in nightdesk.operation stay.",
        },
    )


class DroppedMonth(ConsoleBase):
    """A month of row images that retention dropped."""

    __tablename__ = "dropped_month"
    shown = ("month",)

    month: Mapped[date] = mapped_column(primary_key=True)
    dropped_at: Mapped[Instant] = mapped_column(server_default=_MOMENT)
    dropped_by: Mapped[RoleName] = mapped_column(server_default=_SESSION_USER)
    operations: Mapped[Big]
    digest: Mapped[bytes]

    __table_args__ = (
        CheckConstraint(
            "month = date_trunc('month', month::timestamp)::date", name="dropped_month_month_check"
        ),
        CheckConstraint("operations >= 0", name="dropped_month_operations_check"),
        {
            "comment": "Months of row images that retention dropped, each with one digest over its operations. "
            "Append-only; a month that is neither here nor there was destroyed."
        },
    )


class ChainHead(ConsoleBase):
    """The last link of a console session's chain."""

    __tablename__ = "chain_head"
    shown = ("console_session", "chain_seq")

    console_session: Mapped[UUID] = mapped_column(primary_key=True)
    operator: Mapped[RoleName]
    chain_seq: Mapped[Big]
    digest: Mapped[bytes]
    started_at: Mapped[Instant] = mapped_column(server_default=_MOMENT)

    __table_args__ = (
        {
            "comment": "Last link of each console session; locked last by apply_changes so that sessions never wait "
            "for each other."
        },
    )


class OperationTombstone(ConsoleBase):
    """An operation that was answered NOT DONE: a late arrival of it is refused."""

    __tablename__ = "operation_tombstone"
    shown = ("operation_id",)

    operation_id: Mapped[UUID] = mapped_column(primary_key=True)
    declared_at: Mapped[Instant] = mapped_column(server_default=_MOMENT)
    declared_by: Mapped[RoleName] = mapped_column(server_default=_SESSION_USER)

    __table_args__ = (
        {
            "comment": "Operations answered NOT DONE after a lost connection: a late arrival of the same id is refused."
        },
    )


class Batch(ConsoleBase):
    """An operation larger than one statement may hold, by the hashes of its parts."""

    __tablename__ = "batch"
    shown = ("operation_id",)

    operation_id: Mapped[UUID] = mapped_column(primary_key=True)
    hash: Mapped[str]
    part_hashes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rows: Mapped[int]

    __table_args__ = (
        CheckConstraint("array_length(part_hashes, 1) >= 1", name="batch_part_hashes_check"),
        CheckConstraint("rows >= 1", name="batch_rows_check"),
        {
            "comment": "Operations larger than one statement may hold: the parts that its hash covers, each applied "
            "as a child operation."
        },
    )


class Approval(ConsoleBase):
    """A request that a second operator approve exactly these changes."""

    __tablename__ = "approval"
    shown = ("id", "action", "approved")

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_UUID)
    hash: Mapped[str]
    action: Mapped[str]
    changes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rows: Mapped[int]
    reason: Mapped[str]
    requested_by: Mapped[RoleName] = mapped_column(server_default=_SESSION_USER)
    requested_at: Mapped[Instant] = mapped_column(server_default=_MOMENT)
    expires_at: Mapped[Instant]
    decided_by: Mapped[RoleName | None]
    decided_at: Mapped[Instant | None]
    approved: Mapped[bool | None]
    decision_reason: Mapped[str | None]
    used_by: Mapped[UUID | None]
    used_at: Mapped[Instant | None]

    __table_args__ = (
        CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name="approval_hash_check"),
        CheckConstraint("decided_by is null or decided_by <> requested_by", name="approval_needs_two"),
        CheckConstraint(
            "(decided_by is null) = (decided_at is null) and (decided_by is null) = (approved is null)",
            name="approval_check",
        ),
        CheckConstraint("used_by is null or approved", name="approval_check1"),
        Index("approval_open_idx", "hash", postgresql_where=text("used_by is null")),
        {
            "comment": "Four eyes: a second operator approves exactly the changes with this hash, once, until "
            "expires_at."
        },
    )


class Reveal(ConsoleBase):
    """Masked personal data that was shown to an operator."""

    __tablename__ = "reveal"
    shown = ("id", "operator", "table_name", "column_name")

    id: Mapped[Big] = mapped_column(Identity(always=True), primary_key=True)
    operator: Mapped[RoleName] = mapped_column(server_default=_SESSION_USER)
    revealed_at: Mapped[Instant] = mapped_column(server_default=_MOMENT)
    console_session: Mapped[UUID | None]
    table_name: Mapped[str]
    key: Mapped[Json]
    column_name: Mapped[str]
    reason: Mapped[str]

    __table_args__ = ({"comment": "Every time masked personal data was shown to an operator. Append-only."},)


CONSOLE = ConsoleBase.metadata
