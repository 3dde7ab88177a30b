"""One small trained bundle, made once in a session and shared by the rooms that need one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from targeting.config import FeatureSettings, KeySettings, ModelSettings, TrainSettings
from targeting.pipeline import Plan, train
from targeting.simulate import preset, simulate
from targeting.tables.folder import MemoryTables, TablesFolder

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

CUT_OFF = date(2024, 3, 15)
"""The world runs from 1 January to 29 April 2024: eleven weeks to learn from, six to score."""

LAST = date(2024, 4, 30)

PLAN = Plan(
    FeatureSettings(
        time_zone="Asia/Baku",
        keys=tuple(
            KeySettings(columns=key)
            for key in (("consignee_id",), ("hs6",), ("hs6", "origin_country"))
        ),
        half_lives_days=(30.0,),
    ),
    TrainSettings(model=ModelSettings(trees=30, leaves=8)),
    CUT_OFF,
)


@dataclass(frozen=True)
class World:
    """A simulated port and a bundle trained on its first weeks."""

    tables: TablesFolder
    bundle: Path

    @property
    def declarations(self) -> pa.Table:
        return pq.read_table(self.tables.path / "declarations.parquet")

    @property
    def inspections(self) -> pa.Table:
        return pq.read_table(self.tables.path / "inspections.parquet")

    def lodged_from_cut_off(self) -> pd.DataFrame:
        frame = self.declarations.to_pandas()
        later = frame["lodged_at"].dt.tz_convert("Asia/Baku").dt.date >= CUT_OFF
        return frame[later].sort_values(["lodged_at", "declaration_id"], ignore_index=True)

    def in_memory(self) -> MemoryTables:
        return MemoryTables(self.declarations, self.inspections)


def small_world(base: Path) -> World:
    """Return the session's world, made when the first test asks for it."""
    folder = base / "small-world"
    world = World(TablesFolder(folder / "tables"), folder / "bundle")
    if not world.bundle.is_dir():
        simulate(preset("small"), world.tables.path)
        train(TablesFolder.open(world.tables.path), world.bundle, plan=PLAN)
    return world
