"""Training: how much of its time is LightGBM's own, and the memory of a million rows.

Run: python -m benchmarks.training [--rows 1000000] [--work data/ablation].

1. `targeting.pipeline` trains at the size of the demo, under Python's profiler: of the time spent
   making models, the share inside LightGBM's own `train`, and where the rest goes.
2. A fresh process trains on a million rows of every feature and tells its peak of memory. There is
   no such table: a real matrix is repeated, each number moved by about one per cent.

Prints what it finds and writes docs/benchmarks/training.md. Exits 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from benchmarks.ablation_worlds import SEEDS, WORK, ZONE, prepare

from targeting.config import FeatureSettings, TrainSettings
from targeting.pipeline.prepare import Plan
from targeting.pipeline.run import train
from targeting.pipeline.steps import Steps
from targeting.tables.output import staged_file
from targeting.training.block import Block, Known
from targeting.training.learn import fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from targeting.features.spec import FeatureSpec

    Matrix = npt.NDArray[np.float32]

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "docs" / "benchmarks"
LEAST_SHARE = 0.80
MOST_GB = 8.0
SPREAD = 0.01
_CHUNK = 50_000

MAKING = ("targeting/training/learn.py", "fit")
TREES = ("lightgbm/engine.py", "train")
PARTS = {
    "LightGBM's own train": TREES,
    "additive scores, of the model and of its views": (
        "targeting/training/linear.py",
        "fit_linear",
    ),
    "expert score beside it": ("targeting/training/expert.py", "fit_blend"),
    "scoring with the trees": ("lightgbm/basic.py", "predict"),
}
"""Functions whose time within `MAKING` is told, by what they do."""

Place = tuple[str, str]
Calls = tuple[int, int, float, float]
Times = dict[tuple[str, int, str], tuple[int, int, float, float, dict[Any, Calls]]]


# Time ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shares:
    """Where the time of training goes.

    Parameters
    ----------
    steps
        Seconds of each step of the run.
    making
        Seconds spent making models.
    parts
        Seconds of each part of it.
    """

    steps: dict[str, float]
    making: float
    parts: dict[str, float]

    @property
    def of_trees(self) -> float:
        """Share of the time of making models that is LightGBM's own."""
        return self.parts["LightGBM's own train"] / self.making


def seconds_in(times: Times, place: Place) -> float:
    """Return the seconds spent in a function and in what it calls.

    Parameters
    ----------
    times
        From the profiler.
    place
        End of the file's path, and the function's name.
    """
    return sum(told[3] for key, told in times.items() if _is(key, place))


def shares_of(times: Times, steps: Mapping[str, float]) -> Shares:
    """Part the time of making models.

    Parameters
    ----------
    times
        From the profiler.
    steps
        Seconds of each step.
    """
    parts = {name: seconds_in(times, place) for name, place in PARTS.items()}
    # Trees also score outside: only what is called on the way of making a model counts here.
    parts["scoring with the trees"] = _called_by(
        times, PARTS["scoring with the trees"], ("targeting/training/model.py", "learnt")
    )
    return Shares(dict(steps), seconds_in(times, MAKING), parts)


def _called_by(times: Times, place: Place, caller: Place) -> float:
    return sum(
        calls[3]
        for key, told in times.items()
        if _is(key, place)
        for where, calls in told[4].items()
        if _is(where, caller)
    )


def _is(key: tuple[str, int, str], place: Place) -> bool:
    return key[0].replace("\\", "/").endswith(place[0]) and key[2] == place[1]


def time_of_training(work: Path) -> Shares:
    """Train at the size of the demo, under the profiler.

    Counted is the main thread's time on a processor: on an idle machine that is what passes on the
    clock, and other programs do not change it.

    Parameters
    ----------
    work
        Folder of worlds.
    """
    world = prepare("demo", SEEDS[0], work)
    steps, profile = Steps(), cProfile.Profile(time.thread_time)
    plan = Plan(FeatureSettings(time_zone=ZONE), TrainSettings(), world.begin)
    with TemporaryDirectory() as folder:
        profile.enable()
        train(world.tables, Path(folder) / "bundle", plan=plan, steps=steps)
        profile.disable()
    times: Times = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    return shares_of(times, {step.name: step.seconds for step in steps.done})


# Memory -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Memory:
    """What training on many rows took.

    Parameters
    ----------
    rows, unexamined, features, trees
        Rows in all, those of them that nobody examined, columns, and trees grown.
    matrix_gb, peak_gb
        Size of the rows' matrix, and the most the process ever held, in GiB.
    seconds
        Of training.
    """

    rows: int
    unexamined: int
    features: int
    trees: int
    matrix_gb: float
    peak_gb: float
    seconds: float


def repeated(matrix: Matrix, rows: int, fixed: Sequence[int], *, seed: int) -> Matrix:
    """Repeat a matrix to so many rows, moving each number by about one per cent.

    What is missing stays missing, zero stays zero, and the fixed columns stay as they are.

    Parameters
    ----------
    matrix
        Shape (n, features).
    rows
        Rows wanted.
    fixed
        Columns that are codes.
    seed
        Of the moves.
    """
    rng = np.random.default_rng(seed)
    out = np.empty((rows, matrix.shape[1]), dtype=np.float32)
    for start in range(0, rows, _CHUNK):
        place = np.arange(start, min(start + _CHUNK, rows)) % len(matrix)
        moved = 1 + SPREAD * rng.standard_normal((len(place), matrix.shape[1]), dtype=np.float32)
        moved[:, list(fixed)] = 1
        out[start : start + len(place)] = matrix[place] * moved
    return out


def memory_of_training(work: Path, rows: int, trees: int) -> Memory:
    """Train on repeated rows in this process, which must be a fresh one.

    Parameters
    ----------
    work
        Folder of worlds.
    rows
        Rows in all; as many of them unexamined as the settings allow at most.
    trees
        How many to grow.
    """
    world = prepare("demo", SEEDS[0], work)
    settings = TrainSettings()
    settings = settings.model_copy(
        update={"model": settings.model.model_copy(update={"trees": trees, "threads": 1})}
    )
    lines = world.lines
    rest = min(settings.unexamined.at_most, rows // 2)
    hit = np.resize(world.found, rows - rest)
    known = _as_known(lines.matrix, lines.spec, hit, rest)
    start = time.perf_counter()
    fit(known, settings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return Memory(
        rows=rows,
        unexamined=rest,
        features=lines.matrix.shape[1],
        trees=trees,
        matrix_gb=rows * lines.matrix.shape[1] * 4 / 1024**3,
        peak_gb=peak,
        seconds=time.perf_counter() - start,
    )


def _as_known(matrix: Matrix, spec: FeatureSpec, hit: npt.NDArray[np.bool_], rest: int) -> Known:
    codes = [spec.names.index(name) for name in spec.categories]

    def block(rows: int, seed: int) -> Block:
        index = pd.DataFrame(index=range(rows))
        return Block(index, repeated(matrix, rows, codes, seed=seed), spec)

    offence = np.where(np.arange(len(hit)) % 2, "drugs", "undervaluation").astype(object)
    offence[~hit] = None
    revenue = np.where(hit, 1000.0, np.nan)
    labels = pd.DataFrame({"hit": hit, "revenue_recovered": revenue, "offence": offence})
    return Known(block(len(hit), 1), labels, unexamined=block(rest, 2))


def in_fresh_process(work: Path, rows: int, trees: int) -> Memory:
    """Train on repeated rows in a process of its own.

    Parameters
    ----------
    work, rows, trees
        As for `memory_of_training`.
    """
    words = ["--child", "--work", str(work), "--rows", str(rows), "--trees", str(trees)]
    told = subprocess.run(  # noqa: S603 - this program itself
        [sys.executable, "-m", "benchmarks.training", *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    return Memory(**json.loads(told.stdout.splitlines()[-1]))


# The page -----------------------------------------------------------------------------------------


def page(shares: Shares, memory: Memory) -> str:
    """Write the page.

    Parameters
    ----------
    shares, memory
        What was measured.
    """
    rest = shares.making - sum(shares.parts.values())
    parts = [*shares.parts.items(), ("everything else", rest)]
    table = "\n".join(
        f"| {name} | {seconds:.1f} | {seconds / shares.making:.1%} |" for name, seconds in parts
    )
    steps = "; ".join(f"{name} {seconds:.1f}" for name, seconds in shares.steps.items())
    memory_fine = memory.peak_gb <= MOST_GB
    return f"""# Training: time and memory

**Of the time spent making models, {shares.of_trees:.1%} is LightGBM's own
(goal {LEAST_SHARE:.0%}: {_held(fine=shares.of_trees >= LEAST_SHARE)}). A million rows of every
feature train in {memory.peak_gb:.1f} GiB (limit {MOST_GB:g}: {_held(fine=memory_fine)}).**

Written by `benchmarks/training.py`; do not edit. Reproduce it with `python -m benchmarks.training`.

## Time

One run of `targeting train` on the simulated corridor (preset `demo`, 75 thousand lines) under
Python's profiler. It makes three models; the time is that of making them
(`targeting.training.learn.fit`), in seconds of the main thread on a processor: what passes on the
clock of an idle machine, whatever else runs.

| part | seconds | share |
| --- | --- | --- |
{table}

Seconds on the clock of the whole run by step, scoring and reports included: {steps}.

## Memory

{memory.rows:,} rows of all {memory.features:,} features, {memory.unexamined:,} of them as
unexamined lines beside the results, in a fresh process: {memory.trees:,} trees, the additive
scores, the expert score and the revenue of hits. No such table is at hand: the rows are those of a
simulated corridor, repeated, each number moved by about {SPREAD:.0%}. The matrix itself takes
{memory.matrix_gb:.2f} GiB; the process held {memory.peak_gb:.2f} GiB at most, and trained for
{memory.seconds:,.0f} seconds in one thread, other programs running beside it.
"""


def _held(*, fine: bool) -> str:
    return "kept" if fine else "NOT kept"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--trees", type=int, default=TrainSettings().model.trees)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        print(json.dumps(asdict(memory_of_training(options.work, options.rows, options.trees))))
        return 0
    shares = time_of_training(options.work)
    print(json.dumps(asdict(shares), indent=1), f"{shares.of_trees:.1%}", flush=True)
    memory = in_fresh_process(options.work, options.rows, options.trees)
    print(json.dumps(asdict(memory), indent=1))
    with staged_file(options.output / "training.md") as file:
        file.write_text(page(shares, memory), "utf-8")
    return int(shares.of_trees < LEAST_SHARE or memory.peak_gb > MOST_GB)


if __name__ == "__main__":
    raise SystemExit(main())
