"""Speed of the profile replay: declarations a second for one key, 11 statistics in 3 memories.

Beside it, for scale only, pandas with two all-time sums, which respects neither days nor decay.

Run: python benchmarks/replay.py [--rows 2000000]. Prints a table and JSON; the ratio is what to
quote, times depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np
import pandas as pd

from targeting.features.profiles import Declared, ProfileState, Results, replay

HALF_LIVES = (30.0, 365.0)
KEYS = 300_000
DAYS = 540


@dataclass(frozen=True, slots=True)
class Timing:
    """One measured run."""

    what: str
    rows: int
    seconds: float

    @property
    def rows_per_second(self) -> float:
        """Declarations a second, one key."""
        return self.rows / self.seconds


def events(rows: int, seed: int = 1) -> tuple[Declared, Results]:
    """Draw declarations with a few heavy and many light keys, a tenth of them examined."""
    rng = np.random.default_rng(seed)
    code = (KEYS * rng.random(rows) ** 3).astype(np.int32)
    day = np.sort(rng.integers(0, DAYS, rows)).astype(np.int32)
    value = rng.lognormal(8, 1, rows)
    mass = rng.lognormal(6, 1, rows)
    wanted = rng.random(rows) < 0.1
    declared = Declared(code, day, value, mass, value / mass, wanted)
    at = np.flatnonzero(wanted)
    known = day[at] + rng.integers(1, 40, len(at)).astype(np.int32)
    order = np.argsort(known, kind="stable")
    hit = (rng.random(len(at)) < 0.08).astype(np.float64)
    results = Results(code[at][order], known[order], hit[order], hit[order] * 1000.0)
    return declared, results


def time_replay(declared: Declared, results: Results) -> Timing:
    """Replay one key: nine statistics, all-time and at two half-lives."""
    state = ProfileState.empty(KEYS, len(HALF_LIVES))
    start = time.perf_counter()
    replay(state, declared, results, half_lives_days=HALF_LIVES)
    return Timing("replay, 33 decayed sums", len(declared.code), time.perf_counter() - start)


def time_pandas(declared: Declared) -> Timing:
    """Count and sum per key before each row: two all-time statistics only, ties not respected."""
    frame = pd.DataFrame({"code": declared.code, "value": declared.value})
    start = time.perf_counter()
    grouped = frame.groupby("code", sort=False)["value"]
    grouped.cumcount()
    grouped.cumsum()
    return Timing("pandas cumsum, 2 statistics", len(frame), time.perf_counter() - start)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    rows = parser.parse_args().rows
    small = events(10_000)
    time_replay(*small)  # compiles
    declared, results = events(rows)
    timings = [time_replay(declared, results), time_pandas(declared)]
    for timing in timings:
        print(
            f"{timing.what:<30}{timing.rows:>12,} rows{timing.seconds:>9.2f} s"
            f"{timing.rows_per_second:>14,.0f} rows/s"
        )
    print(
        json.dumps(
            {
                "timings": [asdict(timing) for timing in timings],
                "machine": platform.machine(),
                "python": platform.python_version(),
                **{name: version(name) for name in ("numba", "numpy", "pandas")},
            }
        )
    )


if __name__ == "__main__":
    main()
