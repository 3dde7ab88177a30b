"""Batch scoring: what it costs beyond its features and LightGBM's own predict, and its memory.

Run: python -m benchmarks.batch [--rows 10000000] [--work FOLDER] [--tables FOLDER --model BUNDLE]
[--output docs/benchmarks]. Writes `batch.md` and `batch.json`.

Simulates a country, trains on its first part, and scores the rest, in one run and on the same
days:

1. in a process of its own, the features are computed part by part as the scorer does, and
   LightGBM's own `Booster.predict` scores each matrix, with the trees of the hits and of the
   revenue;
2. the command users call, `targeting score --explain none`, scores the days into a file, from the
   start of its process to its end: reading, features, every member of the score, consignments,
   probabilities, and writing.

The target is that (1) is at least 80 % of (2), and that memory is bounded: ten million rows take at
most 16 GB. Rows are held half a million at a time; what grows is what is known of each key, which
is held once. Exits 1 where a target is missed.
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
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
from benchmarks.simulate import world

from targeting.bundle.bundle import load_bundle
from targeting.config import FeatureSettings, TrainSettings
from targeting.features.build import build
from targeting.features.engine import Reader, Wanted
from targeting.pipeline import Plan, train
from targeting.scoring.window import spans
from targeting.simulate import simulate
from targeting.tables.folder import TablesFolder

if TYPE_CHECKING:
    from targeting.features.snapshot import Snapshot

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
        loaded = load_bundle(self.bundle, profiles=False)
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
    bundle, tables = load_bundle(days.bundle), TablesFolder.open(days.tables)
    start, stop = days.window
    model, zone = bundle.model, bundle.spec.settings.time_zone
    trees = [one for one in (model.hit.trees, model.revenue.trees) if one is not None]
    if not trees:
        raise SystemExit("the bundle has no trees to compare with: more history is needed")
    lodged = Reader(tables, zone, ()).lodged(start, stop)[0]
    snapshot, features, predict, rows = replace(bundle.snapshot, spend=True), 0.0, 0.0, 0
    keys = first_keys = _keys(snapshot)
    for first, last in spans(start, stop, lodged):
        keys = _keys(snapshot)
        begun = time.perf_counter()
        wanted = Wanted(start=first, stop=last)
        built = build(tables, bundle.spec, wanted, until=last, snapshot=snapshot)
        between = time.perf_counter()
        for one in trees:
            one.predict(built.matrix, raw_score=True, num_threads=model.threads)
        features += between - begun
        predict += time.perf_counter() - between
        # As the command does: what is known of each key is held once.
        snapshot, rows = replace(built.snapshot, spend=True), rows + len(built.matrix)
        del built
        print(f"{rows:,} rows", file=sys.stderr, flush=True)
    return {
        "rows": rows, "features": features, "predict": predict, "trees": trees[0].num_trees(),
        "keys_before": first_keys, "keys_after": keys,
    }  # fmt: skip


def _keys(snapshot: Snapshot) -> int:
    return sum(len(profiles.state.sums) for profiles in snapshot.profiles.values())


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


def measured(days: Days, work: Path, output: Path) -> bool:
    """Measure, print and write down, and tell whether the targets are met."""
    # The command first: the peak told of children is the largest of all of them so far.
    score = score_of(days, work / "scores.parquet")
    child = [sys.executable, "-m", "benchmarks.batch", "--parts"]
    child += ["--tables", str(days.tables), "--model", str(days.bundle)]
    answer = subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    parts = json.loads(answer.stdout)
    if parts["rows"] != score["rows"]:
        raise SystemExit(f"{parts['rows']:,} rows in parts, {score['rows']:,} scored")
    share = (parts["features"] + parts["predict"]) / score["seconds"]
    machine = {"cores": os.cpu_count(), "machine": platform.machine()}
    told = {"parts": parts, "score": score, "share": share} | machine
    text = page(told)
    print(text)
    if output.is_dir():
        (output / "batch.md").write_text(text, encoding="utf-8")
        (output / "batch.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return share >= LEAST_SHARE and score["peak_gb"] <= MOST_GB


def page(told: dict[str, Any]) -> str:
    """Write what was measured as a page."""
    parts, score, share = told["parts"], told["score"], told["share"]
    kept = "kept" if share >= LEAST_SHARE else "missed"
    bounded = "kept" if score["peak_gb"] <= MOST_GB else "missed"
    return f"""# Batch scoring

Written by `make bench-batch` (`python -m benchmarks.batch`). {told["cores"]} cores;
{score["rows"]:,.0f} declarations, {parts["keys_before"]:,.0f} profiles before the first and
{parts["keys_after"]:,.0f} before the last part; {parts["trees"]:.0f} trees.

| what | s |
|---|---|
| features, part by part | {parts["features"]:,.1f} |
| LightGBM's own `predict` of the same matrices | {parts["predict"]:,.1f} |
| `targeting score --explain none`, the whole command | {score["seconds"]:,.1f} |

The first two are {share:.1%} of the command (goal {LEAST_SHARE:.0%} or more: {kept}). It scores
{score["rows"] / score["seconds"]:,.0f} declarations a second; its peak of memory
is {score["peak_gb"]:.1f} GB (limit {MOST_GB:g}: {bounded}).
"""


def main() -> None:
    """Parse the arguments, prepare what is not given, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="declarations to score")
    parser.add_argument("--work", type=Path, help="folder to keep the world and the bundle in")
    parser.add_argument("--tables", type=Path, help="a tables folder to use instead")
    parser.add_argument("--model", type=Path, help="a bundle to use instead")
    parser.add_argument("--parts", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    given = parser.parse_args()
    if given.parts:
        print(json.dumps(parts_of(Days(given.tables, given.model))))
        return
    with TemporaryDirectory(prefix="targeting-") as name:
        work = given.work or Path(name)
        work.mkdir(parents=True, exist_ok=True)
        own = given.tables and given.model
        days = Days(given.tables, given.model) if own else prepared(work, given.rows)
        sys.exit(0 if measured(days, Path(name), given.output) else 1)


if __name__ == "__main__":
    main()
