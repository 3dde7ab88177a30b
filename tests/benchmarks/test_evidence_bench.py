"""The benchmark of evidence: nearest precedents judged on literal lines."""

from __future__ import annotations

import sys
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(request.config.rootpath))
    yield import_module("benchmarks.evidence")
    sys.modules.pop("benchmarks.evidence", None)


def test_the_share_of_hits_among_the_nearest_is_judged(bench: Any) -> None:
    hit = np.array([True] * 20 + [False] * 20 + [True, False])
    rows = pd.DataFrame({"hs_code": ["640411"] * 41 + ["080510"]})
    lines = SimpleNamespace(
        known=SimpleNamespace(hit=hit, block=SimpleNamespace(rows=rows)),
        past=np.arange(42) < 40,
        later=np.arange(42) >= 40,
    )
    place = np.where(hit, 1.0, -1.0)[:, None]

    found = bench.judged("place", bench.near(place, lines), lines)

    assert (found.auc, found.brier, found.mean, found.chapter) == (1.0, 0.0, 0.5, 0.5)


def test_directions_are_of_length_one(bench: Any) -> None:
    assert bench.directed(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [[0.6, 0.8], [0.0, 0.0]]
