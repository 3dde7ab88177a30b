"""Cold start: what expert score, trained model and their blends find while hits accumulate.

Run: python benchmarks/cold_start.py [--worlds 6] [--presets cold_start small] [--output FOLDER].
Worlds of one office pair (`cold_start`) and of eight sites (`small`), lived longer than their
presets: for 90 days declarations are lodged and nothing is examined, then the unit begins. At the
moments when the model has so many hits to learn from, each order opens 5 % of the lines of each of
the next weeks, and the truth says how many an examination would have found. Writes
`cold_start.md` and `cold_start.json`; twelve worlds take some ten minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.config import FeatureSettings, SplitSettings, TrainSettings
from targeting.config.expert import ExpertSettings
from targeting.features.build import matrix_of
from targeting.features.engine import Reader, Wanted, day_start
from targeting.features.spec import learn_spec
from targeting.simulate import preset, simulate
from targeting.tables.folder import TablesFolder
from targeting.training import model as trees
from targeting.training.block import Block, Known
from targeting.training.expert import Expert, blend_weight
from targeting.training.labels import examined
from targeting.training.learn import fit
from targeting.training.splits import mature
from targeting.training.unexamined import sample_unexamined

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

ZONE = "Asia/Baku"
QUIET_DAYS = 90
AHEAD_DAYS = 90
SHARE = 0.05
HITS = (0, 10, 20, 50, 100, 200)
PRIORS = (10, 25, 50, 100, 200, 400)
GAP = timedelta(days=SplitSettings().gap_days)
DAYS = {"small": 560, "cold_start": 1_500}
LEAST_WORLDS = 5
"""Fewer say nothing of how far another world may lie."""

SEED = 7


@dataclass(frozen=True)
class World:
    """A simulated world: lines with their features, what is known of them, and the truth.

    At each number of hits the moment, and the unexamined lines a model made then sees.
    """

    block: Block
    labels: pd.DataFrame
    found: Bools
    when: dict[int, pd.Timestamp]
    beside: dict[int, set[str]]


@dataclass(frozen=True)
class Point:
    """Hits found at one moment of one world, by each order."""

    preset: str
    seed: int
    at_hits: int
    hits_known: int
    examined_known: int
    opened: int
    attainable: int
    chance: float
    expert: int
    model: int | None
    blends: dict[int, int]


def live(name: str, seed: int, folder: Path) -> World:
    """Simulate a world whose unit begins to examine after 90 days, and compute its features."""
    settings = preset(name).model_copy(update={"seed": seed, "days": DAYS[name]})
    simulate(settings, folder / "tables")
    tables = TablesFolder.open(folder / "tables")
    first, last = Reader(tables, ZONE, ()).span()
    begin, end = first + timedelta(days=QUIET_DAYS), last + timedelta(days=1)
    path = folder / "tables" / "inspections.parquet"
    inspections = pq.read_table(path)
    late = inspections["inspected_at"].to_pandas() >= pd.Timestamp(day_start(begin, ZONE))
    pq.write_table(inspections.filter(pa.array(late)), path)
    labels = examined(tables)
    at = moments(labels, begin, last)
    declared = pq.read_table(
        folder / "tables" / "declarations.parquet", columns=["declaration_id", "lodged_at"]
    ).to_pandas()
    wanted = declared["declaration_id"].isin(labels["declaration_id"])
    how = TrainSettings().unexamined
    beside = {
        hits: set(sample_unexamined(tables, how, before=moment.to_pydatetime()).to_pylist())
        for hits, moment in at.items()
    }
    for hits, moment in at.items():
        wanted |= _ahead(declared["lodged_at"], moment)
        wanted |= declared["declaration_id"].isin(beside[hits])
    spec = learn_spec(tables, FeatureSettings(time_zone=ZONE), until=begin)
    ids = pa.array(declared.loc[wanted, "declaration_id"], pa.string())
    rows, matrix = matrix_of(tables, spec, Wanted(ids=ids), until=end)
    truth = pq.read_table(folder / "truth.parquet", columns=["declaration_id", "would_be_found"])
    found = truth.to_pandas().set_index("declaration_id")["would_be_found"]
    known = found.loc[rows["declaration_id"]].to_numpy(dtype=bool)
    return World(Block(rows, matrix, spec), labels, known, at, beside)


def moments(labels: pd.DataFrame, begin: date, last: date) -> dict[int, pd.Timestamp]:
    """Find the first midnight at which the model has each number of hits to learn from."""
    hits = labels[labels["hit"]]
    at = {0: pd.Timestamp(day_start(begin, ZONE))}
    day = begin
    while day <= last - timedelta(days=AHEAD_DAYS):
        moment = pd.Timestamp(day_start(day, ZONE))
        known = int(mature(hits, moment.to_pydatetime(), gap=GAP).sum())
        for wanted in HITS:
            if known >= wanted:
                at.setdefault(wanted, moment)
        day += timedelta(days=1)
    return at


def _ahead(lodged: pd.Series, moment: pd.Timestamp) -> pd.Series:
    return (lodged >= moment) & (lodged < moment + timedelta(days=AHEAD_DAYS))


def found_weekly(score: Floats, found: Bools, week: npt.NDArray[Any]) -> tuple[int, int]:
    """Open the highest-scored share of each week's lines; return hits and lines opened."""
    lot = np.random.default_rng(SEED).random(len(score))  # equal scores: drawn
    order = np.lexsort((lot, -score, week))
    place = np.arange(len(order)) - np.searchsorted(week[order], week[order])
    size = np.bincount(week)
    opened = place < np.ceil(SHARE * size[week[order]])
    return int(found[order][opened].sum()), int(opened.sum())


def measure(name: str, seed: int, world: World, settings: TrainSettings) -> list[Point]:
    """Measure every order at every moment of a world."""
    return [Point(name, seed, wanted, **_orders(world, settings, wanted)) for wanted in world.when]


def _orders(world: World, settings: TrainSettings, wanted: int) -> dict[str, Any]:
    moment, ids = world.when[wanted], world.block.rows["declaration_id"]
    ahead = _ahead(world.block.rows["lodged_at"], moment).to_numpy()
    ripe = world.labels[mature(world.labels, moment.to_pydatetime(), gap=GAP)]
    hits = int(ripe["hit"].sum())
    block, found = world.block.take(ahead), world.found[ahead]
    week = ((block.rows["lodged_at"] - moment).dt.days // 7).to_numpy()
    expert = Expert.over(ExpertSettings(), world.block.spec.names)
    points = expert.score(block.matrix)
    at_hand, opened = found_weekly(points, found, week)
    model, blends = None, {}
    if hits:
        rest = world.block.take(ids.isin(world.beside[wanted]).to_numpy())
        inside = world.block.take(ids.isin(ripe["declaration_id"]).to_numpy())
        known = Known(inside, ripe.reset_index(drop=True), rest)
        # Fewer hits than training accepts by default, to see what they would give.
        with patch.object(trees, "LEAST_HITS", 1):
            fitted = fit(known.before(moment.to_pydatetime(), gap=GAP), settings)
        raw = fitted.score(block.matrix)
        model = found_weekly(raw, found, week)[0]
        for prior in PRIORS:
            weight = blend_weight(hits, prior)
            blends[prior] = found_weekly(weight * raw + (1 - weight) * points, found, week)[0]
    best = found_weekly(found.astype(float), found, week)[0]
    return {
        "hits_known": hits,
        "examined_known": len(ripe),
        "opened": opened,
        "attainable": best,
        "chance": opened * float(found.mean()),
        "expert": at_hand,
        "model": model,
        "blends": blends,
    }


def _table(points: list[Point]) -> list[str]:
    out = [
        "| hits known | worlds | attainable | chance | expert | model | "
        + " | ".join(f"prior {prior}" for prior in PRIORS) + " |",
        "|" + " --- |" * (6 + len(PRIORS)),
    ]  # fmt: skip
    for wanted in HITS:
        here = [point for point in points if point.at_hits == wanted]
        if not here:
            continue
        cells = [
            str(wanted), str(len(here)), f"{sum(one.attainable for one in here):,}",
            f"{sum(one.chance for one in here):,.0f}", f"{sum(one.expert for one in here):,}",
        ]  # fmt: skip
        if here[0].model is None:
            cells += ["none"] + [cells[-1]] * len(PRIORS)
        else:
            cells.append(f"{sum(one.model or 0 for one in here):,}")
            cells += [f"{sum(one.blends[prior] for one in here):,}" for prior in PRIORS]
        out.append("| " + " | ".join(cells) + " |")
    return out


def _gain(points: list[Point], prior: int, other: str) -> str:
    """Say the gain of a blend over another order, with an interval over the worlds."""
    keys = sorted({(one.preset, one.seed) for one in points})
    pairs = np.array(
        [
            [
                [one.blends[prior], getattr(one, other)]
                for one in points
                if (one.preset, one.seed) == key and one.blends
            ]
            for key in keys
        ]
    ).sum(axis=1)
    total = pairs.sum(axis=0)
    gain = f"{100 * (total[0] / total[1] - 1):+.1f} %"
    if len(pairs) < LEAST_WORLDS:
        return f"{gain} (too few worlds for an interval)"
    draw = np.random.default_rng(SEED).integers(0, len(pairs), (5_000, len(pairs)))
    sums = pairs[draw].sum(axis=1)
    low, high = np.percentile(100 * (sums[:, 0] / sums[:, 1] - 1), (2.5, 97.5))
    return f"{gain} ({low:+.1f} to {high:+.1f})"


def page(points: list[Point], prior: float) -> str:
    """Write the page."""
    names = list(dict.fromkeys(point.preset for point in points))
    parts = [
        "# Cold start",
        "",
        "Written by `benchmarks/cold_start.py`; do not edit. Reproduce it with "
        "`.venv/bin/python benchmarks/cold_start.py`.",
        "",
        f"A unit begins. For {QUIET_DAYS} days declarations are lodged and nothing is examined; "
        "from then on the world examines as its preset does. At the first midnight at which the "
        "model has so many hits to learn from (lodged a fortnight before, results known), each "
        f"order opens {100 * SHARE:.0f} % of the lines of each week of the next {AHEAD_DAYS} days. "
        "Counted is what a full examination would have found, which only a simulated world can "
        "say. *Expert* is the additive score of the default settings; *model* the default model on "
        "the results known; *prior N* "
        "their blend with the weight hits / (hits + N) on the model. Equal scores are drawn.",
        "",
    ]
    for name in names:
        parts += [f"## `{name}`", "", *_table([one for one in points if one.preset == name]), ""]
    parts += [
        "## All worlds, all moments with a model",
        "",
        "| prior hits | over the model alone | over the expert score alone |",
        "| --- | --- | --- |",
        *(
            f"| {one} | {_gain(points, one, 'model')} | {_gain(points, one, 'expert')} |"
            for one in PRIORS
        ),
        "",
        "Hits found by the blend against either alone, with 95 % intervals over the worlds "
        f"(bootstrap). The default is `prior_hits: {prior:g}`. Below "
        f"{trees.LEAST_HITS} hits training makes no model by default; the figures show what it "
        "would give.",
        "",
    ]
    return "\n".join(parts)


def main() -> None:
    """Run and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--presets", nargs="+", default=list(DAYS), choices=list(DAYS))
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    given = parser.parse_args()
    settings = TrainSettings()
    given.output.mkdir(parents=True, exist_ok=True)
    points: list[Point] = []
    for seed in range(1, given.worlds + 1):
        for name in given.presets:
            with TemporaryDirectory() as folder:
                world = live(name, seed, Path(folder))
            here = measure(name, seed, world, settings)
            print(name, seed, *here, sep="\n  ", flush=True)
            points += here
            write(points, given.output)  # after each world: a run that is stopped has its page
    print((given.output / "cold_start.md").read_text("utf-8"))


def write(points: list[Point], output: Path) -> None:
    """Write the points as JSON and as a page."""
    kept = json.dumps([asdict(point) for point in points], indent=1)
    (output / "cold_start.json").write_text(kept + "\n", "utf-8")
    text = page(points, ExpertSettings().prior_hits)
    (output / "cold_start.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
