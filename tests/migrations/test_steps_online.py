"""Steps over tables in use: concurrent builds, leftovers of broken builds, batches."""

from __future__ import annotations

import threading
from dataclasses import replace

import psycopg
import pytest

from db.errors import Refused
from migrations.steps import Backfill, Constraint, Index, Outcome, Unique, apply_steps, revert_steps
from migrations.steps.data import BATCH_ROWS
from tests.migrations.standing import rows, run, standing

NAME_IDX = Index("pets_name_idx", "pets", "create unique index {concurrently} pets_name_idx on pets (name)")
VALIDITY = "select indisvalid and indisready from pg_index where indexrelid = 'pets_name_idx'::regclass"


def wait_until(conninfo: str, sql: str) -> None:
    """Ask until the query returns a row; the statement timeout of the whole test run bounds it."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for _ in range(20_000):
            if connection.execute(sql.encode()).fetchone() is not None:
                return
    raise AssertionError(f"never true: {sql}")


@pytest.fixture
def pets(empty_database: str) -> str:
    run(empty_database, "create table pets (id text primary key, name text, owner text)")
    run(empty_database, "insert into pets values ('1', 'Rex', 'a'), ('2', 'Tom', 'a')")
    return empty_database


def leave_invalid(conninfo: str) -> None:
    """Break a concurrent unique build over duplicates, then remove the duplicates."""
    run(conninfo, "insert into pets values ('3', 'Rex', 'b')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(conninfo, "create unique index concurrently pets_name_idx on pets (name)")
    run(conninfo, "delete from pets where id = '3'")
    assert rows(conninfo, VALIDITY) == [(False,)]


def test_invalid_leftover_is_dropped_and_rebuilt(pets: str) -> None:
    leave_invalid(pets)
    with standing(pets) as ground:
        assert apply_steps(ground, (NAME_IDX,)) == (Outcome.HEALED,)
    assert rows(pets, VALIDITY) == [(True,)]
    with standing(pets) as ground:
        assert apply_steps(ground, (NAME_IDX,)) == (Outcome.ALREADY,)


def test_invalid_leftover_of_a_unique_key_is_rebuilt_and_attached(pets: str) -> None:
    leave_invalid(pets)
    with standing(pets) as ground:
        apply_steps(ground, (Unique("pets", "pets_name_idx", ("name",)),))
    assert rows(pets, "select contype::text from pg_constraint where conname = 'pets_name_idx'") == [("u",)]
    assert rows(pets, VALIDITY) == [(True,)]


def test_index_left_before_it_was_attached_is_used(pets: str) -> None:
    run(pets, "create unique index concurrently pets_name_idx on pets (name)")
    before = rows(pets, "select 'pets_name_idx'::regclass::oid")
    with standing(pets) as ground:
        apply_steps(ground, (Unique("pets", "pets_name_idx", ("name",)),))
    assert rows(pets, "select conindid from pg_constraint where conname = 'pets_name_idx'") == before


def test_foreign_index_under_the_name_of_a_unique_key_is_refused(pets: str) -> None:
    run(pets, "create unique index pets_name_idx on pets (owner, name)")
    with pytest.raises(Refused, match="pets_name_idx"), standing(pets) as ground:
        apply_steps(ground, (Unique("pets", "pets_name_idx", ("name",)),))
    assert rows(pets, "select conname from pg_constraint where conname = 'pets_name_idx'") == []


@pytest.mark.parametrize("step", [NAME_IDX, Unique("pets", "pets_name_idx", ("name",))], ids=["index", "key"])
def test_duplicates_are_refused_and_leave_nothing_invalid(pets: str, step: Index | Unique) -> None:
    run(pets, "insert into pets values ('3', 'Rex', 'b')")
    with pytest.raises(Refused, match="not unique"), standing(pets) as ground:
        apply_steps(ground, (step,))
    assert rows(pets, "select from pg_class where relname = 'pets_name_idx'") == []


def test_index_over_rows_is_built_without_blocking_writers(pets: str) -> None:
    """A writer in an open transaction would make a plain CREATE INDEX wait; a concurrent one waits, too, but
    lets further writers pass."""
    with psycopg.connect(pets) as writer, psycopg.connect(pets, autocommit=True) as other:
        writer.execute("insert into pets values ('9', 'Kim', 'a')")
        done: list[Outcome] = []

        def build() -> None:
            with standing(pets) as ground:
                done.extend(apply_steps(ground, (NAME_IDX,)))

        thread = threading.Thread(target=build)
        thread.start()
        wait_until(
            pets, "select from pg_stat_progress_create_index where command = 'CREATE INDEX CONCURRENTLY'"
        )
        other.execute("set lock_timeout = '10s'")
        other.execute("insert into pets values ('10', 'Sam', 'a')")
        assert done == []
        writer.commit()
        thread.join()
        assert done == [Outcome.DONE]
    assert rows(pets, VALIDITY) == [(True,)]


def test_index_that_another_session_is_building_is_not_dropped(pets: str) -> None:
    with psycopg.connect(pets) as writer:
        writer.execute("insert into pets values ('9', 'Kim', 'a')")
        thread = threading.Thread(
            target=run, args=(pets, "create unique index concurrently pets_name_idx on pets (name)")
        )
        thread.start()
        wait_until(pets, "select from pg_stat_progress_create_index where index_relid <> 0")
        with pytest.raises(Refused, match="is being built by process"), standing(pets) as ground:
            apply_steps(ground, (NAME_IDX,))
        writer.commit()
        thread.join()
    assert rows(pets, VALIDITY) == [(True,)]


def test_waiting_too_long_for_other_transactions_is_refused_and_the_next_run_heals(
    pets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrations.steps.index._WAIT_BUDGET", "50ms")
    with psycopg.connect(pets) as writer:
        writer.execute("insert into pets values ('9', 'Kim', 'a')")
        with pytest.raises(Refused, match=r"pets_name_idx .* stayed open"), standing(pets) as ground:
            apply_steps(ground, (NAME_IDX,))
        writer.commit()
    assert rows(pets, VALIDITY) == [(False,)]
    with standing(pets) as ground:
        assert apply_steps(ground, (NAME_IDX,)) == (Outcome.HEALED,)
    assert rows(pets, VALIDITY) == [(True,)]


def test_session_limits_are_restored_after_a_build(pets: str) -> None:
    with standing(pets) as ground:
        ground.rows(
            "select set_config('lock_timeout', '1234ms', false), set_config('statement_timeout', '7s', false)"
        )
        apply_steps(ground, (NAME_IDX,))
        shown = ground.rows("select current_setting('lock_timeout'), current_setting('statement_timeout')")
    assert shown == [("1234ms", "7s")]


def test_foreign_key_that_was_never_validated_is_finished(pets: str) -> None:
    run(pets, "create table owners (id text primary key)")
    run(pets, "insert into owners values ('a')")
    run(
        pets,
        "alter table pets add constraint pets_owner_fkey foreign key (owner) references owners not valid",
    )
    step = Constraint("pets", "pets_owner_fkey", "foreign key (owner) references owners (id)")
    with standing(pets) as ground:
        assert apply_steps(ground, (step,)) == (Outcome.HEALED,)
    assert rows(pets, "select convalidated from pg_constraint where conname = 'pets_owner_fkey'") == [(True,)]


def test_never_validated_key_with_another_rule_is_refused(pets: str) -> None:
    run(pets, "create table owners (id text primary key)")
    run(
        pets,
        "alter table pets add constraint pets_owner_fkey foreign key (owner) references owners not valid",
    )
    step = Constraint(
        "pets", "pets_owner_fkey", "foreign key (owner) references owners (id) on delete cascade"
    )
    with pytest.raises(Refused, match="pets_owner_fkey"), standing(pets) as ground:
        apply_steps(ground, (step,))


def backfill(
    statement: str = "update pets set owner = 'nobody' from batch where pets.id = batch.id",
) -> Backfill:
    return Backfill("pets", key="id", where="owner is null and name not like '%skip'", statement=statement)


def test_backfill_fills_only_what_was_never_set_in_batches(pets: str) -> None:
    run(
        pets,
        f"insert into pets select 'n' || lpad(n::text, 6, '0'), 'x' || n, null from generate_series(1, {2 * BATCH_ROWS + 7}) n",
    )
    run(pets, "insert into pets values ('z', 'to skip', null)")
    told: list[str] = []
    with standing(pets) as ground:
        outcomes = apply_steps(replace(ground, report=told.append), (backfill(),))
    assert outcomes == (Outcome.DONE,)
    assert [line for line in told if "rows" in line] == [
        f"back-fill of pets: {rows_done:,} rows"
        for rows_done in (BATCH_ROWS, 2 * BATCH_ROWS, 2 * BATCH_ROWS + 7)
    ]
    assert rows(pets, "select owner, count(*) from pets group by 1 order by 1") == [
        ("a", 2),
        ("nobody", 2 * BATCH_ROWS + 7),
        (None, 1),
    ]
    # Each batch was a transaction of its own.
    assert rows(pets, "select count(distinct xmin::text) from pets where owner = 'nobody'") == [(3,)]
    with standing(pets) as ground:
        assert apply_steps(ground, (backfill(),)) == (Outcome.ALREADY,)


def test_backfill_ends_when_rows_keep_matching(pets: str) -> None:
    run(pets, "update pets set owner = null")
    useless = backfill("update pets set name = name || '!' from batch where pets.id = batch.id")
    with standing(pets) as ground:
        apply_steps(ground, (useless,))
    assert rows(pets, "select name from pets order by id") == [("Rex!",), ("Tom!",)]


def test_backfill_of_a_column_that_is_gone_is_skipped(pets: str) -> None:
    gone = Backfill("pets", key="id", where="wings is null", statement="select 1", needs_column="wings")
    with standing(pets) as ground:
        assert apply_steps(ground, (gone,)) == (Outcome.SKIPPED,)


def test_what_a_backfill_committed_survives_a_later_failure(pets: str) -> None:
    run(pets, "update pets set owner = null")
    failing = Index("pets_nothing_idx", "pets", "create index pets_nothing_idx on pets (nothing)")
    with pytest.raises(psycopg.errors.UndefinedColumn), standing(pets) as ground:
        apply_steps(ground, (backfill(), failing))
    assert rows(pets, "select distinct owner from pets") == [("nobody",)]


def test_reverting_an_index_over_rows_drops_it_concurrently(pets: str) -> None:
    """A plain DROP INDEX would wait for the reader's lock on the table; CONCURRENTLY waits without blocking."""
    with standing(pets) as ground:
        apply_steps(ground, (NAME_IDX,))
    with psycopg.connect(pets) as reader, psycopg.connect(pets, autocommit=True) as other:
        reader.execute("select count(*) from pets")

        def drop() -> None:
            with standing(pets) as ground:
                revert_steps(ground, (NAME_IDX,))

        thread = threading.Thread(target=drop)
        thread.start()
        wait_until(
            pets,
            "select from pg_stat_activity where query ilike 'drop index concurrently%' and state = 'active'",
        )
        other.execute("set lock_timeout = '10s'")
        other.execute("insert into pets values ('10', 'Sam', 'a')")
        reader.rollback()
        thread.join()
    assert rows(pets, "select from pg_class where relname = 'pets_name_idx'") == []
