"""Whether reasons can be trusted: faithful to the score, true to what was planted, and stable.

Run: python -m benchmarks.reasons [--worlds 6] [--preset demo] [--work data/reasons]
[--output FOLDER]. Each world is lived without a model; a model of its first months scores every
line of the last 90 days. Of each planted line among the first 5 % of its day, an honest twin is
lodged beside it at the same moment: the line as it was before the scheme laid hands on it. Writes
`reasons.md`, `reasons.json` and `reasons.svg`; six worlds took 35 minutes on two busy cores, and a
run that breaks off goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta
from math import comb
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.reasons_page import FIRST_SEED, SEED, TOP_ROWS, write
from benchmarks.reasons_twins import SUFFIX, changed_columns, twins_of

from benchmarks import ablation_worlds
from targeting.config import TrainSettings
from targeting.evaluation.insight.removal import Case, Removal, Step, remove
from targeting.evaluation.insight.stability import Explained, Stability, compare
from targeting.evaluation.insight.subjects import Subjects
from targeting.evaluation.insight.told import told_subjects
from targeting.evaluation.measures import Measure
from targeting.evaluation.words import percent
from targeting.explain.contributions import contributions
from targeting.explain.reasons import LEAST, reasons
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted
from targeting.features.reads import columns_read
from targeting.simulate import preset
from targeting.tables.folder import MemoryTables
from targeting.tables.output import staged_file
from targeting.training.block import Block
from targeting.training.consignment import pooled
from targeting.training.learn import fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    from benchmarks.ablation_worlds import World

    from targeting.features.spec import FeatureSpec
    from targeting.training.block import Known
    from targeting.training.model import Model

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

ROOT = Path(__file__).resolve().parents[1]
WORK, OUTPUT = ROOT / "data" / "reasons", ROOT / "docs" / "benchmarks"
SHARE = 0.05
LATER = timedelta(days=60)
LEFT_OUT = 10


@dataclass(frozen=True)
class Named:
    """One planted line among the first of its day, beside its honest twin.

    Parameters
    ----------
    seed, day, scheme
        Which world, which day, which scheme.
    found
        Whether a full examination finds it.
    speaks
        Whether a risk-raising reason speaks of what the scheme changed: a feature that pulls its
        way has another value in the twin.
    because
        The same, and the reason's contribution is smaller in the twin by what is worth telling.
    could
        Whether any subject at all, told or not, is such a one.
    by_chance
        Chance that as many risk-raising subjects drawn by lot speak of it.
    fall
        By how much the twin's score is lower, in log-odds.
    unread
        Features that differ from the twin's and read no column that does; 0, or the columns
        features are said to read are wrong.
    """

    seed: int
    day: int
    scheme: str
    found: bool
    speaks: bool
    because: bool
    could: bool
    by_chance: float
    fall: float
    unread: int


@dataclass(frozen=True)
class Pair:
    """Reasons of two models for the same lines."""

    kind: str
    seed: int
    stability: Stability


def highest(score: Floats, day: npt.NDArray[np.intp], share: float = SHARE) -> Bools:
    """Choose the first lines of each day, rounded up; equal scores by their order.

    Parameters
    ----------
    score, day
        Shape (n,).
    share
        Of each day's lines.
    """
    order = np.lexsort((np.arange(len(score)), -score, day))
    size = np.bincount(day)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    place = np.empty(len(score), dtype=np.intp)
    place[order] = np.arange(len(score)) - start[day[order]]
    return place < np.ceil(share * size[day])


def chance(speaking: int, subjects: int, told: int) -> float:
    """Return the chance that a lot of subjects holds one that speaks of the trace.

    Parameters
    ----------
    speaking, subjects
        How many do, of how many.
    told
        How many are drawn.

    Examples
    --------
    >>> round(chance(1, 10, 5), 3), chance(0, 10, 5)
    (0.5, 0.0)
    """
    drawn = min(told, subjects)
    return 1 - comb(subjects - speaking, drawn) / comb(subjects, drawn) if drawn else 0.0


def twin_block(world: World, twins: pa.Table) -> Block:
    """Compute the features of planted lines and their twins, lodged side by side.

    Parameters
    ----------
    world
        Where the lines are.
    twins
        From `twins_of`.
    """
    declared, inspected = (
        pq.read_table(world.tables.path / f"{name}.parquet")
        for name in ("declarations", "inspections")
    )
    names = twins["declaration_id"].to_pylist()
    ids = pa.array([*(name.removesuffix(SUFFIX) for name in names), *names], pa.string())
    both = MemoryTables(pa.concat_tables([declared, twins]), inspected)
    end = world.begin + timedelta(days=ablation_worlds.AHEAD_DAYS)
    rows, matrix = matrix_of(both, world.lines.spec, Wanted(ids=pa.chunked_array([ids])), until=end)
    return Block(rows, np.ascontiguousarray(matrix), world.lines.spec)


def named(world: World, model: Model, twins: pa.Table) -> list[Named]:
    """Tell of each planted line among the first of its day whether its reasons name the trace.

    Parameters
    ----------
    world
        The world.
    model
        Made of what was known at its moment.
    twins
        Honest twins of its planted lines.
    """
    ahead = world.lines.take(world.is_ahead)
    own = model.score(np.ascontiguousarray(ahead.matrix))
    score = pooled(own, ahead.rows, model.consignment_share)
    top = highest(score, world.day)
    first = dict(zip(ahead.rows["declaration_id"][top], np.flatnonzero(top), strict=True))
    names = [name.removesuffix(SUFFIX) for name in twins["declaration_id"].to_pylist()]
    chosen = twins.filter(pa.array([name in first for name in names]))
    block = twin_block(world, chosen)
    changed = changed_columns(pq.read_table(world.tables.path / "declarations.parquet"), chosen)
    judge = _Judge.of(block, model, world)
    moved = score - own
    return [
        judge.named(name, columns, day=int(world.day[first[name]]), others=moved[first[name]])
        for name, columns in changed.items()
    ]


@dataclass(frozen=True)
class _Judge:
    """Planted lines and their twins, explained."""

    block: Block
    subjects: Subjects
    contribution: Floats
    total: Floats
    score: Floats
    place: dict[str, int]
    truth: dict[str, tuple[str, bool]]
    seed: int

    @classmethod
    def of(cls, block: Block, model: Model, world: World) -> _Judge:
        moved = contributions(model, np.ascontiguousarray(block.matrix)).values
        subjects = Subjects.of(block.spec.features)
        columns = ["declaration_id", "scheme", "would_be_found"]
        truth = pq.read_table(world.folder / "truth.parquet", columns=columns)
        known = zip(*(truth[name].to_pylist() for name in columns), strict=True)
        told = {name: (scheme, found) for name, scheme, found in known if scheme}
        place = {str(name): at for at, name in enumerate(block.rows["declaration_id"])}
        return cls(
            block, subjects, moved, subjects.total(moved), model.score(block.matrix), place,
            told, world.seed,
        )  # fmt: skip

    def named(self, name: str, columns: frozenset[str], *, day: int, others: float) -> Named:
        at, twin = self.place[name], self.place[name + SUFFIX]
        differs = ~_alike(self.block.matrix[at], self.block.matrix[twin])
        speaking, caused = self._speaking(at, twin, differs)
        raising = self.total[at] >= LEAST
        told = [one for one in self._reasons(at, others) if one in self.subjects.names]
        said = [self.subjects.names.index(one) for one in told]
        return Named(
            seed=self.seed,
            day=day,
            scheme=self.truth[name][0],
            found=self.truth[name][1],
            speaks=bool(speaking[said].any()),
            because=bool(caused[said].any()),
            could=bool(speaking.any()),
            by_chance=chance(int(speaking.sum()), int(raising.sum()), len(said)),
            fall=float(self.score[at] - self.score[twin]),
            unread=int((differs & ~_reading(self.block.spec, columns)).sum()),
        )

    def _speaking(self, at: int, twin: int, differs: Bools) -> tuple[Bools, Bools]:
        """Tell which subjects raise the risk and speak of the trace, and which because of it."""
        total, size = self.total, len(self.subjects)
        pulls = differs & (self.contribution[at] > 0)
        counts = np.bincount(self.subjects.of_feature[pulls], minlength=size)
        speaking = (total[at] >= LEAST) & (counts > 0)
        return speaking, speaking & (total[at] - total[twin] >= LEAST)

    def _reasons(self, at: int, others: float) -> list[str]:
        row = self.block.rows.iloc[at].to_dict()
        values = self.block.matrix[at].astype(np.float64).tolist()
        line: dict[str, object] = {str(name): value for name, value in row.items()}
        line |= dict(zip(self.block.spec.names, values, strict=True))
        some = reasons(self.block.spec.features, self.contribution[at], line, others=others)
        return [one.subject for one in some if one.raises]


def _alike(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> Bools:
    return (one == other) | (np.isnan(one) & np.isnan(other))


def _reading(spec: FeatureSpec, columns: frozenset[str]) -> Bools:
    read = columns_read(spec.settings)
    return np.array([bool(read[name] & columns) for name in spec.names])


def _explained(model: Model, block: Block) -> Explained:
    moved = contributions(model, np.ascontiguousarray(block.matrix)).values
    total = Subjects.of(block.spec.features).total(moved)
    return Explained(model.score(block.matrix), total, told_subjects(block, moved))


def retrained(world: World, known: Known, settings: TrainSettings) -> Iterator[tuple[str, Model]]:
    """Train models of overlapping data.

    Parameters
    ----------
    world, known, settings
        What the first model was made from.
    """
    other = settings.model.model_copy(update={"seed": settings.model.seed + 1})
    yield "another seed", fit(known, settings.model_copy(update={"model": other}))
    day = known.block.rows["lodged_at"].dt.day_of_year
    kept = (day % LEFT_OUT != 0).to_numpy()
    yield "nine of ten days", fit(known.take(kept), settings)
    earlier = world.moment - LATER
    yield "60 days earlier", fit(known.before(earlier, gap=ablation_worlds.GAP), settings)


@dataclass(frozen=True)
class Measured:
    """What was measured in one world."""

    named: list[Named]
    removal: Removal
    pairs: list[Pair]

    def keep(self, path: Path) -> None:
        """Write it down, so that a run that breaks off goes on where it was."""
        with staged_file(path) as stage:
            stage.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def kept(cls, path: Path) -> Measured:
        """Read it again."""
        facts = json.loads(path.read_text(encoding="utf-8"))
        removal = _measures(facts["removal"])
        curve = tuple(Step(**step) for step in removal.pop("curve"))
        return cls(
            [Named(**one) for one in facts["named"]],
            Removal(**removal, curve=curve),
            [
                Pair(one["kind"], one["seed"], Stability(**_measures(one["stability"])))
                for one in facts["pairs"]
            ],
        )


def _measures(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Measure(**value) if isinstance(value, dict) else value
        for name, value in facts.items()
    }


def measured(world: World, settings: TrainSettings, twins: pa.Table) -> Measured:
    """Measure one world in every way.

    Parameters
    ----------
    world
        The world.
    settings
        How models are made.
    twins
        Honest twins of its planted lines.
    """
    known = world.known(settings.unexamined)
    model = fit(known, settings)
    ahead = world.lines.take(world.is_ahead)
    score = model.score(np.ascontiguousarray(ahead.matrix))
    first = np.zeros(len(score), dtype=bool)
    first[np.argsort(-score, kind="stable")[:TOP_ROWS]] = True
    top = Block(
        ahead.rows[first].reset_index(drop=True),
        np.ascontiguousarray(ahead.matrix[first]),
        ahead.spec,
    )
    day, explained = world.day[first], _explained(model, top)
    ordinary = known.block.matrix if known.unexamined is None else known.unexamined.matrix
    case = Case(top.matrix, explained.total, day, np.asarray(ordinary))
    return Measured(
        named=named(world, model, twins),
        removal=remove(model.score, case, Subjects.of(top.spec.features), seed=SEED),
        pairs=[
            Pair(kind, world.seed, compare(explained, _explained(one, top), day, seed=SEED))
            for kind, one in retrained(world, known, settings)
        ],
    )


def world_of(name: str, seed: int, work: Path) -> tuple[World, pa.Table]:
    """Live a world and write the twins of its planted lines, unless that was done before.

    Parameters
    ----------
    name
        Preset.
    seed
        Of the world.
    work
        Gets a folder of it.
    """
    world = ablation_worlds.prepare(name, seed, work)
    path = world.folder / "twins.parquet"
    if not path.exists():
        settings = preset(name).model_copy(update={"seed": seed})
        twins = twins_of(settings, first_day=(world.begin - settings.first_day).days)
        with staged_file(path) as stage:
            pq.write_table(twins, stage)
    return world, pq.read_table(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every world, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--preset", default="demo")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of prepared worlds")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    found = []
    for seed in range(FIRST_SEED, FIRST_SEED + options.worlds):
        path = options.work / f"{options.preset}-{seed}" / "measured.json"
        if not path.exists():
            world, twins = world_of(options.preset, seed, options.work)
            measured(world, TrainSettings(), twins).keep(path)
        found.append(Measured.kept(path))
        print(f"world {seed}: {len(found[-1].named)} planted lines", file=sys.stderr, flush=True)
    all_told = write(found, options.output, options.preset)
    print(f"{percent(all_told.named['all']['speaks'])} of planted lines are named", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
