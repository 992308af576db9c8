"""Every kind of step: done once, skipped when the same is there, refused by name when another is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from db.embedded.server import Server
from db.errors import Refused
from db.migration.catalog import Kind
from db.migration.fingerprint import difference
from migrations.steps import (
    Column,
    Constraint,
    Default,
    DropColumn,
    DropConstraint,
    DropIndex,
    Ensure,
    Enum,
    EnumValue,
    Extension,
    Function,
    Index,
    NotNull,
    Outcome,
    Policy,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    Requires,
    Rows,
    RowSecurity,
    Sequence,
    Step,
    Table,
    Trigger,
    Unique,
    View,
    apply_steps,
    revert_steps,
)
from tests import postgres
from tests.migrations.standing import fingerprint, rows, run, standing

GROUND = """
create type "Mood" as enum ('calm', 'hasty');
create table people (id text primary key, "fullName" text not null, age integer, mood "Mood");
create table pets (id text primary key, "ownerId" text, name text, old integer default 1);
create unique index pets_name_key on pets (name);
alter table pets add constraint pets_old_check check (old > 0);
create function stamp() returns trigger language plpgsql as $$ begin return new; end $$;
"""


@dataclass(frozen=True)
class Case:
    """One step, and SQL that makes an object of the same name with another definition (None: it has none)."""

    step: Step
    other: str | None


CASES = {
    "enum": Case(Enum("Size", ("s", "m")), """create type "Size" as enum ('m', 's')"""),
    "enum taken by a domain": Case(Enum("Size", ("s", "m")), 'create domain "Size" as text'),
    "table": Case(
        Table("cars", "create table cars (id text primary key, \"plateNo\" varchar(8) not null default 'x')"),
        "create table cars (id text primary key, \"plateNo\" varchar(9) not null default 'x')",
    ),
    "table with a column too many": Case(
        Table("cars", "create table cars (id text primary key)"),
        "create table cars (id text primary key, n integer)",
    ),
    "table without its check": Case(
        Table(
            "cars", "create table cars (id text primary key, n int, constraint cars_n_check check (n > 0))"
        ),
        "create table cars (id text primary key, n int)",
    ),
    "table taken by a view": Case(
        Table("cars", "create table cars (id text primary key)"), "create view cars as select 'x'::text as id"
    ),
    "table with storage options": Case(
        Table("cars", "create table cars (id text primary key) with (fillfactor = 80)"),
        "create table cars (id text primary key)",
    ),
    "table that refers to itself": Case(
        Table("cars", "create table cars (id text primary key, towed_by text references cars (id))"),
        "create table cars (id text primary key, towed_by text references people (id))",
    ),
    "column": Case(
        Column("people", "likesTea", "boolean not null default false"),
        'alter table people add column "likesTea" boolean not null default true',
    ),
    "column of an enum": Case(
        Column("people", "otherMood", "\"Mood\" not null default 'calm'"),
        'alter table people add column "otherMood" text',
    ),
    "generated column": Case(
        Column("people", "shout", 'text generated always as (upper("fullName")) stored'),
        'alter table people add column shout text generated always as (lower("fullName")) stored',
    ),
    "foreign key": Case(
        Constraint(
            "pets", "pets_ownerId_fkey", 'foreign key ("ownerId") references people (id) on delete cascade'
        ),
        'alter table pets add constraint "pets_ownerId_fkey" foreign key ("ownerId") references people (id)',
    ),
    "check": Case(
        Constraint("people", "people_age_check", "check (age >= 0)"),
        "alter table people add constraint people_age_check check (age > 0)",
    ),
    "unique": Case(
        Unique("pets", "pets_owner_name_key", ("ownerId", "name")),
        'alter table pets add constraint pets_owner_name_key unique (name, "ownerId")',
    ),
    "unique taken by a check": Case(
        Unique("pets", "pets_name_age_key", ("name",)),
        "alter table pets add constraint pets_name_age_key check (true)",
    ),
    "index": Case(
        Index("people_age_idx", "people", "create index {concurrently} people_age_idx on people (age)"),
        "create index people_age_idx on people (age desc)",
    ),
    "partial index": Case(
        Index(
            "people_calm_idx",
            "people",
            "create index {concurrently} people_calm_idx on people (age) where mood = 'calm'",
        ),
        "create index people_calm_idx on people (age) where mood = 'hasty'",
    ),
    "index of another table": Case(
        Index("people_age_idx", "people", "create index {concurrently} people_age_idx on people (age)"),
        "create index people_age_idx on pets (old)",
    ),
    "function": Case(
        Function(
            "twice",
            "integer",
            "create function twice(n integer) returns integer language sql immutable as $$ select n * 2 $$",
        ),
        "create function twice(n integer) returns integer language sql as $$ select n * 2 $$",
    ),
    "function that names its schema": Case(
        Function(
            "heads",
            "",
            "create function heads() returns bigint language sql security definer set search_path = pg_catalog, pg_temp "
            "as $$ select count(*) from {schema}.people $$",
        ),
        "create function heads() returns bigint language sql as $$ select 1::bigint $$",
    ),
    "trigger": Case(
        Trigger(
            "pets",
            "pets_stamp",
            "create trigger pets_stamp before update on pets for each row execute function stamp()",
        ),
        "create trigger pets_stamp after update on pets for each row execute function stamp()",
    ),
    "view": Case(
        View("adults", "create view adults as select id from people where age >= 18"),
        "create view adults as select id from people where age > 18",
    ),
    "policy": Case(
        Policy("people", "people_read", "for select to public using (age > 3)"),
        "create policy people_read on people for select to public using (age > 4)",
    ),
    "sequence": Case(Sequence("codes", "as bigint start 100"), "create sequence codes start 200"),
    "row security": Case(RowSecurity("people"), None),
    "default": Case(
        Default("pets", "old", "2", previous="1"), "alter table pets alter column old set default 7"
    ),
    "no default": Case(
        Default("pets", "old", None, previous="1"), "alter table pets alter column old set default 7"
    ),
    "not null": Case(NotNull("people", "age"), None),
    "column renamed": Case(
        RenameColumn("pets", "ownerId", "keeperId"), 'alter table pets add column "keeperId" text'
    ),
    "constraint renamed": Case(
        RenameConstraint("pets", "pets_old_check", "pets_age_check"),
        "alter table pets add constraint pets_age_check check (true)",
    ),
    "index renamed": Case(
        RenameIndex("pets_name_key", "pets_title_key"), "create index pets_title_key on pets (old)"
    ),
    "column dropped": Case(DropColumn("people", "age", "integer"), None),
    "constraint dropped": Case(DropConstraint("pets", "pets_old_check", "check (old > 0)"), None),
    "index dropped": Case(
        DropIndex("pets_name_key", "pets", "create unique index {concurrently} pets_name_key on pets (name)"),
        None,
    ),
    "provided where absent": Case(
        Ensure(
            "comment",
            "select from pg_description where objoid = 'people'::regclass and objsubid = 0",
            ("comment on table people is 'us'",),
            ("comment on table people is null",),
        ),
        None,
    ),
}
WITH_OTHER = {name: case for name, case in CASES.items() if case.other is not None}


@pytest.fixture(scope="module")
def module_database(postgres_server: Server) -> Iterator[str]:
    with postgres.database(postgres_server) as conninfo:
        yield conninfo


@pytest.fixture
def database(module_database: str) -> str:
    """A database whose schema public is empty."""
    run(module_database, "drop schema public cascade; create schema public")
    return module_database


@pytest.fixture(params=["empty", "with rows"])
def ground_database(request: pytest.FixtureRequest, database: str) -> str:
    """The tables that the steps change, empty or with rows (over which indexes are built concurrently)."""
    run(database, GROUND)
    if request.param == "with rows":
        run(
            database,
            """insert into people values ('p1', 'Ana', 30, 'calm');
                               insert into pets values ('t1', 'p1', 'Rex', 4)""",
        )
    return database


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_step_is_done_once_then_skipped_then_taken_back(ground_database: str, case: Case) -> None:
    before = fingerprint(ground_database)
    with standing(ground_database) as ground:
        assert apply_steps(ground, (case.step,)) == (Outcome.DONE,)
    done = fingerprint(ground_database)
    assert difference(before, done), "the step changed nothing"

    with standing(ground_database) as ground:
        assert apply_steps(ground, (case.step,)) == (Outcome.ALREADY,)
    assert difference(done, fingerprint(ground_database)) == ()

    for _ in ("once", "again over nothing"):
        with standing(ground_database) as ground:
            revert_steps(ground, (case.step,))
        assert difference(before, fingerprint(ground_database)) == ()


@pytest.mark.parametrize("case", WITH_OTHER.values(), ids=WITH_OTHER.keys())
def test_another_definition_is_refused_by_name_and_left_alone(ground_database: str, case: Case) -> None:
    assert case.other is not None
    run(ground_database, case.other)
    before = fingerprint(ground_database)
    with pytest.raises(Refused) as refusal, standing(ground_database) as ground:
        apply_steps(ground, (case.step,))
    assert case.step.label in str(refusal.value)
    assert difference(before, fingerprint(ground_database)) == ()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_step_says_the_sql_it_runs(database: str, case: Case) -> None:
    run(database, GROUND)
    with standing(database) as ground:
        apply_steps(ground, (case.step,))
    by_step = fingerprint(database)
    run(database, "drop schema public cascade; create schema public")
    run(database, GROUND)
    for statement in case.step.statements():
        run(database, statement)
    assert difference(by_step, fingerprint(database)) == ()


AMENDED = (
    Column("people", "status", "text"),
    Default("people", "status", "'new'"),
    NotNull("people", "status"),
    Default("people", "status", "'known'", previous="'new'"),
)


@pytest.mark.parametrize("done", range(len(AMENDED) + 1))
def test_column_met_at_any_stage_of_its_revision_is_the_same(database: str, done: int) -> None:
    run(database, GROUND)
    run(database, "create table whole (like people including all); alter table whole add status text")
    with standing(database) as ground:
        apply_steps(ground, AMENDED[:done])
    with standing(database) as ground:
        outcomes = apply_steps(ground, AMENDED)
    assert Outcome.DONE in outcomes or done == len(AMENDED)
    column = rows(
        database,
        "select is_nullable, column_default from information_schema.columns where column_name = 'status' "
        "and table_name = 'people'",
    )
    assert column == [("NO", "'known'::text")]


def test_table_accepts_what_later_steps_of_its_revision_add(database: str) -> None:
    steps = (
        Table("cars", "create table cars (id text primary key, n integer)"),
        Column("cars", "colour", "text not null default 'red'"),
        RenameColumn("cars", "n", "doors"),
        Constraint("cars", "cars_doors_check", "check (doors > 0)"),
        Index("cars_colour_idx", "cars", "create index cars_colour_idx on cars (colour)"),
    )
    with standing(database) as ground:
        apply_steps(ground, steps)
    with standing(database) as ground:
        assert set(apply_steps(ground, steps)) == {Outcome.ALREADY}


def test_table_with_a_stranger_column_is_refused_even_when_later_steps_amend_it(database: str) -> None:
    steps = (
        Table("cars", "create table cars (id text primary key)"),
        Column("cars", "colour", "text"),
    )
    with standing(database) as ground:
        apply_steps(ground, steps)
    run(database, "alter table cars add column stranger text")
    with pytest.raises(Refused, match="stranger is not expected"), standing(database) as ground:
        apply_steps(ground, steps)


def test_rename_with_neither_name_is_refused(database: str) -> None:
    run(database, GROUND)
    with pytest.raises(Refused, match="neither column exists"), standing(database) as ground:
        apply_steps(ground, (RenameColumn("pets", "nothing", "anything"),))


def test_label_is_added_to_an_enum_and_never_moved(database: str) -> None:
    run(database, GROUND)
    step = EnumValue("Mood", "steady", after="calm")
    with standing(database) as ground:
        assert apply_steps(ground, (step, step)) == (Outcome.DONE, Outcome.ALREADY)
    with pytest.raises(Refused, match="after calm instead of hasty"), standing(database) as ground:
        apply_steps(ground, (EnumValue("Mood", "steady", after="hasty"),))
    assert fingerprint(database).objects[Kind.ENUM, "Mood"] == "calm, steady, hasty"


def test_enum_accepts_labels_that_later_steps_add(database: str) -> None:
    steps = (Enum("Size", ("s", "m")), EnumValue("Size", "l"))
    with standing(database) as ground:
        apply_steps(ground, steps)
    with standing(database) as ground:
        assert apply_steps(ground, steps) == (Outcome.ALREADY, Outcome.ALREADY)


def test_missing_extension_is_skipped_with_a_word(database: str) -> None:
    told: list[str] = []
    with standing(database) as ground:
        step = Extension("no_such_extension")
        assert step.apply(replace(ground, report=told.append)) is Outcome.SKIPPED
    assert "going on without" in told[0]


def test_requirement_names_what_is_missing(database: str) -> None:
    run(database, GROUND)
    with standing(database) as ground:
        assert apply_steps(ground, (Requires("pets", ("name", "ownerId"), "0001"),)) == (Outcome.ALREADY,)
    with pytest.raises(Refused, match="pets lacks wings"), standing(database) as ground:
        apply_steps(ground, (Requires("pets", ("name", "wings"), "0001"),))


def test_reference_rows_fill_gaps_and_never_overwrite(database: str) -> None:
    run(database, "create table kinds (slug text primary key, name text, extra jsonb)")
    run(database, "insert into kinds values ('b', 'renamed by its owner', null)")
    step = Rows(
        "kinds", ("slug",), ("slug", "name", "extra"), (("a", "A's", {"k": [1, None]}), ("b", "B", None))
    )
    with standing(database) as ground:
        assert apply_steps(ground, (step, step)) == (Outcome.DONE, Outcome.ALREADY)
    assert rows(database, "select slug, name, extra from kinds order by 1") == [
        ("a", "A's", {"k": [1, None]}),
        ("b", "renamed by its owner", None),
    ]


def test_replaced_function_knows_the_version_before(database: str) -> None:
    def body(value: int) -> str:
        return f"create function answer() returns integer language sql as $$ select {value} $$"

    changed = Function("answer", "", body(2), replaces=body(1))
    run(database, body(1))
    with standing(database) as ground:
        assert apply_steps(ground, (changed, changed)) == (Outcome.DONE, Outcome.ALREADY)
    assert rows(database, "select answer()") == [(2,)]
    with standing(database) as ground:
        revert_steps(ground, (changed,))
    assert rows(database, "select answer()") == [(1,)]
    run(database, body(3).replace("create", "create or replace"))
    with pytest.raises(Refused, match="function answer"), standing(database) as ground:
        apply_steps(ground, (changed,))


def test_dropped_column_comes_back_filled(database: str) -> None:
    run(database, GROUND)
    run(database, "insert into people values ('p1', 'Ana', 30, 'calm')")
    step = DropColumn("people", "fullName", "text", restore="'unknown ' || id")
    with standing(database) as ground:
        apply_steps(ground, (step,))
    with standing(database) as ground:
        revert_steps(ground, (step,))
    assert rows(database, 'select "fullName" from people') == [("unknown p1",)]
