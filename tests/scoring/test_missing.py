"""A document that is missing for no reason does not make a line risky.

Extracts leave columns out: a carrier sends no manifest, an office does not record the terms of
payment. Where that has nothing to do with what officers found, a line that lacks such papers must
not climb the list. The same measure is shown to notice a world where the papers of offenders are
the ones that go missing.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from targeting.config import FeatureSettings, ModelSettings, TrainSettings
from targeting.features.build import build
from targeting.features.engine import Wanted
from targeting.pipeline import Plan, Steps, prepare
from targeting.scoring.numbers import score_matrix
from targeting.simulate import preset, simulate
from targeting.tables.folder import MemoryTables, TablesFolder
from targeting.training.learn import fit

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

PAPERS = (
    "incoterm", "manifest_gross_mass_kg", "manifest_package_count", "sealing_party",
    "payment_method", "procedure_code", "duty_rate_pct", "conveyance_id", "notify_party_id",
)  # fmt: skip
"""Columns whose absence is no indicator of its own, as that of a seal on a full unit is."""

CUT_OFF, LAST = date(2025, 5, 1), date(2025, 6, 1)


def without(lines: pa.Table, name: str, where: Bools) -> pa.Table:
    """Blank a column on some lines."""
    blank = pa.array(where, pa.bool_())
    column = pc.call_function("if_else", [blank, pa.scalar(None, lines[name].type), lines[name]])
    return lines.set_column(lines.column_names.index(name), name, column)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> TablesFolder:
    folder = tmp_path_factory.mktemp("papers") / "tables"
    simulate(preset("demo"), folder)
    return TablesFolder.open(folder)


def rise(demo: TablesFolder, folder: Path, *, planted: bool) -> tuple[float, float]:
    """Train where papers go missing; return how a line's score rises without them, and its error.

    They go missing at random, or, if planted, for the lines a hit is known of before the cut-off.
    """
    draw = np.random.default_rng(5)
    lines = pq.read_table(demo.path / "declarations.parquet")
    results = pq.read_table(demo.path / "inspections.parquet")
    hits = results.filter(pc.call_function("equal", [results["result"], "hit"]))["declaration_id"]
    guilty = np.isin(lines["declaration_id"].to_numpy(), hits.to_numpy())
    for name in PAPERS:
        lost = draw.random(lines.num_rows) < (np.where(guilty, 0.9, 0.1) if planted else 0.3)
        lines = without(lines, name, lost)
    (folder / "tables").mkdir(parents=True)
    pq.write_table(lines, folder / "tables" / "declarations.parquet")
    pq.write_table(results, folder / "tables" / "inspections.parquet")
    settings = TrainSettings(model=ModelSettings(trees=120), views=False)
    plan = Plan(FeatureSettings(time_zone="Asia/Baku"), settings, CUT_OFF)
    # The model that ships, without the report and the earlier one that calibrates it.
    prepared = prepare(TablesFolder.open(folder / "tables"), plan, steps=Steps())
    model = fit(prepared.shipped, settings)
    day = lines["lodged_at"].to_pandas().dt.tz_convert("Asia/Baku").dt.date
    later = (day >= CUT_OFF).to_numpy()
    bare = lines
    for name in PAPERS:
        bare = without(bare, name, later)
    scores = []
    for which in (lines, bare):
        built = build(
            MemoryTables(which, results), prepared.spec, Wanted(start=CUT_OFF, stop=LAST),
            until=LAST, snapshot=prepared.snapshot,
        )  # fmt: skip
        scores.append(score_matrix(model, built.rows, built.matrix)["score"])
    change: Floats = (scores[1] - scores[0]).to_numpy()
    assert len(change) > 1000
    return float(change.mean()), float(change.std() / np.sqrt(len(change)))


@pytest.mark.slow
def test_missing_papers_alone_do_not_raise_a_score(demo: TablesFolder, tmp_path: Path):
    risen, _ = rise(demo, tmp_path, planted=False)
    # In log-odds: a twentieth moves a probability of 5 % to 5.2 %.
    assert risen < 0.05


@pytest.mark.slow
def test_the_same_measure_sees_papers_that_go_missing_with_offences(
    demo: TablesFolder, tmp_path: Path
):
    risen, error = rise(demo, tmp_path, planted=True)
    assert risen > 0.5 + 3 * error
