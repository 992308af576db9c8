from __future__ import annotations

from db.changes import Verb
from db.models import PLATFORM
from db.operators.rights import EVERY_COLUMN, OPERATOR_FUNCTIONS, RIGHTS, WORKER_FUNCTIONS


def test_every_table_of_the_platform_has_rights_and_no_other() -> None:
    assert set(RIGHTS) == {table.name for table in PLATFORM.tables.values()}


def test_rights_name_columns_that_the_platform_has_or_had() -> None:
    gone = {("sessions", "accessToken")}  # dropped by 0007; secret while it is there
    unknown = {
        (name, column)
        for name, rights in RIGHTS.items()
        for column in (
            *rights.secret,
            *rights.personal,
            *(c for write in rights.writes for c in write.columns),
        )
        if column not in PLATFORM.tables[name].columns and column != "*"
    }
    assert unknown == gone


def test_only_deletes_and_whole_rows_leave_columns_unnamed() -> None:
    unnamed = {
        (name, write.verb)
        for name, rights in RIGHTS.items()
        for write in rights.writes
        if write.columns == EVERY_COLUMN and write.verb is Verb.UPDATE
    }
    assert {name for name, _ in unnamed} <= {"subscriptions", "credits", "payments", "invoices"}


def test_granted_functions_are_part_of_the_platform() -> None:
    from pathlib import Path

    import migrations

    directory = Path(migrations.__file__).parent / "platform" / "versions" / "0005_functions"
    made = {file.stem for file in directory.glob("*.sql")}
    assert {*WORKER_FUNCTIONS, *OPERATOR_FUNCTIONS} <= made
