"""Fixed simulated worlds for `benchmarks.ablation`: one matrix each, made once and kept.

Run: python -m benchmarks.ablation_worlds [--preset demo] [--work data/ablation].

A world is lived as it is today, without a model. Kept are the features of every examined line, of
the lines nobody examined (up to 300,000 of the past) and of all lines of the last 90 days, each as
of its own day, and what a full examination would have found. A world made before is taken as it is.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from targeting.config import FeatureSettings, SplitSettings, UnexaminedSettings
from targeting.features.build import matrix_of
from targeting.features.engine import Reader, Wanted, day_start, local_date
from targeting.features.spec import FeatureSpec, learn_spec
from targeting.pipeline.prepare import known_of
from targeting.simulate import preset, simulate
from targeting.tables.folder import TablesFolder
from targeting.training.block import Block, Known
from targeting.training.labels import examined
from targeting.training.unexamined import sample_unexamined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "data" / "ablation"
SEEDS = (31, 32, 33)
AHEAD_DAYS = 90
ZONE = "Asia/Baku"
POOL = UnexaminedSettings(per_examined=100, at_most=300_000)
"""Past lines nobody examined that are kept, whatever a model then sees of them."""

GAP = timedelta(days=SplitSettings().gap_days)
_UNLIKE_A_FILE = ("lodged_local", "_day", "_wanted")


@dataclass(frozen=True)
class World:
    """A world lived to its end, and what was known 90 days before it.

    Parameters
    ----------
    preset, seed
        Which world.
    folder
        Holds `tables`, `truth.parquet`, `rows.parquet` and `matrix.npy`.
    """

    preset: str
    seed: int
    folder: Path

    @cached_property
    def tables(self) -> TablesFolder:
        """Declarations and inspections."""
        return TablesFolder.open(self.folder / "tables")

    @cached_property
    def begin(self) -> date:
        """First of the last 90 days."""
        return Reader(self.tables, ZONE, ()).span()[1] - timedelta(days=AHEAD_DAYS - 1)

    @property
    def moment(self) -> datetime:
        """Nothing known then or later is learnt."""
        return day_start(self.begin, ZONE)

    @cached_property
    def lines(self) -> Block:
        """All lines kept; the matrix stays on disk until some of it is taken."""
        rows = pd.read_parquet(self.folder / "rows.parquet")
        matrix = np.load(self.folder / "matrix.npy", mmap_mode="r")
        return Block(rows, matrix, spec_of(self.tables, self.begin))

    @cached_property
    def found(self) -> Bools:
        """Whether a full examination of each line would have found something, shape (n,)."""
        truth = pq.read_table(
            self.folder / "truth.parquet", columns=["declaration_id", "would_be_found"]
        ).to_pandas()
        said = truth.set_index("declaration_id")["would_be_found"]
        return said.loc[self.lines.rows["declaration_id"]].to_numpy(dtype=bool)

    @cached_property
    def labels(self) -> pd.DataFrame:
        """What had been found by the moment, of lines lodged before it."""
        return examined(self.tables, known_before=self.moment)

    @cached_property
    def is_ahead(self) -> Bools:
        """Which lines are of the last 90 days, shape (n,)."""
        return (self.lines.rows["lodged_at"] >= self.moment).to_numpy()

    @cached_property
    def is_ripe(self) -> Bools:
        """Which lines are old enough to learn from, shape (n,)."""
        return (self.lines.rows["lodged_at"] < self.moment - GAP).to_numpy()

    @cached_property
    def day(self) -> npt.NDArray[np.intp]:
        """Day of each of the last 90 days' lines, in [0, 90)."""
        lodged = self.lines.rows.loc[self.is_ahead, "lodged_at"].dt.tz_convert(ZONE)
        day = lodged.dt.tz_localize(None).dt.normalize() - pd.Timestamp(self.begin)
        return day.dt.days.to_numpy(dtype=np.intp)

    def known(self, unexamined: UnexaminedSettings) -> Known:
        """Return what was ripe at the moment, and the unexamined lines a model sees beside it.

        Parameters
        ----------
        unexamined
            How many of them.
        """
        rest = sample_unexamined(self.tables, unexamined, before=self.moment)
        none = pa.array([], type=pa.string())
        known = known_of(self.lines, self.labels, unexamined=rest, companions=none)
        return known.before(self.moment, gap=GAP)


def spec_of(tables: TablesFolder, begin: date) -> FeatureSpec:
    """Return the default features, with the levels of categories known on a day.

    Parameters
    ----------
    tables
        Of the world.
    begin
        The day.
    """
    return learn_spec(tables, FeatureSettings(time_zone=ZONE), until=begin)


def prepare(name: str, seed: int, work: Path) -> World:
    """Live a world and compute its features, unless that was done before.

    Parameters
    ----------
    name
        Preset.
    seed
        Of the world.
    work
        Gets a folder of it.
    """
    world = World(name, seed, work / f"{name}-{seed}")
    if (world.folder / "matrix.npy").exists():
        return world
    simulate(preset(name).model_copy(update={"seed": seed}), world.folder / "tables")
    lodged = pq.read_table(
        world.folder / "tables" / "declarations.parquet", columns=["declaration_id", "lodged_at"]
    ).to_pandas()
    ahead = lodged.loc[lodged["lodged_at"] >= world.moment, "declaration_id"]
    ids = pa.chunked_array(
        [
            pa.array(world.labels["declaration_id"], pa.string()),
            sample_unexamined(world.tables, POOL, before=world.moment),
            pa.array(ahead, pa.string()),
        ]
    ).unique()
    end = local_date(lodged["lodged_at"].max(), ZONE) + timedelta(days=1)
    spec = spec_of(world.tables, world.begin)
    rows, matrix = matrix_of(world.tables, spec, Wanted(ids=ids), until=end)
    rows.drop(columns=list(_UNLIKE_A_FILE), errors="ignore").to_parquet(
        world.folder / "rows.parquet", index=False
    )
    np.save(world.folder / "unfinished.npy", matrix)
    (world.folder / "unfinished.npy").rename(world.folder / "matrix.npy")
    return world


def worlds(name: str, work: Path) -> Iterator[World]:
    """Give the fixed worlds one after the other, making those that are not there.

    Parameters
    ----------
    name
        Preset.
    work
        Folder of worlds.
    """
    for seed in SEEDS:
        yield prepare(name, seed, work)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the worlds that are not there, and say what is in each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--preset", default="demo")
    parser.add_argument("--work", type=Path, default=WORK)
    options = parser.parse_args(arguments)
    for world in worlds(options.preset, options.work):
        ahead, hits = world.found[world.is_ahead], int(world.labels["hit"].sum())
        print(
            f"{world.preset} {world.seed}: {len(world.lines):,} lines; {len(world.labels):,} "
            f"examined before {world.begin}, {hits:,} of them hits; after it {len(ahead):,} lines, "
            f"{int(ahead.sum()):,} of which would be found",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
