"""The benchmark of contributions: both ways agree, and the page says what was found."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from targeting.training.calibrate import Calibrator
from targeting.training.model import HitHead, Model, RevenueHead

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield import_module("benchmarks.explain")


@pytest.fixture(scope="module")
def sizes(bench):
    return bench.Sizes(rows=600, single=12, lightgbm=40, woodelf=0, threads=1)


@pytest.fixture(scope="module")
def found(bench, sizes):
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(300, 6)).astype(np.float32)
    rows[:, 5] = draw.integers(0, 30, 300)
    hit = rows[:, 0] + (rows[:, 5] % 3 == 0) > 0.5
    params = {"objective": "binary", "num_leaves": 8, "verbose": -1, "num_threads": 1}
    trees = lgb.train(params, lgb.Dataset(rows, hit.astype(float), categorical_feature=[5]), 12)
    return bench.measured(Model(HitHead(trees), Calibrator(), RevenueHead()), rows, hit, sizes)


def test_all_is_measured_and_equal(found):
    assert found.many.apart < 1e-9
    assert (found.many.rows, found.many.other_rows, found.memory.rows) == (600, 40, 600)
    assert (found.trees, found.features) == (12, 6)
    for each in (found.scored, found.explained, found.lightgbm_scored, found.lightgbm_explained):
        assert 0 < each.p50 <= each.p99
        assert 0 < each.p50_own <= each.p99_own
    assert 0 < found.memory.before_mb <= found.memory.peak_mb


def test_rates_are_compared_not_times(bench):
    assert bench.Many(1000, 2.0, 10, 1.0, 0.0).times == 50


@pytest.mark.parametrize(
    ("change", "fine"),
    [
        ({}, True),
        ({"many": (1000, 2.0, 10, 0.01, 0.0)}, False),
        ({"many": (1000, 2.0, 10, 1.0, 1e-4)}, False),
        ({"explained": (1.0, 1.0, 4.0, 6.0)}, False),
    ],
)
def test_a_goal_that_is_missed_is_seen(bench, found, change, fine):
    held = {"many": (1000, 2.0, 10, 1.0, 0.0), "explained": (9.0, 99.0, 1.0, 4.9)} | change
    told = replace(found, many=bench.Many(*held["many"]), explained=bench.Each(*held["explained"]))

    assert told.fine is fine


def test_the_page_says_what_was_found(bench, found, sizes):
    told = replace(found, many=bench.Many(1000, 2.0, 10, 1.0, 3e-12))
    words = " ".join(bench.page(told, bench.machine(), sizes).split())

    assert "50 times as fast" in words
    assert "3.0e-12" in words
    assert "| ours | 500 | 2.0 s |" in words
    assert "| LightGBM `pred_contrib` | 10 | 100 s |" in words
    assert "woodelf was not installed." in words
    beside = replace(told, woodelf=bench.Many(10, 1.0, 10, 2.0, 1e-7))
    also = bench.page(beside, {}, sizes)
    assert "| woodelf | 5 |" in also


def test_the_committed_page_keeps_the_goals(bench):
    told = json.loads((ROOT / "docs" / "benchmarks" / "explain.json").read_text("utf-8"))
    found = told["found"]

    assert bench.Many(**found["many"]).times >= bench.LEAST_TIMES
    assert found["many"]["apart"] <= bench.CLOSE
    assert found["explained"]["p99_own"] <= bench.MOST_MS


def test_help_says_how_to_run_it(bench, capsys):
    with pytest.raises(SystemExit, match="0"):
        bench.main(["--help"])
    assert "--lightgbm-rows" in capsys.readouterr().out
