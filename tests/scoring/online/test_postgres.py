"""The same on PostgreSQL, where several workers share the profiles."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.online_week import simulated_week
from tests.scoring.online.living import BEGIN, Living, lodged, scratch, tables_of, world
from tests.scoring.online.test_profile_database import accept, assert_same_bits, new_ones

from targeting.errors import InputError, OutputError
from targeting.scoring.online import OnlineScorer, ProfileDatabase, engine
from targeting.scoring.online.accepting import LONGEST_KEY

if TYPE_CHECKING:
    from tests.postgres_server import Server
    from tests.small_world import World


def test_a_week_on_postgres_is_the_batch_to_the_bit(world: World, postgres: str) -> None:
    week = simulated_week(world, postgres)
    scorer = OnlineScorer.open(week.bundle, week.url)
    told = {one.declaration_id: one.score for one in scorer.score(week.declarations).lines}
    assert told == week.scores
    with pytest.raises(InputError, match="Use pg_dump"):
        scorer.database.backup(world.bundle / "copy.db")
    scorer.database.close()


def test_workers_that_write_side_by_side_lose_and_double_nothing(postgres: str) -> None:
    declared, found = world_of(7)
    tables = tables_of(declared, found)
    events = new_ones(declared, found)
    with Living(tables, postgres) as database:
        workers = [
            threading.Thread(target=_work, args=(postgres, events[at::2] + events[:10]))
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


def test_events_in_time_give_the_same_bits(postgres: str) -> None:
    declared, found = world_of(3)
    tables = tables_of(declared, found)
    with Living(tables, postgres) as database:
        accept(database, new_ones(declared, found))
        database.close_day(BEGIN + timedelta(days=7))
        assert_same_bits(database, scratch(tables, BEGIN + timedelta(days=8)))
        assert database.rebuild(tables).as_of == BEGIN + timedelta(days=8)


def test_a_database_is_not_made_over_another(postgres: str) -> None:
    tables = tables_of(*world_of(1))
    with Living(tables, postgres), pytest.raises(InputError, match="does not replace another"):
        Living(tables, postgres)


def test_an_empty_database_and_a_server_that_is_not_there_are_told(postgres: str) -> None:
    with pytest.raises(OutputError, match=r"cannot be used.*does not exist"):
        ProfileDatabase.open(postgres)
    with pytest.raises(OutputError, match=r"cannot be used") as caught:
        ProfileDatabase.open("postgresql+psycopg://user:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)


def test_a_server_that_was_started_again_is_found_again(server: Server, postgres: str) -> None:
    declared, found = world_of(2)
    with Living(tables_of(declared, found), postgres) as database:
        accept(database, new_ones(declared, found))
        server.stop()
        with pytest.raises(OutputError, match="cannot be used"):
            database.status()
        server.start()
        before = database.status()
        server.stop()
        server.start()
        assert database.status() == before
        assert before.waiting_declarations > 0


def test_a_writer_that_does_not_end_is_not_waited_for_for_ever(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared, found = world_of(2)
    events = new_ones(declared, found)
    monkeypatch.setattr(engine, "_WAIT_FOR_LOCK", "SET LOCAL lock_timeout = '50ms'")
    with Living(tables_of(declared, found), postgres) as database:
        with (
            engine.writing(database.engine),
            pytest.raises(OutputError, match=r"LockNotAvailable \(lock timeout\)"),
        ):
            accept(database, events)
        accept(database, events)


def test_what_the_driver_itself_raises_is_told_without_its_words(postgres: str) -> None:
    def asked(database: ProfileDatabase) -> None:
        with engine.reading(database.engine) as connection:
            connection.connection.cursor().execute("SELECT * FROM nowhere")

    with Living(tables_of(*world_of(2)), postgres) as database:
        with pytest.raises(OutputError, match=r"UndefinedTable \(does not exist\)") as caught:
            asked(database)
        assert "nowhere" not in str(caught.value)
        assert database.status()


def test_the_longest_key_is_kept_and_a_longer_one_keeps_no_day_from_closing(postgres: str) -> None:
    draw = np.random.default_rng(5)
    # Letters of three bytes, drawn by lot: what an index could make shorter would prove nothing.
    letters = "".join(map(chr, draw.integers(0x4E00, 0x9FA5, 1_000)))
    most = (LONGEST_KEY - len("D0001") - len(b"00\x1f0805")) // 3
    with Living(tables_of([], []), postgres) as database:
        told = database.accept([lodged(1, 0, consignee_id=letters[:most]),
                                lodged(2, 0, consignee_id=letters[: most + 1])])  # fmt: skip
        closed = database.close_day(BEGIN)
    assert [(one.at, one.found) for one in told.refused] == [
        (1, "codes of more than 2,600 bytes together make no key")
    ]
    assert (told.new, closed.declarations) == (1, 1)


def test_lines_come_in_the_same_order_however_the_database_sorts_texts(server: Server) -> None:
    url = server.another("sorting", "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
    moment = lodged(0, 1)["lodged_at"]
    names = ["a-1", "B-1", "c-1", "\u0410-1", "D 1", "d-1"]
    rows = [lodged(0, 1, declaration_id=name) | {"lodged_at": moment} for name in names]
    with Living(tables_of([], []), url) as database:
        database.accept(rows)
        kept = database.declarations(start=BEGIN, stop=BEGIN + timedelta(days=2))
        of_office = database.declarations(
            start=BEGIN, stop=BEGIN + timedelta(days=2), office_id="AZALA"
        )
    assert [row["declaration_id"] for row in kept] == sorted(names)
    assert of_office == kept


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_letter_is_refused(server: Server, encoding: str) -> None:
    options = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
    url = server.another(f"letters_{encoding.lower()}", options)
    with pytest.raises(InputError, match=rf"every letter.*encoding {encoding}.*--encoding=UTF8"):
        Living(tables_of(*world_of(1)), url)


def test_the_ordinary_address_is_one(postgres: str) -> None:
    Living(tables_of(*world_of(1)), postgres).database.close()
    short = postgres.replace("postgresql+psycopg:", "postgresql:")
    database = ProfileDatabase.open(short)
    assert database.as_of == BEGIN
    database.close()
