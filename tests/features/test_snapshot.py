"""Profiles kept on disk, and going on from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from targeting.config import FeatureSettings
from targeting.features.build import build
from targeting.features.engine import Wanted
from targeting.features.kernel import STATISTICS
from targeting.features.snapshot import (
    Snapshot,
    read_snapshot,
    state_columns,
    write_snapshot,
)
from targeting.features.spec import FeatureSpec, learn_spec

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.tables.folder import MemoryTables

FIRST, END = date(2024, 1, 1), date(2024, 3, 20)


@pytest.fixture(scope="module")
def spec(port: MemoryTables, port_settings: FeatureSettings) -> FeatureSpec:
    return learn_spec(port, port_settings)


def assert_same(left: Snapshot, right: Snapshot) -> None:
    assert left.as_of == right.as_of
    assert set(left.profiles) == set(right.profiles)
    for name, one in left.profiles.items():
        other = right.profiles[name]
        assert one.parts.to_pydict() == other.parts.to_pydict(), name
        assert one.state.sums.tobytes() == other.state.sums.tobytes(), name
        assert one.state.days.tobytes() == other.state.days.tobytes(), name


def test_a_snapshot_reads_back_to_the_bit_and_writes_again_to_the_byte(
    port: MemoryTables, spec: FeatureSpec, tmp_path: Path
):
    snapshot = build(port, spec, Wanted(), until=END).snapshot
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    write_snapshot(snapshot, first, spec.settings)
    again = read_snapshot(first, spec.settings, as_of=END)
    assert_same(snapshot, again)
    write_snapshot(again, second, spec.settings)
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(f"{name}.parquet" for name in spec.settings.profile_columns)
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_a_snapshot_of_nothing_reads_back(port: MemoryTables, spec: FeatureSpec, tmp_path: Path):
    snapshot = build(port, spec, Wanted(), until=FIRST).snapshot
    write_snapshot(snapshot, tmp_path, spec.settings)
    assert_same(snapshot, read_snapshot(tmp_path, spec.settings, as_of=FIRST))
    assert snapshot.profiles["consignee"].parts.num_rows == 0


def test_a_key_column_may_bear_the_name_of_a_statistic(make_tables, tmp_path: Path):
    settings = FeatureSettings.model_validate(
        {"keys": [["value"], ["hits", "first_day"]], "categories": []}
    )
    tables = make_tables([{"value": "a", "hits": "b", "first_day": "c"}] * 2)
    spec = learn_spec(tables, settings)
    snapshot = build(tables, spec, Wanted(), until=END).snapshot
    write_snapshot(snapshot, tmp_path, settings)
    again = read_snapshot(tmp_path, settings, as_of=END)
    assert_same(snapshot, again)
    assert again.profiles["hits_x_first_day"].parts.to_pydict() == {
        "hits": ["b"],
        "first_day": ["c"],
    }


@pytest.mark.parametrize("cut", [0, 17, 59, 79])
def test_going_on_from_a_snapshot_equals_the_full_replay_to_the_bit(
    cut: int, port: MemoryTables, spec: FeatureSpec
):
    day = FIRST + timedelta(days=cut)
    full = build(port, spec, Wanted(start=day), until=END)
    before = build(port, spec, Wanted(stop=FIRST), until=day).snapshot
    kept = {name: one.state.sums.copy() for name, one in before.profiles.items()}
    after = build(port, spec, Wanted(start=day), until=END, snapshot=before)
    assert after.matrix.tobytes() == full.matrix.tobytes()
    assert after.rows["declaration_id"].tolist() == full.rows["declaration_id"].tolist()
    assert_same(after.snapshot, full.snapshot)
    for name, sums in kept.items():
        np.testing.assert_array_equal(before.profiles[name].state.sums, sums)


def test_rolling_day_by_day_equals_from_scratch(port: MemoryTables, spec: FeatureSpec):
    start, stop = date(2024, 1, 26), date(2024, 2, 2)
    whole = build(port, spec, Wanted(start=start, stop=stop), until=stop)
    snapshot = build(port, spec, Wanted(stop=FIRST), until=start).snapshot
    parts, day = [], start
    while day < stop:
        after = day + timedelta(days=1)
        built = build(port, spec, Wanted(start=day, stop=after), until=after, snapshot=snapshot)
        parts.append(built.matrix)
        snapshot, day = built.snapshot, after
    assert np.vstack(parts).tobytes() == whole.matrix.tobytes()
    assert_same(snapshot, whole.snapshot)


def test_a_snapshot_that_is_spent_gives_the_same_and_holds_nothing_twice(
    port: MemoryTables, spec: FeatureSpec
):
    day, nobody = date(2024, 2, 2), Wanted(stop=FIRST)
    kept, spent = (build(port, spec, nobody, until=day).snapshot for _ in range(2))
    wanted = Wanted(start=day)
    one = build(port, spec, wanted, until=END, snapshot=kept)
    other = build(port, spec, wanted, until=END, snapshot=replace(spent, spend=True))
    assert other.matrix.tobytes() == one.matrix.tobytes()
    assert_same(other.snapshot, one.snapshot)
    assert set(kept.profiles) == set(spec.settings.profile_columns)
    assert spent.profiles == {}


def test_columns_of_a_snapshot_file_are_named_by_half_life():
    names = state_columns((0.5, 30.0))
    assert names[: len(STATISTICS)] == list(STATISTICS)
    assert names[len(STATISTICS)] == "declarations_0.5d"
    assert names[-1] == "revenue_30d"
