"""The benchmark of estimators: counts what holds the truth, and says so on its page."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield import_module("benchmarks.coverage")


@pytest.fixture(scope="module")
def rows(bench):
    """Figures of made-up worlds: naive ones always too high, the others right, the lot silent."""
    rng = np.random.default_rng(1)
    made = []
    for kind in bench.KINDS:
        for seed in range(4):
            for policy in bench.POLICIES:
                for name in bench.ESTIMATORS:
                    for figure in ("precision", "recall", "revenue"):
                        value = 0.3 if name == "naive" else 0.1 + 0.01 * rng.normal()
                        told = (value, value - 0.05, value + 0.05)
                        if name == "random_only":
                            told = (None, None, None)
                        made.append(bench.Judged(kind.name, seed, policy, figure, name, 0.1, *told))
            made.append(
                bench.Judged(
                    kind.name, seed, "a - b", "difference", "doubly_robust", 0.0, 0, -0.1, 0.1
                )
            )
    return pd.DataFrame([asdict(one) for one in made])


def test_counts_intervals_that_hold_the_truth(bench, rows):
    told = bench.told(rows)
    naive, best = told.overall["naive"], told.overall["doubly_robust"]

    assert (naive.worlds, naive.figures, naive.said) == (20, 100, 1.0)
    assert (naive.covered, naive.too_high) == (0.0, 1.0)
    assert naive.bias == pytest.approx(0.2)
    assert (best.covered, best.too_high) == (1.0, 0.0)
    assert best.width == pytest.approx(0.1)
    assert best.covered_low > 0.8


def test_silence_is_no_coverage(bench, rows):
    lot = bench.told(rows).overall["random_only"]

    assert (lot.said, lot.covered, lot.bias) == (0.0, None, None)


def test_the_kind_that_breaks_the_assumption_is_in_no_sum_but_its_own(bench, rows):
    hidden = [kind.name for kind in bench.KINDS if kind.knowing]
    missed = rows.copy()
    missed.loc[missed["kind"].isin(hidden), "truth"] = 0.9
    told = bench.told(missed)

    assert told.overall["doubly_robust"].covered == 1.0
    assert told.by_kind[hidden[0]]["doubly_robust"].covered == 0.0


def test_writes_the_page_the_facts_and_the_plot_the_same_twice(bench, rows, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        bench.write(rows, tmp_path / name)
    written = {
        name: [(tmp_path / name / f"coverage.{end}").read_bytes() for end in ("json", "md", "svg")]
        for name in ("one", "two")
    }

    assert written["one"] == written["two"]
    page = written["one"][1].decode()
    assert "hold the truth in 100% of cases in\n20 simulated worlds (goal 90%: holds)" in page
    assert "it is +20.0 points off" in page
    assert json.loads(written["one"][0])["overall"]["naive"]["covered"] == 0.0


def test_worlds_of_the_page_are_not_those_of_other_seeds(bench):
    seeds = {
        bench.FIRST_SEED + 100 * place + n for place in range(len(bench.KINDS)) for n in (0, 99)
    }

    assert len(seeds) == 2 * len(bench.KINDS)
    assert min(seeds) > 1_000_000
