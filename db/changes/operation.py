"""Looking operations up: by id or by short code, with their row images."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.changes.apply import Connection
from db.changes.receipt import Receipt, read_receipt
from db.errors import NotFound, UsageError
from db.verb import Verb

_CODE = re.compile(r"(?:ND-?)?([0-9A-HJKMNP-TV-Z]{4,})", re.ASCII)


@dataclass(frozen=True)
class RowImage:
    """One written row as the audit holds it; a value of {"$hidden": 1} may not be read by this operator."""

    seq: int
    unit: str
    table: str
    verb: Verb
    key: Mapping[str, str]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    undoable: bool


@dataclass(frozen=True)
class Operation:
    """A recorded operation with its images and what was taken back of it.

    Args:
        undos: Codes of the operations that took rows of it back, oldest first.
        remaining: The images that none of them covers: an undo may have left units out.
    """

    receipt: Receipt
    images: tuple[RowImage, ...]
    undos: tuple[str, ...]
    remaining: tuple[RowImage, ...]

    @property
    def undone_by(self) -> str | None:
        """The operations that took it back, in words; None if none did."""
        if not self.undos:
            return None
        return ", ".join(self.undos) + (" (partly)" if self.remaining else "")


def normalize_reference(reference: str) -> UUID | str:
    """Read an operation id or code as people type it (lower case, O for 0, I or L for 1).

    Raises:
        UsageError: It is neither.
    """
    text = reference.strip()
    try:
        return UUID(text)
    except ValueError:
        pass
    head, _, tail = text.upper().rpartition("-")
    code = _CODE.fullmatch((head + "-" if head else "") + tail.translate(str.maketrans("OIL", "011")))
    if code is None:
        raise UsageError("name an operation by its id or its code, such as ND-7F3K")
    return f"ND-{code[1]}"


def find_operation(connection: Connection, reference: str) -> Operation:
    """Read an operation by id or code.

    Raises:
        UsageError: The reference is malformed.
        NotFound: There is no such operation here.
    """
    known = normalize_reference(reference)
    row = connection.execute(
        "select nightdesk.receipt(o.id) from nightdesk.operation o where "
        + ("o.id = %s" if isinstance(known, UUID) else "o.code = %s"),
        (known,),
    ).fetchone()
    if row is None:
        raise NotFound(f"there is no operation {known} in this database")
    receipt = read_receipt(row[0])
    images = _images(connection, receipt.operation_id)
    undos = connection.execute(
        "select id, code from nightdesk.operation where undoes = %s order by applied_at, id",
        (receipt.operation_id,),
    ).fetchall()
    covered = {_record(image) for undo, _ in undos for image in _images(connection, undo)}
    return Operation(
        receipt,
        images,
        tuple(code for _, code in undos),
        tuple(image for image in images if _record(image) not in covered),
    )


def _images(connection: Connection, operation_id: UUID) -> tuple[RowImage, ...]:
    rows = connection.execute(
        "select seq, unit, table_name, verb, key, before, after, undoable from nightdesk.operation_images(%s)",
        (operation_id,),
    ).fetchall()
    return tuple(RowImage(i[0], i[1], i[2], Verb(i[3]), i[4], i[5], i[6], i[7]) for i in rows)


def _record(image: RowImage) -> tuple[str, str]:
    return image.table, json.dumps(image.key, sort_keys=True)
