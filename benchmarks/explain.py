"""Contributions: one line in milliseconds, and a hundred thousand beside LightGBM's own.

Run: python -m benchmarks.explain [--rows 100000] [--lightgbm-rows 2000] [--work data/ablation].

The default model is trained on the simulated corridor (preset `demo`); its lines are repeated to
the rows wanted, each number moved by about one per cent. Then, in one run:

1. One line after the other is scored and explained, beside LightGBM's `predict` of one row.
2. All rows are explained, a part at a time; after each part LightGBM's `pred_contrib` explains a
   few rows of it, so that both meet the same machine. Its time is scaled to all rows; with
   `--lightgbm-rows` as many as `--rows` it explains them all.
3. woodelf, where it is installed, explains trees of the same size without categories: it refuses
   categorical splits.
4. A fresh process explains all rows chunk by chunk and tells how much more memory that took.

Writes explain.json and explain.md to the output folder. Exits 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pandas as pd

from targeting.config import TrainSettings
from targeting.explain.contributions import contributions, contributions_by_chunk
from targeting.explain.treeshap import tree_contributions
from targeting.tables.output import staged_file
from targeting.training.calibrate import Calibrator
from targeting.training.forest import Forest
from targeting.training.model import HitHead, Model, RevenueHead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Matrix = npt.NDArray[np.float32]

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "docs" / "benchmarks"
WORK = ROOT / "data" / "ablation"
LIBRARIES = ("lightgbm", "numba", "numpy", "woodelf_explainer")
MOST_MS = 5.0
LEAST_TIMES = 5.0
CLOSE = 1e-5
PARTS = 20
_SINGLE_LIGHTGBM = 100


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Parameters
    ----------
    rows
        Explained at once.
    single
        Lines explained one after the other.
    lightgbm, woodelf
        Rows explained by them.
    threads
        Threads of ours and of LightGBM; woodelf has one.
    """

    rows: int = 100_000
    single: int = 1_000
    lightgbm: int = 2_000
    woodelf: int = 20_000
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Each:
    """Milliseconds of one line: on the clock, and of the thread on a processor.

    Parameters
    ----------
    p50, p99
        On the clock, other programs included.
    p50_own, p99_own
        What passes on the clock of an idle machine.
    """

    p50: float
    p99: float
    p50_own: float
    p99_own: float


@dataclass(frozen=True, slots=True)
class Many:
    """Rows explained at once, beside another way of doing it.

    Parameters
    ----------
    rows, other_rows
        Explained by us, and by the other.
    seconds, other_seconds
        On the clock.
    apart
        Largest difference of any contribution.
    """

    rows: int
    seconds: float
    other_rows: int
    other_seconds: float
    apart: float

    @property
    def times(self) -> float:
        """How many times as many rows a second as the other."""
        return (self.rows / self.seconds) / (self.other_rows / self.other_seconds)


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a fresh process.

    Parameters
    ----------
    rows
        Explained, chunk by chunk.
    before_mb, peak_mb
        The most the process had held before it began to explain, and at the end, in MiB.
    """

    rows: int
    before_mb: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Found:
    """All that was measured.

    Parameters
    ----------
    scored, explained, lightgbm_scored, lightgbm_explained
        One line at a time.
    many
        Beside LightGBM.
    woodelf
        Beside woodelf; None where it is not installed.
    memory
        Of a fresh process.
    trees, leaves, features
        Of the model.
    """

    scored: Each
    explained: Each
    lightgbm_scored: Each
    lightgbm_explained: Each
    many: Many
    woodelf: Many | None
    memory: Memory
    trees: int
    leaves: int
    features: int

    @property
    def fine(self) -> bool:
        """Whether all goals are kept."""
        many = self.many
        return (
            self.explained.p99_own <= MOST_MS and many.times >= LEAST_TIMES and many.apart <= CLOSE
        )


# Measuring ----------------------------------------------------------------------------------------


def one_by_one(act: Callable[[Matrix], object], matrix: Matrix) -> Each:
    """Time an act on each row alone; a few rows before that are not timed.

    Parameters
    ----------
    act
        What is done with a row.
    matrix
        Shape (n, features).
    """
    for at in range(min(5, len(matrix))):
        act(matrix[at : at + 1])
    clock, own = [], []
    for at in range(len(matrix)):
        begin, begin_own = time.perf_counter(), time.thread_time()
        act(matrix[at : at + 1])
        own.append(time.thread_time() - begin_own)
        clock.append(time.perf_counter() - begin)
    told = [float(1e3 * np.percentile(each, q)) for each in (clock, own) for q in (50, 99)]
    return Each(*told)


def beside_lightgbm(booster: lgb.Booster, matrix: Matrix, sizes: Sizes) -> Many:
    """Explain all rows, and as many of them as wanted by LightGBM, in turns.

    Parameters
    ----------
    booster
        The trees.
    matrix
        Shape (rows, features).
    sizes
        How many rows and threads.
    """
    forest = Forest.of(booster)
    tree_contributions(forest, matrix[:100], threads=sizes.threads)
    ours = theirs = apart = 0.0
    parts = min(PARTS, sizes.lightgbm)
    share = sizes.lightgbm // parts
    for part in np.array_split(np.arange(len(matrix)), parts):
        rows = matrix[part]
        begin = time.perf_counter()
        told = tree_contributions(forest, rows, threads=sizes.threads)
        ours += time.perf_counter() - begin
        begin = time.perf_counter()
        own = np.asarray(
            booster.predict(rows[:share], pred_contrib=True, num_threads=sizes.threads)
        )
        theirs += time.perf_counter() - begin
        apart = max(apart, float(np.abs(told[:share] - own[:, :-1]).max()))
    return Many(len(matrix), ours, share * parts, theirs, apart)


def beside_woodelf(matrix: Matrix, hit: npt.NDArray[np.bool_], params: dict[str, object]) -> Many:
    """Explain trees of numbers alone by woodelf and by us, one thread each.

    Parameters
    ----------
    matrix
        Shape (n, features). Rows to learn from and to explain.
    hit
        Shape (n,).
    params
        How the trees are grown.
    """
    from woodelf import WoodelfExplainer  # type: ignore[import-not-found]

    data = lgb.Dataset(matrix, hit.astype(float), params={"max_bin": params["max_bin"]})
    booster = lgb.train(params, data)
    frame = pd.DataFrame(matrix, columns=booster.feature_name())
    begin = time.perf_counter()
    explainer = WoodelfExplainer(booster, feature_perturbation="tree_path_dependent")
    theirs = explainer.shap_values(frame, verbose=False)
    middle = time.perf_counter()
    ours = tree_contributions(Forest.of(booster), matrix)
    end = time.perf_counter()
    apart = float(np.quantile(np.abs(ours - theirs).max(axis=1), 0.99))
    return Many(len(matrix), end - middle, len(matrix), middle - begin, apart)


def memory_of(model: Path, rows: Path) -> Memory:
    """Explain rows chunk by chunk in this process, which must be a fresh one.

    Parameters
    ----------
    model
        LightGBM's text.
    rows
        A matrix; it stays on disk.
    """
    head = HitHead(lgb.Booster(model_file=str(model)))
    some = Model(head, Calibrator(), RevenueHead())
    matrix = np.load(rows, mmap_mode="r")
    contributions(some, np.array(matrix[:10]))
    before = _peak_mb()
    count = sum(len(part.values) for _, part in contributions_by_chunk(some, matrix))
    return Memory(count, before, _peak_mb())


def _peak_mb() -> float:
    """Tell the most this process has held; Linux counts it anew for a new program."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def in_fresh_process(booster: lgb.Booster, matrix: Matrix) -> Memory:
    """Explain rows in a process of its own.

    Parameters
    ----------
    booster
        The trees.
    matrix
        Shape (n, features).
    """
    with TemporaryDirectory() as folder:
        model, rows = Path(folder) / "model.txt", Path(folder) / "rows.npy"
        booster.save_model(model)
        np.save(rows, matrix)
        told = subprocess.run(  # noqa: S603 - this program itself
            [sys.executable, "-m", "benchmarks.explain", "--child", str(model), str(rows)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
    return Memory(**json.loads(told.stdout.splitlines()[-1]))


def whole_score(model: Model, row: Matrix) -> None:
    """Score a line as the scorer does: probability, expected revenue and both views."""
    probability = model.probability(model.score(row))
    model.expected_revenue(row, probability)
    if model.views is not None:
        model.views.papers(row)
        model.views.conveyance(row)


def measured(model: Model, matrix: Matrix, hit: npt.NDArray[np.bool_], sizes: Sizes) -> Found:
    """Measure everything on one model and its rows.

    Parameters
    ----------
    model
        With trees.
    matrix
        Shape (n, features). Rows that are repeated to as many as wanted.
    hit
        Shape (n,). Learnt from where trees without categories are wanted.
    sizes
        How much is measured.
    """
    from benchmarks.training import repeated

    booster, forest = model.hit.trees, model.hit.forest
    if booster is None or forest is None:
        raise ValueError("a model without trees has nothing to measure")
    asks = forest.vertices["feature"]
    fixed = np.unique(asks[forest.vertices["kind"] == 4]).tolist()
    rows = repeated(matrix, sizes.rows, fixed, seed=1)
    some = rows[: sizes.single]
    few = rows[:_SINGLE_LIGHTGBM]
    woodelf = None
    if find_spec("woodelf") is not None and sizes.woodelf:
        count = min(sizes.woodelf, len(matrix))
        woodelf = beside_woodelf(matrix[:count], hit[:count], _params(forest))
    return Found(
        scored=one_by_one(lambda row: whole_score(model, row), some),
        explained=one_by_one(lambda row: contributions(model, row), some),
        lightgbm_scored=one_by_one(
            lambda row: booster.predict(row, raw_score=True, num_threads=1), some
        ),
        lightgbm_explained=one_by_one(
            lambda row: booster.predict(row, pred_contrib=True, num_threads=1), few
        ),
        many=beside_lightgbm(booster, rows, sizes),
        woodelf=woodelf,
        memory=in_fresh_process(booster, rows),
        trees=forest.trees,
        leaves=int((asks < 0).sum()),
        features=matrix.shape[1],
    )


def _params(forest: Forest) -> dict[str, object]:
    how = TrainSettings().model
    return {
        "objective": "binary", "num_iterations": forest.trees, "num_leaves": how.leaves,
        "max_bin": how.bins, "min_data_in_leaf": how.min_rows_in_leaf, "num_threads": 1,
        "feature_fraction": how.column_share, "learning_rate": how.learning_rate,
        "lambda_l2": how.l2, "extra_trees": how.randomised, "verbose": -1,
        "deterministic": True, "force_row_wise": True, "seed": how.seed,
    }  # fmt: skip


# The page -----------------------------------------------------------------------------------------


def machine() -> dict[str, str]:
    """Tell what this ran on."""
    found = {
        "processor": platform.machine(), "cores": str(os.cpu_count()),
        "system": platform.system(), "python": platform.python_version(),
    }  # fmt: skip
    named = {name: version(name) for name in LIBRARIES if find_spec(name.partition("_")[0])}
    return found | named


def page(found: Found, on: dict[str, str], sizes: Sizes) -> str:
    """Write the page.

    Parameters
    ----------
    found
        What was measured.
    on
        The machine and the versions.
    sizes
        How much was measured.
    """
    many, memory = found.many, found.memory
    each = "\n".join(
        f"| {name} | {one.p50:.3f} | {one.p99:.3f} | {one.p50_own:.3f} | {one.p99_own:.3f} |"
        for name, one in (
            ("contributions, all members, the sum asserted", found.explained),
            ("LightGBM `pred_contrib` of the trees", found.lightgbm_explained),
            ("score, probability, revenue and views", found.scored),
            ("LightGBM `predict` of the trees", found.lightgbm_scored),
        )
    )
    return f"""# Contributions: speed

**One line is explained in {found.explained.p50_own:.1f} ms, 99 % of lines within
{found.explained.p99_own:.1f} ms (limit {MOST_MS:g}); {many.rows:,} rows {many.times:.0f} times as
fast as by LightGBM's own `pred_contrib` in the same run (goal {LEAST_TIMES:g}), no contribution
further than {many.apart:.1e} from its (limit {CLOSE:g}). Goals
{"kept" if found.fine else "NOT kept"}.**

Written by `benchmarks/explain.py`; do not edit. Reproduce it with `make bench-explain`. Model:
{found.trees:,} trees, {found.leaves:,} leaves, {found.features:,} features, trained with the
default settings on the simulated corridor (preset `demo`). Rows: its lines, repeated, each number
moved by about one per cent. On: {", ".join(f"{name} {what}" for name, what in on.items())}.

## One line

Milliseconds on the clock, other programs running beside, and of the thread on a processor: what
passes on the clock of an idle machine. {sizes.single:,} lines; LightGBM's contributions of
{_SINGLE_LIGHTGBM} of them.

| | p50 | p99 | p50 own | p99 own |
| --- | --- | --- | --- | --- |
{each}

## Many rows

The trees' contributions, {sizes.threads} threads each. LightGBM explained {many.other_rows:,} of
the rows, some after each of {PARTS} parts of ours; "all rows" is its rate scaled.

| | rows a second | all rows |
| --- | --- | --- |
| ours | {many.rows / many.seconds:,.0f} | {many.seconds:,.1f} s |
| LightGBM `pred_contrib` | {many.other_rows / many.other_seconds:,.0f} | \
{many.rows * many.other_seconds / many.other_rows:,.0f} s |

{_woodelf(found.woodelf)}

## Memory

A fresh process explained {memory.rows:,} rows chunk by chunk, the rows lying on disk
({memory.rows * found.features * 4 / 1024**2:,.0f} MiB). It had held {memory.before_mb:,.0f} MiB at
most before the first chunk, and {memory.peak_mb:,.0f} MiB at the end, the pages of the file that it
had read included. All contributions at once would take
{memory.rows * found.features * 8 / 1024**2:,.0f} MiB.
"""


def _woodelf(found: Many | None) -> str:
    if found is None:
        return "woodelf was not installed."
    return f"""woodelf refuses categorical splits. On trees of the same number and size that take
the codes of categories for numbers, one thread each, {found.rows:,} rows, preparation included:

| | rows a second |
| --- | --- |
| ours | {found.rows / found.seconds:,.0f} |
| woodelf | {found.other_rows / found.other_seconds:,.0f} |

The largest difference of a row's contributions is {found.apart:.1e} or less in 99 % of rows."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    defaults = Sizes()
    parser.add_argument("--rows", type=int, default=defaults.rows)
    parser.add_argument("--lightgbm-rows", type=int, default=defaults.lightgbm)
    parser.add_argument("--woodelf-rows", type=int, default=defaults.woodelf)
    parser.add_argument("--work", type=Path, default=WORK, help="folder of simulated worlds")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--child", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        print(json.dumps(asdict(memory_of(*options.child))))
        return 0
    from benchmarks.ablation_worlds import SEEDS, prepare

    from targeting.training.learn import fit

    world = prepare("demo", SEEDS[0], options.work)
    settings = TrainSettings()
    print("training the default model", flush=True)
    model = fit(world.known(settings.unexamined), settings)
    sizes = Sizes(options.rows, lightgbm=options.lightgbm_rows, woodelf=options.woodelf_rows)
    matrix = np.ascontiguousarray(world.lines.matrix)
    found, on = measured(model, matrix, world.found, sizes), machine()
    told = {"machine": on, "sizes": asdict(sizes), "found": asdict(found)}
    print(json.dumps(told, indent=1))
    with staged_file(options.output / "explain.json") as file:
        file.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    with staged_file(options.output / "explain.md") as file:
        file.write_text(page(found, on, sizes), "utf-8")
    return int(not found.fine)


if __name__ == "__main__":
    raise SystemExit(main())
