"""Kill a writer of a profile database, again and again, and count what became of its events.

Run: python -m benchmarks.online_crash [--kills 30] [--days 31] [--url URL] [--seed 7].

A writer hands the events of a simulated port to a database, some of them days late, closes days,
and tells of every step that is kept. It is killed (SIGKILL) at a moment drawn by lot, started again
a few steps before the last one it told of, and so on until all steps are done. Then the profiles
are compared with those a batch makes of the same tables: an event that was lost, or counted twice,
would show in the counts and in the sums.

Without --url a SQLite file in a temporary folder is used.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from benchmarks import crash_writer
from targeting.config import FeatureSettings
from targeting.features.store import create_store
from targeting.scoring.online import ProfileDatabase
from targeting.simulate import preset, simulate
from targeting.tables.folder import TablesFolder
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ZONE = "Asia/Baku"
BEGIN = date(2024, 3, 1)
DAYS = 31
AT_ONCE = 4  # events of one call
LATE = 0.1  # of the events come days after their own
LONGEST_SECONDS = 0.1
REPEATED_STEPS = 5

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened.

    Parameters
    ----------
    kills
        Writers killed.
    steps, events
        Calls and the events in them.
    repeated_steps
        Steps that were taken again although they had been told of.
    lost, twice
        Declarations and results that are missing from the profiles, or counted twice.
    largest_difference
        Of a sum from the batch's, relative to the larger of 1 and the sum.
    """

    kills: int
    steps: int
    events: int
    repeated_steps: int
    lost: int
    twice: int
    largest_difference: float


def steps_of(tables: TablesFolder, draw: random.Random, days: int) -> list[dict[str, Any]]:
    """List the calls: a few events at a time, day after day, each day then closed."""
    waiting: dict[date, list[tuple[str, Row]]] = {}
    end = BEGIN + timedelta(days=days)
    for kind, day, row in _events(tables, end):
        late = draw.randrange(1, 5) if draw.random() < LATE else 0
        waiting.setdefault(min(day + timedelta(days=late), end), []).append((kind, row))
    steps: list[dict[str, Any]] = []
    for number in range(days + 1):
        day = BEGIN + timedelta(days=number)
        events = waiting.get(day, [])
        draw.shuffle(events)
        for at in range(0, len(events), AT_ONCE):
            some = events[at : at + AT_ONCE]
            steps.append({kind: [row for name, row in some if name == kind] for kind in _KINDS})
        if day < end:
            steps.append({"close": day.isoformat()})
    return steps


_KINDS = ("declarations", "results")


def _events(tables: TablesFolder, end: date) -> Iterator[tuple[str, date, Row]]:
    import pyarrow.parquet as pq

    for kind, table, clock in (
        ("declarations", DECLARATIONS, "lodged_at"),
        ("results", INSPECTIONS, "result_known_at"),
    ):
        for row in pq.read_table(tables.path / f"{table.name}.parquet").to_pylist():
            day = row[clock].astimezone(ZoneInfo(ZONE)).date()
            if BEGIN <= day < end:
                yield kind, day, {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


class Killer:
    """Starts writers and kills them."""

    def __init__(self, url: str, steps: Path, draw: random.Random) -> None:
        self.url, self.steps, self.draw = url, steps, draw
        self.kills = self.repeated = 0
        self.forks = multiprocessing.get_context("forkserver")
        self.forks.set_forkserver_preload([crash_writer.__name__])

    def run(self, many: int, *, kills: int) -> None:
        """Have every step taken, whatever happens to the writers."""
        kept = -1
        while kept < many - 1:
            again = self.draw.randrange(REPEATED_STEPS + 1)
            start = max(0, kept + 1 - again)
            self.repeated += kept + 1 - start
            # As many steps as leave the rest of the kills a share each.
            share = 2 * (many - kept) // (kills - self.kills + 1)
            steps = self.draw.randrange(1, max(share, 2)) if self.kills < kills else None
            kept = max(kept, self._one(start, None if steps is None else kept + steps))

    def _one(self, start: int, until: int | None) -> int:
        """Let a writer take steps; kill it soon after one of them is told of."""
        hear, tell = os.pipe()
        arguments = (self.url, self.steps, start, _Pipe(tell))
        writer = self.forks.Process(target=_written, args=arguments)
        writer.start()
        os.close(tell)
        last = self._heard(hear, until)
        if until is not None and last >= until:
            # At some moment of the next step, or of the one after.
            time.sleep(self.draw.uniform(0.0, LONGEST_SECONDS))
            writer.kill()
            self.kills += 1
            last = max(last, self._heard(hear, None))
        writer.join()
        os.close(hear)
        if until is None and writer.exitcode:
            raise RuntimeError("a writer stopped by itself")
        return last

    @staticmethod
    def _heard(hear: int, until: int | None) -> int:
        """Hear which steps are kept, until one is reached or the writer is gone."""
        last = -1
        while told := os.read(hear, 4):
            last = int.from_bytes(told, "big")
            if until is not None and last >= until:
                break
        return last


class _Pipe:
    """One end of a pipe, handed to another process."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> tuple[object, ...]:
        from multiprocessing import reduction

        return _opened, (reduction.DupFd(self.descriptor),)


def _opened(handed: Any) -> int:
    return handed.detach()


def _written(url: str, steps: Path, start: int, told: int) -> None:
    crash_writer.write(url, steps, start, told)


def crashed(
    folder: Path, *, kills: int, seed: int, url: str | None = None, days: int = DAYS
) -> Counts:
    """Make a world and a database, kill its writers, and count.

    Parameters
    ----------
    folder
        For the world and the database.
    kills
        Writers to kill.
    seed
        Of what is drawn by lot.
    url
        Of the database; None is a SQLite file in the folder.
    days
        Whose events are handed over.
    """
    draw = random.Random(seed)  # noqa: S311 - a benchmark draws no secrets
    simulate(preset("small"), folder / "tables")
    tables = TablesFolder.open(folder / "tables")
    settings = FeatureSettings(time_zone=ZONE)
    store = create_store(tables, settings, folder / "profiles", as_of=BEGIN).store
    url = url or f"sqlite:///{folder / 'profiles.db'}"
    ProfileDatabase.create(url, store, settings, tables=tables).close()
    steps = steps_of(tables, draw, days)
    path = folder / "steps.json"
    path.write_text(json.dumps(steps), encoding="utf-8")
    killer = Killer(url, path, draw)
    killer.run(len(steps), kills=kills)
    return _counted(url, tables, steps, killer)


def _counted(
    url: str, tables: TablesFolder, steps: Sequence[dict[str, Any]], killer: Killer
) -> Counts:
    events = [row for step in steps for kind in _KINDS for row in step.get(kind, ())]
    database = ProfileDatabase.open(url)
    gaps = [mine - theirs for mine, theirs in zip(*database.counts_beside(tables), strict=True)]
    worst = database.verify(tables)
    database.close()
    return Counts(
        kills=killer.kills,
        steps=len(steps),
        events=len(events),
        repeated_steps=killer.repeated,
        lost=sum(-gap for gap in gaps if gap < 0),
        twice=sum(gap for gap in gaps if gap > 0),
        largest_difference=worst.sums,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--url", help="of an empty database; else a SQLite file is made")
    told = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        counts = crashed(
            Path(folder), kills=told.kills, seed=told.seed, url=told.url, days=told.days
        )
    print(json.dumps(asdict(counts), indent=1))
    if counts.lost or counts.twice:
        sys.exit(1)


if __name__ == "__main__":
    main()
