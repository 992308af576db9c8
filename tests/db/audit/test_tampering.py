"""The audit is clean after many operations, and every kind of tampering by its owner is found and named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from db.audit import Finding, drop_month, read_heads, verify
from db.changes import OnConflict, Receipt, RowChange, Unit, apply, undo_plan
from db.errors import NightdeskError, PermissionDenied, Refused
from tests.db.changes.ground import Connection, do, one, plan_of, plan_of_units, rows, seen_by, unguarded

SESSION = UUID("5e551000-0000-4000-8000-000000000000")


@pytest.fixture
def chain(support: Connection) -> tuple[Receipt, ...]:
    """Four operations of two rows each in one console session."""
    return tuple(
        apply(
            support,
            plan_of_units(
                support,
                *(
                    Unit(
                        id=f"u{m}",
                        changes=(RowChange.insert("thing", key={"id": f"t{n}{m}"}, after={"note": "a"}),),
                    )
                    for m in range(2)
                ),
            ),
            operation_id=uuid4(),
            reason=f"operation {n}",
            console_session=SESSION,
        )
        for n in range(4)
    )


def problems(owner: Connection) -> list[tuple[str | None, str]]:
    """What one statement finds; slices of whatever size find the same."""
    found = rows(owner, "select * from nightdesk.verify_audit()")
    for size in (1, 5, 20_000):
        sliced = verify(owner, slice_rows=size).findings
        assert sorted(map(str, sliced)) == sorted(str(Finding(*row)) for row in found)
    return [(code, problem) for _, code, problem in found]


def tamper(owner: Connection, statement: str, *arguments: object) -> None:
    with unguarded(owner):
        done = owner.execute(statement, arguments)
        assert done.rowcount > 0


def test_a_chain_that_nobody_touched_is_clean(chain: tuple[Receipt, ...], owner: Connection) -> None:
    assert problems(owner) == []
    assert [receipt.changed for receipt in chain] == [2, 2, 2, 2]


IMAGE_CHANGES = (
    """after = after || '{"note": "forged"}'""",
    """before = '{"note": "forged"}'""",
    """key = '{"id": "forged"}'""",
    "unit = 'forged'",
    "table_name = 'public.forged'",
    "verb = 'delete'",
    "undoable = not undoable",
    "seq = seq + 10",
)


@pytest.mark.parametrize("change", IMAGE_CHANGES)
def test_an_altered_image_is_found(change: str, chain: tuple[Receipt, ...], owner: Connection) -> None:
    tamper(
        owner,
        f"update nightdesk.row_change set {change} where operation_id = %s and seq = 1",
        chain[1].operation_id,
    )
    assert problems(owner) == [(chain[1].code, "its row images were altered")]


HEADER_CHANGES = (
    "reason = 'forged'", "actor = 'forged'", "requested_by = 'forged'", "action = 'forged'", "code = 'ND-FORGED'",
    "hash = repeat('0', 64)", "applied_at = applied_at + interval '1 microsecond'", "changed = 7", "skipped = '[1]'",
    "approval_id = gen_random_uuid()", "images_digest = ''", "digest = ''",
    "undoes = (select id from nightdesk.operation where chain_seq = 1)",
    "parent_id = (select id from nightdesk.operation where chain_seq = 1)",
)  # fmt: skip


@pytest.mark.parametrize("change", HEADER_CHANGES)
def test_an_altered_header_is_found(change: str, chain: tuple[Receipt, ...], owner: Connection) -> None:
    tamper(owner, f"update nightdesk.operation set {change} where id = %s", chain[1].operation_id)
    code = "ND-FORGED" if change.startswith("code") else chain[1].code
    assert (code, "the operation was altered") in problems(owner)


def test_a_header_with_its_digest_made_anew_breaks_the_chain_after_it(
    chain: tuple[Receipt, ...], owner: Connection
) -> None:
    tamper(owner, "update nightdesk.operation set reason = 'forged' where id = %s", chain[1].operation_id)
    tamper(
        owner,
        "update nightdesk.operation o set digest = nightdesk.operation_digest(o) where id = %s",
        chain[1].operation_id,
    )
    assert problems(owner) == [(chain[2].code, "it does not follow the operation before it")]


def test_a_middle_operation_that_is_gone_is_found(chain: tuple[Receipt, ...], owner: Connection) -> None:
    tamper(owner, "delete from nightdesk.operation where id = %s", chain[1].operation_id)
    assert (chain[2].code, "links 2 to 2 of its console session are missing") in problems(owner)
    assert (None, "row images without an operation") in problems(owner)


def test_a_first_operation_that_is_gone_is_found(chain: tuple[Receipt, ...], owner: Connection) -> None:
    tamper(owner, "delete from nightdesk.operation where id = %s", chain[0].operation_id)
    assert (chain[1].code, "operations before link 2 of its console session are missing") in problems(owner)


def test_a_tail_that_is_gone_is_found(chain: tuple[Receipt, ...], owner: Connection) -> None:
    tamper(owner, "delete from nightdesk.row_change where operation_id = %s", chain[3].operation_id)
    tamper(owner, "delete from nightdesk.operation where id = %s", chain[3].operation_id)
    assert problems(owner) == [(chain[2].code, "operations after it are missing")]


def test_images_that_are_gone_or_added_are_found(chain: tuple[Receipt, ...], owner: Connection) -> None:
    tamper(
        owner, "delete from nightdesk.row_change where operation_id = %s and seq = 1", chain[0].operation_id
    )
    tamper(owner, "delete from nightdesk.row_change where operation_id = %s", chain[1].operation_id)
    forged = (
        "insert into nightdesk.row_change select operation_id, seq + %s, applied_at + %s::interval, unit, table_name, verb,"
        " key, before, after, undoable from nightdesk.row_change where operation_id = %s and seq = 1"
    )
    tamper(owner, forged, 5, "0", chain[2].operation_id)
    tamper(owner, forged, 0, "1 second", chain[3].operation_id)
    assert set(problems(owner)) == {
        *((chain[n].code, "its row images were altered") for n in range(3)),
        (None, "row images without an operation"),
    }


def test_a_forged_image_of_another_moment_is_shown_by_nothing(
    chain: tuple[Receipt, ...], owner: Connection, support: Connection
) -> None:
    owner.execute(
        "insert into nightdesk.row_change select operation_id, seq, applied_at + interval '1 second', unit, table_name,"
        """ verb, key, before, '{"note": "forged"}', undoable from nightdesk.row_change"""
    )
    history = "select after ->> 'note' from nightdesk.record_history('public.thing', '{\"id\": \"t10\"}')"
    assert rows(support, history) == [("a",)]


def test_a_whole_session_that_is_gone_is_found(chain: tuple[Receipt, ...], owner: Connection) -> None:
    tamper(owner, "delete from nightdesk.row_change")
    tamper(owner, "delete from nightdesk.operation")
    assert problems(owner) == [
        (None, f"every operation of console session {SESSION} of test_support is missing")
    ]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("update nightdesk.chain_head set digest = ''", "operations after it are missing"),
        ("update nightdesk.chain_head set chain_seq = 9", "operations after it are missing"),
        ("update nightdesk.chain_head set operator = 'forged'", "its console session belongs to forged"),
        ("delete from nightdesk.chain_head", "its console session is not known"),
    ],
)
def test_an_altered_head_is_found(
    statement: str, told: str, chain: tuple[Receipt, ...], owner: Connection
) -> None:
    tamper(owner, statement)
    assert (chain[3].code, told) in problems(owner)


def test_two_operations_in_another_order_are_found(chain: tuple[Receipt, ...], owner: Connection) -> None:
    tamper(
        owner,
        "update nightdesk.operation set chain_seq = case chain_seq when 2 then 103 else 102 end where chain_seq in (2, 3)",
    )
    tamper(owner, "update nightdesk.operation set chain_seq = chain_seq - 100 where chain_seq > 100")
    assert {chain[1].code, chain[2].code} <= {code for code, _ in problems(owner)}


def test_an_operation_moved_to_another_session_is_found(
    chain: tuple[Receipt, ...], owner: Connection
) -> None:
    tamper(
        owner,
        "update nightdesk.operation set console_session = gen_random_uuid(), chain_seq = 1 where id = %s",
        chain[3].operation_id,
    )
    assert (chain[3].code, "the operation was altered") in problems(owner)


APPEND_ONLY = tuple(
    f"{verb.format(table=table)}"
    for table in ("operation", "row_change", "reveal")
    for verb in (
        "update nightdesk.{table} set reason = 'x'"
        if table != "row_change"
        else "update nightdesk.{table} set unit = 'x'",
        "delete from nightdesk.{table}",
        "truncate nightdesk.{table} cascade",
    )
)


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("statement", APPEND_ONLY)
def test_not_even_a_superuser_rewrites_by_accident(
    statement: str, role: str, chain: tuple[Receipt, ...], owner: Connection, support: Connection
) -> None:
    owner.execute(
        "insert into nightdesk.reveal (table_name, key, column_name, reason) values ('a', '{}', 'b', 'c')"
    )
    owner.execute(f"set session_replication_role = '{role}'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner.execute(statement)
    assert problems(owner) == []


@pytest.mark.parametrize("statement", ["update {} set unit = 'x'", "delete from {}", "truncate {}"])
def test_a_month_is_as_append_only_as_the_whole(
    statement: str, chain: tuple[Receipt, ...], owner: Connection
) -> None:
    month = one(owner, "select tableoid::regclass::text from nightdesk.row_change limit 1")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner.execute(statement.format(month))


def test_months_are_there_for_two_years_and_made_when_missing(owner: Connection) -> None:
    count = "select count(*) from pg_inherits where inhparent = 'nightdesk.row_change'::regclass"
    assert one(owner, count) >= 25
    for _ in range(2):
        owner.execute("select nightdesk.ensure_audit_partition('2099-05-17')")
    months = one(owner, count)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner.execute("truncate nightdesk.row_change_209905")
    owner.execute("drop table nightdesk.row_change_209905")
    assert months == one(owner, count) + 1


def test_a_month_dropped_by_retention_verifies_by_its_digests(
    chain: tuple[Receipt, ...], owner: Connection
) -> None:
    in_the_past(owner)
    try:
        assert problems(owner) == []
        assert drop_month(owner, OLD.date()) == 4
        assert one(owner, "select to_regclass('nightdesk.row_change_202301') is null")
        assert rows(
            owner, "select month::text, dropped_by::text, operations from nightdesk.dropped_month"
        ) == [("2023-01-01", "postgres", 4)]
        assert problems(owner) == []
        tamper(owner, "update nightdesk.operation set reason = 'forged' where chain_seq = 2")
        assert problems(owner) == [(chain[1].code, "the operation was altered")]
        tamper(owner, "delete from nightdesk.operation where chain_seq = 3")
        assert (
            None,
            "the operations of 2023-01 are not those whose row images retention dropped",
        ) in problems(owner)
    finally:
        forget_dropped(owner)


def test_a_month_that_was_destroyed_is_no_retention(chain: tuple[Receipt, ...], owner: Connection) -> None:
    in_the_past(owner)
    owner.execute("drop table nightdesk.row_change_202301")
    gone = (None, "the row images of 2023-01 are missing, and no retention dropped them")
    assert problems(owner) == [gone]
    assert [finding.problem for finding in verify(owner, since=OLD).findings] == [gone[1]]
    assert verify(owner, since=OLD + timedelta(days=60)).sound
    # Nor does a record help that says it was dropped while it was still to be kept.
    owner.execute(
        "insert into nightdesk.dropped_month select '2023-01-01', '2024-12-31', 'postgres', d.*"
        " from nightdesk.month_digest('2023-01-01') d"
    )
    try:
        assert problems(owner) == [
            (None, "the row images of 2023-01 were dropped before their retention had passed")
        ]
    finally:
        forget_dropped(owner)


def test_a_month_is_dropped_past_its_retention_only_and_by_a_dba_only(
    ground_database: str, chain: tuple[Receipt, ...], owner: Connection
) -> None:
    with seen_by(ground_database, "dba") as dba:
        with pytest.raises(Refused, match="are kept until"):
            drop_month(dba, datetime.now(UTC).date())
        with pytest.raises(Refused, match="there are no row images of 2020-02"):
            drop_month(dba, date(2020, 2, 1))
    in_the_past(owner)
    with seen_by(ground_database, "oncall") as oncall:
        with pytest.raises(PermissionDenied):
            drop_month(oncall, OLD.date())
    tamper(owner, "update nightdesk.row_change set unit = 'forged'")
    with seen_by(ground_database, "dba") as dba:
        with pytest.raises(Refused, match="2023-01 is not sound"):
            drop_month(dba, OLD.date())
    owner.execute("drop table nightdesk.row_change_202301")


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("operation", "disable trigger append_only"),
        ("operation", "enable replica trigger append_only"),
        ("operation", "enable trigger never_truncated"),
        ("row_change", "disable trigger never_truncated"),
        ("row_change_209905", "disable trigger append_only"),
        ("row_change_209905", "disable trigger never_truncated"),
        ("reveal", "disable trigger all"),
        ("dropped_month", "disable trigger append_only"),
    ],
)
def test_a_table_that_can_be_rewritten_is_named(table: str, change: str, owner: Connection) -> None:
    with owner.transaction(force_rollback=True):
        owner.execute("select nightdesk.ensure_audit_partition('2099-05-17')")
        owner.execute(f"alter table nightdesk.{table} {change}")
        told = {problem for _, problem in problems(owner)}
        trigger = "never_truncated" if "never_truncated" in change else "append_only"
        assert (
            f"nightdesk.{table} can be rewritten: its trigger {trigger} is missing, disabled or another one"
            in told
        )


def test_an_operation_deleted_between_commands_of_its_operator_leaves_a_hole(
    support: Connection, owner: Connection
) -> None:
    """Each command is a connection of its own and names no console session."""
    done = [do(support, RowChange.insert("thing", key={"id": f"t{n}"}, after={})) for n in range(3)]
    assert len({receipt.console_session for receipt in done}) == 1
    tamper(owner, "delete from nightdesk.row_change where operation_id = %s", done[1].operation_id)
    tamper(owner, "delete from nightdesk.operation where id = %s", done[1].operation_id)
    assert problems(owner) == [(done[2].code, "links 2 to 2 of its console session are missing")]


def test_nobody_begins_the_chain_that_another_falls_back_to(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    own = one(owner, "select nightdesk.own_session('test_oncall')")
    with pytest.raises(PermissionDenied, match="belongs to somebody else"):
        apply(
            support, plan_of(support, RowChange.insert("thing", key={"id": "t"}, after={})), operation_id=uuid4(),
            reason="a trap", console_session=own,
        )  # fmt: skip


def test_a_tail_cut_off_with_its_head_is_found_by_the_heads_kept_elsewhere(
    chain: tuple[Receipt, ...], owner: Connection
) -> None:
    kept = read_heads(owner).heads
    assert [(head.chain_seq, head.digest) for head in kept] == [(4, chain[3].chain_head)]
    tamper(owner, "delete from nightdesk.row_change where operation_id = %s", chain[3].operation_id)
    tamper(owner, "delete from nightdesk.operation where id = %s", chain[3].operation_id)
    owner.execute(
        "update nightdesk.chain_head set chain_seq = 3, digest = (select digest from nightdesk.operation where chain_seq = 3)"
    )
    assert verify(owner).sound
    assert [finding.problem for finding in verify(owner, kept=kept).findings] == [
        f"link 4 of console session {SESSION} of test_support is not the one kept"
    ]


def test_a_part_of_the_record_is_verified_with_its_links_to_what_was_before(
    chain: tuple[Receipt, ...], owner: Connection
) -> None:
    since = one(owner, "select applied_at from nightdesk.operation where chain_seq = 3")
    verification = verify(owner, since=since, slice_rows=1)
    assert (verification.operations, verification.sessions, verification.sound) == (2, 1, True)
    tamper(owner, "update nightdesk.operation set reason = 'forged' where chain_seq = 1")
    assert verify(owner, since=since).sound
    tamper(owner, "update nightdesk.operation set digest = '' where chain_seq = 2")
    assert [finding.problem for finding in verify(owner, since=since).findings] == [
        "it does not follow the operation before it"
    ]


OLD = datetime(2023, 1, 10, tzinfo=UTC)


def in_the_past(owner: Connection) -> None:
    """Move the chain to January 2023, whole: digests and links made anew, as if it had been done then."""
    owner.execute("select nightdesk.ensure_audit_partition(%s)", (OLD,))
    with unguarded(owner):
        for table in ("operation", "row_change"):
            owner.execute(
                f"update nightdesk.{table} set applied_at = %s::timestamptz + (applied_at - date_trunc('day', applied_at))",
                (OLD,),
            )
        for number in range(1, 5):
            owner.execute(
                "update nightdesk.operation o set previous_digest = b.digest from nightdesk.operation b"
                " where o.chain_seq = %s and b.chain_seq = o.chain_seq - 1",
                (number,),
            )
            owner.execute(
                "update nightdesk.operation o set digest = nightdesk.operation_digest(o) where chain_seq = %s",
                (number,),
            )
        owner.execute(
            "update nightdesk.chain_head h set digest = o.digest from nightdesk.operation o where o.chain_seq = 4"
        )


def forget_dropped(owner: Connection) -> None:
    owner.execute("alter table nightdesk.dropped_month disable trigger append_only")
    owner.execute("delete from nightdesk.dropped_month")
    owner.execute("alter table nightdesk.dropped_month enable always trigger append_only")


def test_the_chain_is_clean_after_many_sessions_at_once(
    ground_database: str, support: Connection, owner: Connection
) -> None:
    owner.execute("insert into thing (id) select 't' || n from generate_series(0, 4) n")

    def session(number: int) -> int:
        chain_id, done = uuid4(), 0
        with seen_by(ground_database, "support") as connection:
            for step in range(12):
                row = f"t{(number + step) % 5}"
                old = one(connection, "select note from thing where id = %s", row)
                change = RowChange.update(
                    "thing", key={"id": row}, before={"note": old}, after={"note": f"{number} {step}"}
                )
                try:
                    receipt = apply(
                        connection, plan_of(connection, change), operation_id=uuid4(), reason="many",
                        on_conflict=OnConflict.SKIP, console_session=chain_id,
                    )  # fmt: skip
                    done += 1
                    if step % 3 == 0:
                        apply(
                            connection, undo_plan(connection, receipt.code), operation_id=uuid4(), reason="undone",
                            console_session=chain_id,
                        )  # fmt: skip
                        done += 1
                except NightdeskError:
                    continue
        return done

    with ThreadPoolExecutor(5) as pool:
        done = sum(pool.map(session, range(5)))
    assert one(owner, "select count(*) from nightdesk.operation") == done > 20
    assert one(owner, "select count(distinct console_session) from nightdesk.operation") == 5
    assert problems(owner) == []


def test_verify_says_the_same_whatever_the_session_sets(
    chain: tuple[Receipt, ...], ground_database: str, owner: Connection
) -> None:
    with seen_by(ground_database, "viewer") as viewer:
        for setting in ("timezone = 'Asia/Tokyo'", "datestyle = 'SQL, DMY'", "extra_float_digits = -15"):
            viewer.execute(f"set {setting}")
        assert rows(viewer, "select * from nightdesk.verify_audit()") == []
