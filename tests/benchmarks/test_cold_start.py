"""The benchmark of the cold start: it counts what it says it counts."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield import_module("benchmarks.cold_start")


def test_each_week_opens_its_share_rounded_up(bench):
    week = np.repeat([0, 1], [40, 21])
    score = np.arange(61.0)
    found = np.zeros(61, dtype=bool)
    found[[39, 38, 37, 60, 40]] = True  # week 0 opens lines 39 and 38, week 1 lines 60 and 59

    assert bench.found_weekly(score, found, week) == (3, 4)
    turned = np.random.default_rng(1).permutation(61)
    assert bench.found_weekly(score[turned], found[turned], week[turned]) == (3, 4)


def test_the_page_adds_worlds_up(bench):
    blends = dict.fromkeys(bench.PRIORS, 9)
    points = [
        bench.Point("small", seed, hits, hits, 100, 50, 80, 5.0, 6, model, made)
        for seed in range(1, 6)
        for hits, model, made in ((0, None, {}), (20, 8, blends))
    ]
    page = bench.page(points, 50.0)

    assert "| 0 | 5 | 400 | 25 | 30 | none | 30 |" in page
    assert "| 20 | 5 | 400 | 25 | 30 | 40 | 45 |" in page
    assert "| 50 | +12.5 % (+12.5 to +12.5) | +50.0 % (+50.0 to +50.0) |" in page
    assert "too few worlds for an interval" in bench.page(points[:4], 50.0)
