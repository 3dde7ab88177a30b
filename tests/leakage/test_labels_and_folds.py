"""Training knows no label before its time (rule of time, points 2, 3 and 5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.config import FeatureSettings, SplitSettings, TrainSettings
from targeting.features.engine import day_start
from targeting.pipeline import Plan, Steps, prepare
from targeting.tables.folder import MemoryTables, TablesFolder, write_tables
from targeting.training.labels import examined
from targeting.training.splits import Split, mature, split

if TYPE_CHECKING:
    from pathlib import Path

CUT_OFF = date(2024, 4, 1)
MOMENT = day_start(CUT_OFF, "Asia/Baku")
FOLDS = SplitSettings(test_days=15, gap_days=3, calibration_days=15)
MASKS = ("early", "calibrate", "train", "test", "ship")


def with_column(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), table.schema.field(name), values)


def unknown_at(table: pa.Table, moment: datetime) -> pa.Array | pa.ChunkedArray:
    return pc.greater_equal(table["result_known_at"], pa.scalar(moment))


def flipped(tables: MemoryTables, moment: datetime) -> MemoryTables:
    """Every result that became known at or after a moment turned into its contrary, and dearer."""
    table, late = tables.inspections, unknown_at(tables.inspections, moment)
    contrary = pc.if_else(pc.equal(table["result"], "hit"), "clear", "hit")
    table = with_column(table, "result", pc.if_else(late, contrary, table["result"]))
    dear = pc.if_else(late, pa.scalar(1e9), table["revenue_recovered"])
    return MemoryTables(tables.declarations, with_column(table, "revenue_recovered", dear))


def delayed(tables: MemoryTables, moment: datetime, days: int) -> MemoryTables:
    """Every result that became known at or after a moment known that many days later still."""
    table = tables.inspections
    shift = pc.if_else(unknown_at(table, moment), days, 0).cast(pa.int64())
    micros = pc.multiply(shift, 86_400_000_000).cast(pa.duration("us"))
    known = pc.add(table["result_known_at"], micros)
    return MemoryTables(tables.declarations, with_column(table, "result_known_at", known))


def folds(tables: MemoryTables) -> tuple[pd.DataFrame, Split]:
    rows = examined(tables, known_before=MOMENT)
    return rows, split(rows, cut_off=MOMENT, settings=FOLDS)


def test_the_port_has_results_on_both_sides_of_the_cut_off(small: MemoryTables):
    late = unknown_at(small.inspections, MOMENT).to_numpy()
    assert 100 < late.sum() < len(late) - 100


@pytest.mark.parametrize("change", [flipped, lambda tables, at: delayed(tables, at, 30)])
def test_a_label_known_after_the_cut_off_is_not_used(change, small: MemoryTables):
    rows, cut = folds(small)
    disturbed, again = folds(change(small, MOMENT))
    pd.testing.assert_frame_equal(rows, disturbed)
    for name in MASKS:
        np.testing.assert_array_equal(getattr(cut, name), getattr(again, name))


def test_lines_and_results_of_the_cut_off_itself_and_later_are_unknown(small: MemoryTables):
    rows, _ = folds(small)
    assert len(rows)
    assert (rows["lodged_at"] < MOMENT).all()
    assert (rows["known_at"] < MOMENT).all()
    every = examined(small)
    assert set(rows["declaration_id"]) < set(every["declaration_id"])


def test_each_block_knows_only_what_was_known_when_it_was_made(small: MemoryTables):
    rows, cut = folds(small)
    gap = timedelta(days=cut.settings.gap_days)
    calibrate_from = cut.test_from - gap - timedelta(days=cut.settings.calibration_days)
    for name, made in (
        ("early", calibrate_from),
        ("calibrate", cut.test_from),
        ("train", cut.test_from),
        ("test", MOMENT),
        ("ship", MOMENT),
    ):
        block = rows[getattr(cut, name)]
        assert len(block) > 20, name
        assert (block["known_at"] < made).all(), name
        assert (block["lodged_at"] < made - gap).all(), name
    assert not (cut.train & cut.test).any()
    assert not (cut.early & cut.calibrate).any()
    test = rows[cut.test]
    assert ((test["lodged_at"] >= cut.test_from) & (test["lodged_at"] < cut.test_until)).all()
    assert (rows[cut.train]["lodged_at"] < cut.test_from - gap).all()


def test_what_became_known_in_the_test_block_changes_no_row_trained_on(small: MemoryTables):
    rows, cut = folds(small)
    disturbed, again = folds(flipped(small, cut.test_from))
    for name in ("early", "calibrate", "train"):
        before, after = rows[getattr(cut, name)], disturbed[getattr(again, name)]
        both = ["declaration_id", "hit", "known_at"]
        merged = before[both].merge(after[both], on="declaration_id", suffixes=("", "_after"))
        assert len(merged) > 20
        assert (merged["hit"] == merged["hit_after"]).all()
        assert (merged["known_at"] == merged["known_at_after"]).all()


def test_what_nobody_examined_is_absent_never_clear(small: MemoryTables):
    rows = examined(small)
    inspected = set(small.inspections["declaration_id"].to_pylist())
    assert set(rows["declaration_id"]) == inspected
    assert len(rows) < small.declarations.num_rows


moments = st.integers(0, 100).map(
    lambda hours: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
)


@given(
    st.lists(st.tuples(moments, st.integers(0, 60)), min_size=1, max_size=15),
    moments,
    st.integers(0, 48),
    st.integers(1, 10_000),
)
def test_maturity_depends_on_nothing_after_its_moment(lines, moment, gap, shift):
    rows = pd.DataFrame(
        {
            "lodged_at": [lodged for lodged, _ in lines],
            "known_at": [lodged + timedelta(hours=delay) for lodged, delay in lines],
        }
    )
    late = rows["known_at"] >= moment
    shifted = rows.assign(
        known_at=rows["known_at"] + pd.to_timedelta(np.where(late, shift, 0), unit="h")
    )
    gap = timedelta(hours=gap)
    marks = mature(rows, moment, gap=gap)
    assert marks.tolist() == mature(shifted, moment, gap=gap).tolist()
    assert not (marks & late.to_numpy()).any()
    assert not (marks & (rows["lodged_at"] >= moment - gap).to_numpy()).any()


@pytest.fixture(scope="module")
def plan() -> Plan:
    features = FeatureSettings.model_validate(
        {"time_zone": "Asia/Baku", "keys": [["consignee_id"], ["hs6"]], "categories": ["flow"]}
    )
    return Plan(features, TrainSettings(split=FOLDS), until=CUT_OFF)


def test_a_whole_training_run_is_prepared_the_same_whatever_comes_after(
    small_folder: TablesFolder, small: MemoryTables, plan: Plan, tmp_path: Path
):
    """From the files to the matrix a model is fitted on: labels, levels, features, folds."""
    future = flipped(small, MOMENT)
    lodged_later = pc.greater_equal(future.declarations["lodged_at"], pa.scalar(MOMENT))
    for name in ("flow", "consignee_id"):
        changed = pc.if_else(lodged_later, "transit", future.declarations[name])
        future = MemoryTables(with_column(future.declarations, name, changed), future.inspections)
    write_tables(tmp_path, future.declarations, future.inspections)
    now = prepare(small_folder, plan, steps=Steps())
    then = prepare(TablesFolder.open(tmp_path), plan, steps=Steps())
    pd.testing.assert_frame_equal(now.labels, then.labels)
    assert now.spec.levels == then.spec.levels
    assert now.matrix.tobytes() == then.matrix.tobytes()
    for part in ("unexamined", "companions"):
        ours, theirs = getattr(now.known, part), getattr(then.known, part)
        assert len(ours) > 0, part
        pd.testing.assert_frame_equal(ours.rows, theirs.rows)
        assert ours.matrix.tobytes() == theirs.matrix.tobytes(), part
    for name in MASKS:
        np.testing.assert_array_equal(getattr(now.split, name), getattr(then.split, name))
    for name, profiles in now.snapshot.profiles.items():
        other = then.snapshot.profiles[name]
        assert profiles.state.sums.tobytes() == other.state.sums.tobytes(), name
