"""Speed of the profile database and of scoring inside one process: profiles of two million keys.

Run: python -m benchmarks.online_store [--keys 2000000] [--lines 2000] [--folder FOLDER] [--small].

Trains a bundle on a simulated port, draws lines of a country's many traders (seeded) until their
keys are two million, and makes a database of profiles of them all. Then lines are scored one at a
time, without and with reasons, and 64 at a time; events are accepted; a day is closed. Of each, the
time that passed and the time the processor worked for us are told: on a busy machine the second
is the steadier. What HTTP adds is measured by `benchmarks.online`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from targeting.config import FeatureSettings, ModelSettings, TrainSettings
from targeting.features.kernel import AS_OF, FIRST, LAST, LAST_HIT, NEVER
from targeting.features.lines import Lines
from targeting.features.profiles import ProfileState
from targeting.features.snapshot import KeyProfiles, Snapshot
from targeting.features.store.index import StoreSettings
from targeting.pipeline import Plan, train
from targeting.scoring.online import OnlineScorer, ProfileDatabase
from targeting.scoring.online.ledger import Design
from targeting.simulate import preset, simulate
from targeting.tables.folder import TablesFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CUT_OFF = date(2024, 3, 15)
SETTINGS = FeatureSettings(time_zone="Asia/Baku")
PARTIES = {
    "consignee_id": 60_000, "consignor_id": 90_000, "declarant_id": 2_000,
    "notify_party_id": 50_000, "carrier_id": 3_000, "conveyance_id": 40_000,
    "container_id": 120_000, "seal_id": 10**9,
}  # fmt: skip
"""How many of each a country has; a seal is used once."""
DRAWN = 5_000  # lines drawn between two counts of their keys
BATCH = 64
BUSY_DAY = 2_000  # lines of the day that is closed

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """A bundle, a database, and lines that know its keys.

    Parameters
    ----------
    bundle, url
        Where they are.
    rows
        Lines lodged on the open day; nine of ten of their keys are in the database.
    keys
        Profiles in the database.
    seconds
        Taken to fill it.
    """

    bundle: Path
    url: str
    rows: list[Row]
    keys: int
    seconds: float


def filled(folder: Path, *, keys: int, lines: int, seed: int = 11) -> Filled:
    """Make a bundle and a database of many profiles.

    Parameters
    ----------
    folder
        Where.
    keys
        Profiles, at least.
    lines
        To be scored.
    seed
        Of what is drawn.
    """
    tables, bundle = folder / "tables", folder / "bundle"
    simulate(preset("small"), tables)
    model = ModelSettings(trees=300, leaves=31)
    train(
        TablesFolder.open(tables), bundle, plan=Plan(SETTINGS, TrainSettings(model=model), CUT_OFF)
    )
    draw = np.random.default_rng(seed)
    known = pq.read_table(tables / "declarations.parquet").to_pylist()
    crowd = _crowd(known, draw)
    snapshot = _snapshot(crowd, keys, draw)
    url = f"sqlite:///{folder / 'profiles.db'}"
    begun = time.perf_counter()
    ProfileDatabase.create(url, snapshot, SETTINGS).close()
    seconds = time.perf_counter() - begun
    many = sum(len(one.state.sums) for one in snapshot.profiles.values())
    rows = [next(crowd) for _ in range(lines)]
    return Filled(bundle, url, rows, many, seconds)


def _crowd(known: Sequence[Row], draw: np.random.Generator) -> Iterator[Row]:
    """Draw lines like those known, by other parties; few parties lodge most of the lines."""
    moment = datetime(CUT_OFF.year, CUT_OFF.month, CUT_OFF.day, 6, tzinfo=UTC)
    at = 0
    while True:
        row = dict(known[int(draw.integers(len(known)))])
        for name, many in PARTIES.items():
            if row[name] is not None:
                row[name] = f"{name[:6].upper()}{int(many * draw.random() ** 2)}"
        at += 1
        row |= {
            "declaration_id": f"X{at:08}", "transport_document_id": f"B{at // 2}",
            "lodged_at": moment + timedelta(milliseconds=at // 2), "arrival_at": None,
        }  # fmt: skip
        yield row


def _snapshot(crowd: Iterator[Row], keys: int, draw: np.random.Generator) -> Snapshot:
    """Draw lines until their keys are enough, and give each a past."""
    space = Design.of(StoreSettings.of(SETTINGS)).space
    seen: list[set[bytes]] = [set() for _ in space.names]
    while sum(map(len, seen)) < keys:
        lines = Lines.of_rows([next(crowd) for _ in range(DRAWN)], SETTINGS.time_zone)
        for own in space.keys_of(lines):
            for held, key in zip(seen, own, strict=True):
                if key is not None:
                    held.add(key)
    profiles = {
        name: KeyProfiles(space.read(number, sorted(seen[number])), _past(len(seen[number]), draw))
        for number, name in enumerate(space.names)
    }
    return Snapshot(CUT_OFF, profiles)


def _past(keys: int, draw: np.random.Generator) -> ProfileState:
    state = ProfileState.empty(keys, len(SETTINGS.half_lives_days))
    lines = np.floor(1 + draw.pareto(1.2, keys))
    width = state.sums.shape[1] // 3
    for block, left in enumerate((1.0, 0.2, 0.7)):
        sums = state.sums[:, block * width : (block + 1) * width]
        sums[:, [0, 1, 3, 5]] = (lines * left)[:, None]
        sums[:, [2, 4]] = (lines * left)[:, None] * draw.lognormal(8.0, 1.0, (keys, 2))
        sums[:, 6], sums[:, 7] = lines * left, lines * left * 1.5
        sums[:, 8] = np.floor(lines * 0.1) * left
        sums[:, 9] = np.floor(lines * 0.02) * left
    day = (CUT_OFF - date(1970, 1, 1)).days
    state.days[:, AS_OF] = state.days[:, LAST] = day - draw.integers(1, 90, keys)
    state.days[:, FIRST] = state.days[:, LAST] - draw.integers(0, 300, keys)
    state.days[:, LAST_HIT] = np.where(state.sums[:, 9] > 0, state.days[:, LAST], NEVER)
    return state


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of many calls.

    Parameters
    ----------
    passed, worked
        By the clock on the wall, and of the processor, each call.
    """

    passed: np.ndarray
    worked: np.ndarray

    @classmethod
    def of(cls, calls: Sequence[Callable[[], object]]) -> Times:
        """Make calls one after the other."""
        passed, worked = np.empty(len(calls)), np.empty(len(calls))
        for at, call in enumerate(calls):
            begun, busy = time.perf_counter(), time.thread_time()
            call()
            passed[at], worked[at] = time.perf_counter() - begun, time.thread_time() - busy
        return cls(passed * 1e3, worked * 1e3)

    def told(self, per_call: int = 1) -> dict[str, float]:
        """Return the figures."""
        return {
            "p50_ms": round(float(np.median(self.passed)), 3),
            "p99_ms": round(float(np.quantile(self.passed, 0.99)), 3),
            "worked_p50_ms": round(float(np.median(self.worked)), 3),
            "worked_p99_ms": round(float(np.quantile(self.worked, 0.99)), 3),
            "per_worked_second": round(per_call * 1e3 / float(self.worked.mean()), 1),
        }


def measured(given: Filled) -> dict[str, Any]:
    """Score, accept and close, and tell how long each took.

    Parameters
    ----------
    given
        From `filled`.
    """
    scorer = OnlineScorer.open(given.bundle, given.url)
    database, rows = scorer.database, given.rows
    for row in rows[:50]:
        scorer.score([row], explain=True)
    told = {
        "one": Times.of([lambda row=row: scorer.score([row]) for row in rows]).told(),
        "one, with reasons": Times.of(
            [lambda row=row: scorer.score([row], explain=True) for row in rows]
        ).told(),
        "64 at a time": Times.of(
            [lambda at=at: scorer.score(rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
        ).told(BATCH),
    }
    some = rows[: min(len(rows), BUSY_DAY) // 4]
    told["accept one"] = Times.of([lambda row=row: database.accept([row]) for row in some]).told()
    many = [rows[at : at + BATCH] for at in range(len(some), min(len(rows), BUSY_DAY), BATCH)]
    told["accept 64"] = Times.of([lambda own=own: database.accept(own) for own in many]).told(BATCH)
    begun, busy = time.perf_counter(), time.thread_time()
    closed = database.close_day(CUT_OFF)
    told["close a day"] = {
        "lines": closed.declarations,
        "seconds": round(time.perf_counter() - begun, 2),
        "worked_seconds": round(time.thread_time() - busy, 2),
    }
    database.close()
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=2_000_000)
    parser.add_argument("--lines", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, help="keep everything here")
    parser.add_argument("--small", action="store_true", help="a try-out")
    given = parser.parse_args(arguments)
    keys, lines = (20_000, 100) if given.small else (given.keys, given.lines)
    with TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        made = filled(folder, keys=keys, lines=lines)
        told = {
            "keys": made.keys,
            "filled in seconds": round(made.seconds, 1),
            "megabytes": round((folder / "profiles.db").stat().st_size / 1e6, 1),
            **measured(made),
            "cores": os.cpu_count(),
            "machine": platform.machine(),
        }
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
