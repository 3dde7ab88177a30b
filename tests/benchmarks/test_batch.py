"""The benchmark of batch scoring: it counts the same rows on both sides."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from tests.small_world import CUT_OFF, LAST, small_world

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield import_module("benchmarks.batch")


def test_both_sides_score_the_rows_after_the_cut_off(bench, tmp_path_factory, tmp_path):
    world = small_world(tmp_path_factory.getbasetemp())
    days = bench.Days(world.tables.path, world.bundle)

    parts = bench.parts_of(days)
    score = bench.score_of(days, tmp_path / "scores.parquet")

    assert days.window == (CUT_OFF, LAST)
    assert parts["rows"] == score["rows"] == len(world.lodged_from_cut_off())
    assert parts["features"] > parts["predict"] > 0
    assert 0 < score["peak_gb"] < bench.MOST_GB
