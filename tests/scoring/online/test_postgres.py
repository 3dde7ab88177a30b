"""The same on PostgreSQL, where several workers share the profiles."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import create_engine, text
from tests.online_week import simulated_week
from tests.scoring.online.living import BEGIN, Living, scratch, tables_of, world
from tests.scoring.online.test_profile_database import accept, assert_same_bits, new_ones

from targeting.errors import InputError, OutputError
from targeting.scoring.online import OnlineScorer, ProfileDatabase

if TYPE_CHECKING:
    from tests.small_world import World


@pytest.fixture
def address(postgres: str) -> str:
    """An empty database; the one of the test before is gone."""
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres


def test_a_week_on_postgres_is_the_batch_to_the_bit(world: World, address: str) -> None:
    week = simulated_week(world, address)
    scorer = OnlineScorer.open(week.bundle, week.url)
    told = {one.declaration_id: one.score for one in scorer.score(week.declarations).lines}
    assert told == week.scores
    with pytest.raises(InputError, match="Use pg_dump"):
        scorer.database.backup(world.bundle / "copy.db")
    scorer.database.close()


def test_workers_that_write_side_by_side_lose_and_double_nothing(address: str) -> None:
    declared, found = world_of(7)
    tables = tables_of(declared, found)
    events = new_ones(declared, found)
    with Living(tables, address) as database:
        workers = [
            threading.Thread(target=_work, args=(address, events[at::2] + events[:10]))
            for at in range(3)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        database.close_day(BEGIN + timedelta(days=7))
        assert database.verify(tables).small


def world_of(seed: int) -> Any:
    return world(np.random.default_rng(seed))


def _work(address: str, events: list[Any]) -> None:
    own = ProfileDatabase.open(address)
    for at in range(0, len(events), 3):
        accept(own, events[at : at + 3])
        own.close_day(BEGIN + timedelta(days=at % 5))
    own.close()


def test_events_in_time_give_the_same_bits(address: str) -> None:
    declared, found = world_of(3)
    tables = tables_of(declared, found)
    with Living(tables, address) as database:
        accept(database, new_ones(declared, found))
        database.close_day(BEGIN + timedelta(days=7))
        assert_same_bits(database, scratch(tables, BEGIN + timedelta(days=8)))
        assert database.rebuild(tables).as_of == BEGIN + timedelta(days=8)


def test_a_database_is_not_made_over_another(address: str) -> None:
    tables = tables_of(*world_of(1))
    with Living(tables, address), pytest.raises(InputError, match="does not replace another"):
        Living(tables, address)


def test_an_empty_database_and_a_server_that_is_not_there_are_told(address: str) -> None:
    with pytest.raises(OutputError, match=r"cannot be used.*does not exist"):
        ProfileDatabase.open(address)
    with pytest.raises(OutputError, match=r"cannot be used") as caught:
        ProfileDatabase.open("postgresql+psycopg://user:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)
