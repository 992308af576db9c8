from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.pool import NullPool

from db import models
from db.models import LIVE_STATES, App, Base, Participant, Prize, Room, Subscription, User, Winner

MAPPED = sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda each: each.__name__)
SECRET = "never-to-be-seen"
PRIVATE = {"email", "name", "address", "token", "title", "url", "info", "bio", "location", "phone", "payload"}
NO_PERSON: dict[type[Base], set[str]] = {models.LlmModel: {"name"}, models.UsageRecord: {"metric_name"}}
RESTRICTED = (errors.RestrictViolation, errors.ForeignKeyViolation)


def attributes(model: type[Base]) -> list[str]:
    return [attribute.key for attribute in inspect(model).attrs]


def test_refresh_tokens_are_a_column_and_no_attribute() -> None:
    assert "refreshToken" in models.Session.__table__.columns
    assert not [
        name for name in [*attributes(models.Session), *dir(models.Session)] if "refresh" in name.lower()
    ]
    assert "refresh" not in str(select(models.Session)).lower()


@pytest.mark.parametrize("model", MAPPED, ids=lambda model: str(model.__name__))
def test_attributes_are_snake_case(model: type[Base]) -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in attributes(model))


@pytest.mark.parametrize("model", MAPPED, ids=lambda model: str(model.__name__))
def test_repr_names_nobody(model: type[Base]) -> None:
    private = {name for name in attributes(model) if PRIVATE & set(name.split("_"))} - NO_PERSON.get(
        model, set()
    )
    shown = repr(model(**dict.fromkeys(private, SECRET)))
    assert SECRET not in shown
    assert shown.startswith(f"{model.__name__}(")


def test_every_table_has_one_model() -> None:
    assert sorted(str(model.__tablename__) for model in MAPPED) == sorted(Base.metadata.tables)


def test_live_states_are_those_of_the_unique_index() -> None:
    (index,) = (each for each in _table(Subscription).indexes if each.name == "subscriptions_one_live_key")
    predicate = str(index.dialect_options["postgresql"]["where"])
    assert set(re.findall(r"'(\w+)'", predicate)) == set(LIVE_STATES)


def _table(model: type[Base]) -> Any:
    return model.__table__


@pytest.fixture
def transaction(empty_database: str) -> Any:
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(empty_database), poolclass=NullPool
    )
    Base.metadata.create_all(engine)
    with Transaction(engine) as opened:
        yield opened
    engine.dispose()


def an_event(transaction: Transaction) -> None:
    """A user who runs a room of an app, in which another one has won a prize."""
    now = datetime(2026, 1, 6)
    transaction.add_all([User(id="host", email="h@example.com"), User(id="guest", email="g@example.com")])
    transaction.add(App(id="a", app_id="quiz", name="Quiz", manifest={}, updated_at=now))
    transaction.flush()
    transaction.add(Room(id="r", app_id="quiz", created_by="host", name="Friday", updated_at=now))
    transaction.flush()
    transaction.add(Participant(id="p", user_id="guest", room_id="r", updated_at=now))
    transaction.add(Prize(id="z", room_id="r", name="A cup", updated_at=now))
    transaction.flush()
    transaction.add(Winner(id="w", room_id="r", participant_id="p", prize_id="z", updated_at=now))
    transaction.flush()
    transaction.commit()


@pytest.mark.parametrize(("model", "key"), [(User, "host"), (App, "a"), (Prize, "z")])
def test_hosts_apps_and_won_prizes_cannot_be_deleted(
    transaction: Transaction, model: type[Base], key: str
) -> None:
    an_event(transaction)
    with pytest.raises(Exception, match="violates") as caught:
        transaction.execute(_table(model).delete().where(_table(model).c.id == key))
    assert isinstance(getattr(caught.value, "orig", None), RESTRICTED)


@pytest.mark.parametrize(
    ("model", "key", "left"),
    [(User, "guest", {"Prize", "Room"}), (Participant, "p", {"Prize", "Room"}), (Room, "r", set())],
)
def test_guests_and_rooms_take_along_what_is_theirs(
    transaction: Transaction, model: type[Base], key: str, left: set[str]
) -> None:
    an_event(transaction)
    transaction.execute(_table(model).delete().where(_table(model).c.id == key))
    remaining = {
        each.__name__
        for each in (Room, Participant, Prize, Winner)
        if transaction.scalars(select(each)).first()
    }
    assert remaining == left


def test_defaults_of_the_server_come_back(transaction: Transaction) -> None:
    transaction.add(User(id="new", email="n@example.com"))
    transaction.commit()
    user = transaction.get_one(User, "new")
    assert (user.status, user.payment_retry_count, user.role) == (models.UserStatus.PENDING, 0, "user")
    assert repr(user) == "User(id='new', status=<UserStatus.PENDING: 'PENDING'>)"
