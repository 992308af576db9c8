"""Standing on a database as a revision does, without Alembic in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic.script import ScriptDirectory

from db.migration.fingerprint import Fingerprint, take
from db.migration.lines import line_of
from db.migration.run import configuration
from migrations.steps import Ground, Step, apply_steps, stand_on

# A row in every table that a later revision fills, tightens or indexes: over rows, indexes are built
# concurrently and constraints are validated apart. Valid at revision 0001.
ROWS_OF_0001 = """
insert into users (id, email, username, updated_at)
  select 'usr_' || n, 'user' || n || '@example.com', 'user' || n, now() from generate_series(1, 3) n;
insert into sessions (id, "userId", "accessToken", "refreshToken", "expiresAt")
  select 'ses_' || n, 'usr_' || n, 'access' || n, 'refresh' || n, now() from generate_series(1, 3) n;
insert into apps (id, "appId", name, manifest, "updatedAt")
  values ('app_1', 'raffle', 'Raffle', '{"meta": {"version": "2.1.0"}}', now()), ('app_2', 'quiz', 'Quiz', '{}', now());
insert into rooms (id, "appId", "createdBy", name, "updatedAt")
  values ('room_1', 'raffle', 'usr_1', 'Friday', now()), ('room_2', 'quiz', 'usr_2', 'Monday', now());
insert into participants (id, "userId", "roomId", "updatedAt") values ('par_1', 'usr_2', 'room_1', now());
insert into prizes (id, "roomId", name, "updatedAt") values ('prz_1', 'room_1', 'A bicycle', now());
insert into winners (id, "roomId", "participantId", "prizeId", "updatedAt")
  values ('win_1', 'room_1', 'par_1', 'prz_1', now());
insert into clients (id, name, "updatedAt") values ('cli_1', 'Bakery', now()), ('cli_2', 'Garage', now());
insert into onboarding_states (id, "customerId", "updatedAt") values ('onb_1', 'cli_1', now());
insert into credits (user_id) values ('usr_1');
insert into subscriptions (user_id, stripe_customer_id, stripe_subscription_id)
  values ('usr_1', null, null), ('usr_2', 'cus_2', 'sub_2');
insert into user_preferences (user_id) values ('usr_1');
insert into content_item (user_id, platform, platform_item_id, title) values ('usr_1', 'youtube', 'v1', 'First');
"""


@contextmanager
def standing(conninfo: str, schema: str = "public") -> Iterator[Ground]:
    """Open a connection whose ground is a schema; what is not committed at the end is."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("select set_config('search_path', %s, false)", (schema,))
        connection.commit()
        yield stand_on(connection)


def run(conninfo: str, sql: str) -> None:
    """Execute statements, each in its own transaction."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(sql.encode())


def rows(conninfo: str, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return connection.execute(sql.encode()).fetchall()


def apply(conninfo: str, steps: Sequence[Step]) -> None:
    """Apply steps as a run does that is stopped before its version row."""
    with standing(conninfo) as ground:
        apply_steps(ground, steps)


def fingerprint(conninfo: str, schema: str = "public") -> Fingerprint:
    """Return the fingerprint of a schema."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return take(connection, schema)


def steps_of(revision: str) -> tuple[Step, ...]:
    """Return the STEPS of a platform revision."""
    script = ScriptDirectory.from_config(configuration(line_of("platform"))).get_revision(revision)
    assert script is not None
    steps: tuple[Step, ...] = script.module.STEPS
    return steps
