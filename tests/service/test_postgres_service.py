"""The service over PostgreSQL, as processes: a day, two machines on one database, a kill."""

from __future__ import annotations

import signal
import threading
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.client import HTTPException
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from tests.online_week import Day, new_database, simulated_days
from tests.postgres_server import Server, postgres_server
from tests.real_service import as_json, real_service, serving
from tests.small_world import World, small_world

from targeting.config import TimeoutSettings
from targeting.scoring.online import ProfileDatabase
from targeting.scoring.scorer import Scorer
from targeting.service.audit import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.real_service import Process

pytestmark = pytest.mark.slow

Row = dict[str, Any]
NUMBERS = ("score", "probability", "expected_revenue")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def days(world: World) -> tuple[Day, ...]:
    return simulated_days(world)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres_server() as made:
        yield made


@pytest.fixture
def profiles(world: World, server: Server) -> str:
    """The address, as an administrator writes it, of profiles as of the week's beginning."""
    url = server.emptied().replace("postgresql+psycopg:", "postgresql:")
    new_database(world, url).close()
    return url


@dataclass(frozen=True)
class Port:
    """Machines with a service each, which share the profiles."""

    world: World
    profiles: str
    folder: Path

    def machine(self, name: str, *options: str) -> AbstractContextManager[Process]:
        """Start a service with keys and an audit of its own."""
        own = self.folder / name
        own.mkdir(exist_ok=True)
        return serving(self.world.bundle, self.profiles, own, *options)

    def batch(self, day: Day) -> dict[str, list[str]]:
        """Score a day from the tables: by declaration, every number to its last bit."""
        first, stop = day.date, _next(day.date)
        scored = Scorer.load(self.world.bundle).score(
            self.world.tables, start=first, stop=stop, explain="none"
        )
        return _bits(scored.rows.to_dict("records"))


@pytest.fixture
def port(world: World, profiles: str, tmp_path: Path) -> Port:
    return Port(world, profiles, tmp_path)


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _bits(lines: Sequence[Row]) -> dict[str, list[str]]:
    return {one["declaration_id"]: [float(one[name]).hex() for name in NUMBERS] for one in lines}


def lines_of(day: Day) -> list[Row]:
    return [as_json(row) for row in day.declarations]


def results_of(day: Day) -> list[Row]:
    return [as_json(row) for row in day.results]


def scored(made: Process, day: Day) -> dict[str, list[str]]:
    return _bits(made.send("/v1/score", {"declarations": lines_of(day)})["scores"])


def close(made: Process, day: Day) -> Row:
    return made.send("/v1/admin/close-day", {"day": str(day.date)})


def test_days_over_postgres_are_the_batch_s_to_the_bit(port: Port, days: tuple[Day, ...]) -> None:
    with port.machine("a", "--workers", "2") as made:
        for day in days[:3]:
            assert scored(made, day) == port.batch(day)
            kept = made.send("/v1/declarations", {"declarations": lines_of(day)})
            again = made.send("/v1/declarations", {"declarations": lines_of(day)})
            found = made.send("/v1/results", {"results": results_of(day)})
            closed = close(made, day)
            assert (kept["new"], again["repeated"]) == (len(day.declarations),) * 2
            assert (found["new"], found["refused"]) == (len(day.results), [])
            assert (closed["as_of"], closed["declarations"]) == (
                str(_next(day.date)),
                len(day.declarations),
            )
        office = days[2].declarations[0]["office_id"]
        drawn = made.send(f"/v1/shortlist?office={office}&day={days[2].date}&capacity=2")
    assert drawn["lines"]
    assert verify(port.folder / "a" / "state").broken_at is None


def test_two_machines_on_one_database_agree(port: Port, days: tuple[Day, ...]) -> None:
    first, second, third = days[:3]
    with port.machine("a") as a, port.machine("b") as b:
        assert scored(a, first) == scored(b, first) == port.batch(first)
        kept = a.send("/v1/declarations", {"declarations": lines_of(first)})
        alone = [
            b.send("/v1/score", {"declarations": [row]})["scores"][0] for row in lines_of(first)
        ]
        assert kept["new"] == len(first.declarations)
        assert _bits(alone) == port.batch(first)  # beside lines that only the other was told
        b.send("/v1/results", {"results": results_of(first)})
        assert a.send("/v1/results", {"results": results_of(first)})["new"] == 0

        closed = _both(lambda: close(a, first), lambda: close(b, first))
        assert {one["as_of"] for one in closed} == {str(second.date)}
        for made in (a, b):
            assert made.send("/v1/model")["profiles_as_of"] == str(second.date)
        assert scored(a, second) == scored(b, second) == port.batch(second)

        told = _both(lambda: _one_by_one(a, second), lambda: _one_by_one(b, second))
        assert sum(one["new"] for one in told) == len(second.declarations) + len(second.results)
        assert sum(one["repeated"] for one in told) == sum(one["new"] for one in told)
        _both(lambda: close(b, second), lambda: close(a, second))
        assert scored(a, third) == scored(b, third) == port.batch(third)


def _one_by_one(made: Process, day: Day) -> dict[str, int]:
    """Hand over a day's events, each by itself."""
    total = {"new": 0, "repeated": 0}
    for path, body in _events(day):
        told = made.send(path, body)
        total = {name: total[name] + told[name] for name in total}
    return total


def _events(day: Day) -> list[tuple[str, Row]]:
    declared = [("/v1/declarations", {"declarations": [row]}) for row in lines_of(day)]
    return declared + [("/v1/results", {"results": [row]}) for row in results_of(day)]


def _both(*works: Any) -> list[Any]:
    """Do two things at once."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [one.result() for one in [pool.submit(work) for work in works]]


@dataclass
class Writer:
    """Hands events over, one at a time, until they are all kept or the service is gone."""

    made: Process
    waiting: list[tuple[str, Row]]
    kept: list[tuple[str, Row]] = field(default_factory=list)
    some: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Take from the front what was acknowledged."""
        while self.waiting:
            path, body = self.waiting[0]
            try:
                self.made.send(path, body)
            except (urllib.error.URLError, ConnectionError, HTTPException):
                return
            self.kept.append(self.waiting.pop(0))
            if len(self.kept) >= 3:
                self.some.set()


def test_a_kill_of_one_machine_loses_no_event_and_does_not_hold_up_the_other(
    port: Port, days: tuple[Day, ...]
) -> None:
    """One is killed while both write, and again while it closes the day; the other goes on."""
    database = ProfileDatabase.open(port.profiles)
    with port.machine("b") as b:
        for day, following in pairwise(days[:4]):
            events = _events(day)
            with port.machine("a") as a:
                dying, living = Writer(a, events[::2]), Writer(b, events[1::2])
                _killed_while_both_write(dying, living)
            assert not living.waiting
            assert dying.waiting  # it was killed in the middle of them
            told = [b.send(path, body) for path, body in dying.kept]
            assert all((one["new"], one["repeated"]) == (0, 1) for one in told)
            told = [b.send(path, body) for path, body in dying.waiting]
            assert all(one["new"] + one["repeated"] == 1 for one in told)

            with port.machine("a") as a:
                _killed_while_it_closes(a, day, database)
            assert scored(b, day) == port.batch(day)  # its lines are in the profiles, it is open
            assert close(b, day)["as_of"] == str(following.date)
            assert scored(b, following) == port.batch(following)
    mine, theirs = database.counts_beside(port.world.tables)
    worst = database.verify(port.world.tables)
    database.close()
    assert mine == theirs
    assert worst.sums == 0


def _killed_while_both_write(dying: Writer, living: Writer) -> None:
    threads = [threading.Thread(target=one.run) for one in (dying, living)]
    for thread in threads:
        thread.start()
    assert dying.some.wait(60)
    _kill(dying.made)
    for thread in threads:
        thread.join()


def _killed_while_it_closes(made: Process, day: Day, database: ProfileDatabase) -> None:
    """Kill it as soon as its first step can be seen: results and the day's end are to come."""
    closing = threading.Thread(target=_closed_or_killed, args=(made, day))
    closing.start()
    while closing.is_alive() and database.status().waiting_declarations:
        pass
    _kill(made)
    closing.join()


def _closed_or_killed(made: Process, day: Day) -> None:
    with suppress(urllib.error.URLError, ConnectionError, HTTPException):
        close(made, day)


def _kill(made: Process) -> None:
    made.process.kill()
    assert made.process.wait() == -signal.SIGKILL


def test_a_database_that_goes_away_is_told_and_found_again(
    port: Port, server: Server, days: tuple[Day, ...]
) -> None:
    rows = lines_of(days[0])
    with real_service(port.world.bundle, port.profiles, port.folder / "state") as made:
        made.send("/v1/declarations", {"declarations": rows[:5]})
        server.stop()
        told = [
            made.client.post(path, json={"declarations": rows[:1]}, headers=made.headers)
            for path in ("/v1/score", "/v1/declarations")
        ]
        states = [made.client.get(f"/health/{name}").status_code for name in ("live", "ready")]
        server.start()
        assert [one.status_code for one in told] == [503, 503]
        assert {one.json()["type"] for one in told} == {"urn:targeting:problem:unavailable"}
        assert states == [200, 503]
        assert made.send("/v1/declarations", {"declarations": rows})["repeated"] == 5

        server.stop()
        server.start()  # between two requests: nobody notices
        made.send("/v1/declarations", {"declarations": rows})
        assert _bits(made.send("/v1/score", {"declarations": rows})["scores"]) == port.batch(
            days[0]
        )


def test_a_database_that_says_nothing_does_not_silence_the_service(
    port: Port, server: Server, days: tuple[Day, ...]
) -> None:
    rows, short = lines_of(days[0]), TimeoutSettings(answer=0.5)
    state = port.folder / "state"
    with real_service(port.world.bundle, port.profiles, state, timeouts=short) as made:
        with server.silent():
            told = [
                made.client.post(
                    "/v1/score", json={"declarations": rows[:1]}, headers=made.headers
                ),
                made.client.get("/v1/model", headers=made.headers),
                made.client.get("/health/ready"),
                made.client.get("/health/live"),
            ]
        assert [one.status_code for one in told] == [503, 503, 503, 200]
        assert "took too long" in told[0].json()["detail"]
        assert made.send("/v1/declarations", {"declarations": rows})["new"] == len(rows)
        assert _bits(made.send("/v1/score", {"declarations": rows})["scores"]) == port.batch(
            days[0]
        )
