"""Batch scoring: what it costs beyond its features and LightGBM's own predict, and its memory.

Run: python -m benchmarks.batch [--rows 10000000] [--work FOLDER] [--tables FOLDER --model BUNDLE].

Simulates a country, trains on its first part, and scores the rest, in one run and on the same
days:

1. in a process of its own, the features are computed part by part as the scorer does, and
   LightGBM's own `Booster.predict` scores each matrix, with the trees of the hits and of the
   revenue;
2. the command users call, `targeting score --explain none`, scores the days into a file, from the
   start of its process to its end: reading, features, every member of the score, consignments,
   probabilities, and writing.

The target is that (1) is at least 80 % of (2), and that memory is bounded: ten million rows take at
most 16 GB. Rows are held half a million at a time; what grows is what is known of each key, and a
window of several parts holds the bundle's profiles, the last part's and the next. Exits 1 where a
target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
from benchmarks.simulate import world

from targeting.bundle.bundle import load_bundle
from targeting.config import FeatureSettings, TrainSettings
from targeting.features.build import build
from targeting.features.engine import Reader, Wanted
from targeting.pipeline import Plan, train
from targeting.scoring.scorer import Scorer
from targeting.scoring.window import spans
from targeting.simulate import simulate
from targeting.tables.folder import TablesFolder

ZONE = "Asia/Baku"
ROWS = 10_000_000
HISTORY = 0.25  # of the rows to score, lodged before them
LEAST_HISTORY = 400_000  # lines: fewer hold too few hits to grow trees on
LEAST_SHARE = 0.80
MOST_GB = 16.0


@dataclass(frozen=True, slots=True)
class Days:
    """What is scored: tables, bundle, and the days from its cut-off to the end of the tables."""

    tables: Path
    bundle: Path

    @property
    def window(self) -> tuple[date, date]:
        """First day, and the day to stop before."""
        loaded = load_bundle(self.bundle)
        reader = Reader(TablesFolder.open(self.tables), loaded.spec.settings.time_zone, ())
        return loaded.snapshot.as_of, reader.span()[1] + timedelta(days=1)


def prepared(work: Path, rows: int) -> Days:
    """Simulate and train, or take what an earlier run left there."""
    days = Days(work / f"tables-{rows}", work / f"bundle-{rows}")
    history = max(int(rows * HISTORY), LEAST_HISTORY)
    if not days.tables.is_dir():
        simulate(world("national", rows + history), days.tables)
    if not days.bundle.is_dir():
        tables = TablesFolder.open(days.tables)
        files = tables.path / "declarations.parquet"
        lodged = pq.read_table(files, columns=["lodged_at"])["lodged_at"].to_numpy()
        first = np.sort(lodged)[int(len(lodged) * history / (rows + history))]
        cut_off = first.astype("datetime64[D]").astype(object)
        plan = Plan(FeatureSettings(time_zone=ZONE), TrainSettings(), cut_off)
        train(tables, days.bundle, plan=plan)
    return days


def parts_of(days: Days) -> dict[str, float]:
    """Time the features and LightGBM's own predict, part by part."""
    scorer, tables = Scorer.load(days.bundle), TablesFolder.open(days.tables)
    bundle, (start, stop) = scorer.bundle, days.window
    model, zone = bundle.model, bundle.spec.settings.time_zone
    trees = [one for one in (model.hit.trees, model.revenue.trees) if one is not None]
    if not trees:
        raise SystemExit("the bundle has no trees to compare with: more history is needed")
    lodged = Reader(tables, zone, ()).lodged(start, stop)[0]
    snapshot, features, predict, rows = bundle.snapshot, 0.0, 0.0, 0
    for first, last in spans(start, stop, lodged):
        begun = time.perf_counter()
        wanted = Wanted(start=first, stop=last)
        built = build(tables, bundle.spec, wanted, until=last, snapshot=snapshot)
        between = time.perf_counter()
        for one in trees:
            one.predict(built.matrix, raw_score=True, num_threads=model.threads)
        features += between - begun
        predict += time.perf_counter() - between
        snapshot, rows = built.snapshot, rows + len(built.matrix)
        print(f"{rows:,} rows", file=sys.stderr, flush=True)
    return {"rows": rows, "features": features, "predict": predict, "trees": trees[0].num_trees()}


def score_of(days: Days, output: Path) -> dict[str, float]:
    """Time the command, and tell its peak of memory."""
    start, stop = days.window
    command = [
        *(sys.executable, "-c", "from targeting.cli import main; main()", "score"),
        *("--model", str(days.bundle), "--tables", str(days.tables), "--explain", "none"),
        *("--from", str(start), "--to", str(stop), "--output", str(output)),
    ]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6  # kB on Linux
    return {"seconds": seconds, "peak_gb": peak, "rows": pq.read_metadata(output).num_rows}


def measured(days: Days, work: Path) -> bool:
    """Measure, print, and tell whether the targets are met."""
    # The command first: the peak told of children is the largest of all of them so far.
    score = score_of(days, work / "scores.parquet")
    child = [sys.executable, "-m", "benchmarks.batch", "--parts"]
    child += ["--tables", str(days.tables), "--model", str(days.bundle)]
    told = subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    parts = json.loads(told.stdout)
    if parts["rows"] != score["rows"]:
        raise SystemExit(f"{parts['rows']:,} rows in parts, {score['rows']:,} scored")
    share = (parts["features"] + parts["predict"]) / score["seconds"]
    print(f"{score['rows']:,} declarations, {parts['trees']} trees")
    print(f"features                {parts['features']:10.1f} s")
    print(f"LightGBM's own predict  {parts['predict']:10.1f} s")
    print(f"targeting score         {score['seconds']:10.1f} s, the whole command")
    print(f"share                   {share:10.1%} (target {LEAST_SHARE:.0%} or more)")
    print(f"peak of memory          {score['peak_gb']:10.2f} GB (target {MOST_GB:g} at most)")
    machine = {"cores": os.cpu_count(), "machine": platform.machine()}
    print(json.dumps({"parts": parts, "score": score, "share": share} | machine))
    return share >= LEAST_SHARE and score["peak_gb"] <= MOST_GB


def main() -> None:
    """Parse the arguments, prepare what is not given, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="declarations to score")
    parser.add_argument("--work", type=Path, help="folder to keep the world and the bundle in")
    parser.add_argument("--tables", type=Path, help="a tables folder to use instead")
    parser.add_argument("--model", type=Path, help="a bundle to use instead")
    parser.add_argument("--parts", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.parts:
        print(json.dumps(parts_of(Days(given.tables, given.model))))
        return
    with TemporaryDirectory(prefix="targeting-") as name:
        work = given.work or Path(name)
        work.mkdir(parents=True, exist_ok=True)
        own = given.tables and given.model
        days = Days(given.tables, given.model) if own else prepared(work, given.rows)
        sys.exit(0 if measured(days, Path(name)) else 1)


if __name__ == "__main__":
    main()
