"""What moved between two blocks of lines: told when it moved, silent when only chance did."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from targeting.config import FeatureSettings
from targeting.evaluation.drift import Drift, drift, drift_plot, write_drift
from targeting.features.registry import Feature
from targeting.features.spec import FeatureSpec
from targeting.training.block import Block

if TYPE_CHECKING:
    from pathlib import Path

    from targeting.evaluation.drift import Shift


def block(columns: dict[str, object], levels: dict[str, tuple[str, ...]] | None = None) -> Block:
    features = tuple(
        Feature(name, "document", "made up", str, category=name in (levels or {}))
        for name in columns
    )
    matrix = np.column_stack([np.asarray(one, dtype=np.float32) for one in columns.values()])
    spec = FeatureSpec(FeatureSettings(), features, levels or {})
    return Block(pd.DataFrame(index=range(len(matrix))), matrix, spec)


def only(before: object, now: object, *, category: bool = False) -> Shift:
    levels = {"x": ("air", "rail", "sea")} if category else {}
    return drift(block({"x": before}, levels), block({"x": now}, levels)).features[0]


def test_the_index_is_the_one_of_the_textbook() -> None:
    before = np.repeat(np.arange(10.0), 100)
    now = np.repeat(np.arange(10.0), [190, *[90] * 9])
    share, later = np.full(10, 100.5 / 1005), np.array([190.5, *[90.5] * 9]) / 1005

    found = only(before, now)

    assert found.index == pytest.approx(float(np.sum((later - share) * np.log(later / share))))
    assert found.most_moved == "up to 0.5"
    assert (found.share_before, found.share_now) == pytest.approx((0.10, 0.19))


def test_lines_from_the_same_port_do_not_move() -> None:
    draws = np.random.default_rng(3)
    names = [f"f{at}" for at in range(100)]
    before, now = (
        block({name: draws.gamma(2.0, size=size) for name in names}) for size in (900, 400)
    )

    found = drift(before, now)

    assert found.flat_metrics()["drift_features_moved"] == 0
    assert found.features[0].index == found.flat_metrics()["drift_largest"]
    assert found.features[0].index < found.features[0].by_chance


def test_chance_passes_its_bound_about_as_seldom_as_it_should() -> None:
    draws = np.random.default_rng(11)
    passed = 0
    for _ in range(400):
        found = only(draws.normal(size=500), draws.normal(size=300))
        passed += found.index > found.by_chance

    assert 4 <= passed <= 40  # 20 expected


@pytest.mark.parametrize(
    ("before", "now", "most_moved"),
    [
        (np.linspace(0, 1, 500), np.append(np.linspace(0, 1, 300), [0.95] * 200), "above 0.9"),
        (np.linspace(0, 1, 500), np.where(np.arange(500) % 3, 0.4, np.nan), "missing"),
        ([0.0] * 475 + [1.0] * 25, [0.0] * 350 + [1.0] * 150, "above 0.5"),
        ([1.0] * 475 + [0.0] * 25, [1.0] * 350 + [0.0] * 150, "up to 0.5"),
        ([5.0] * 500, [5.0] * 300 + [np.nan] * 200, "missing"),
    ],
)  # fmt: skip
def test_a_move_is_seen_where_it_is(before: object, now: object, most_moved: str) -> None:
    found = only(before, now)

    assert found.moved
    assert found.most_moved.startswith(most_moved)


def test_a_missing_share_is_told() -> None:
    found = only([1.0, 2.0, np.nan, np.nan], [1.0, 2.0, 3.0, np.nan])

    assert (found.missing_before, found.missing_now) == (0.5, 0.25)


def test_codes_have_no_order() -> None:
    before = np.repeat([0.0, 1.0, 2.0], [300, 200, 100])

    with_new = only(before, np.repeat([0.0, 1.0, 2.0, 3.0], [300, 20, 100, 180]), category=True)
    fewer = only(before, np.repeat([0.0, 1.0, 2.0], [490, 10, 100]), category=True)

    assert with_new.moved
    assert with_new.most_moved == "any other"
    assert fewer.most_moved == "rail"


def test_the_score_is_compared_like_a_feature() -> None:
    lines = block({"x": np.linspace(0, 1, 300)})
    score = np.linspace(-4, 1, 300)

    found = drift(lines, lines, scores=(score, score + 3))

    assert found.score is not None
    assert found.score.moved
    assert found.flat_metrics() == {
        "drift_features": 1, "drift_features_moved": 0, "drift_largest": 0,
        "drift_score": found.score.index,
    }  # fmt: skip


def values(largest: float) -> st.SearchStrategy[np.ndarray]:
    either = st.floats(-largest, largest, width=32) | st.just(np.nan)
    return arrays(np.float32, st.integers(0, 60), elements=either)


def codes() -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float32, st.integers(0, 60), elements=st.sampled_from([0, 1, 2, 3, np.nan]))


@given(
    st.tuples(values(5.0), values(9.0), st.just(value=False))
    | st.tuples(codes(), codes(), st.just(value=True))
)
def test_the_index_is_finite_never_negative_and_blind_to_order(
    case: tuple[np.ndarray, np.ndarray, bool],
) -> None:
    before, now, category = case
    found = only(before, now, category=category)

    assert np.isfinite(found.index)
    assert found.index >= -1e-12
    assert only(before[::-1], now[::-1], category=category) == found
    assert only(before, before, category=category).index == pytest.approx(0)


def test_blocks_of_other_features_are_refused() -> None:
    with pytest.raises(ValueError, match="do not have the same features"):
        drift(block({"x": [1.0]}), block({"y": [1.0]}))


def test_the_table_holds_the_score_first_and_the_plot_is_the_same_twice(tmp_path: Path) -> None:
    before, now = block({"x": np.arange(50.0)}), block({"x": np.arange(50.0) + 20})
    found = drift(before, now, scores=(np.arange(50.0), np.arange(50.0)))

    write_drift(found, tmp_path)
    with (tmp_path / "plots" / "drift.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))

    assert [row["name"] for row in rows] == ["score", "x"]
    assert [row["moved"] for row in rows] == ["False", "True"]
    assert drift_plot(found).axes[0].get_title(loc="left") == "What has moved since training"


def test_nothing_compared_is_said(tmp_path: Path) -> None:
    empty = Drift(0, 0, ())
    write_drift(empty, tmp_path)

    assert not list(tmp_path.iterdir())
    assert empty.flat_metrics() == {"drift_features": 0, "drift_features_moved": 0}
    assert drift_plot(empty).axes[0].texts[0].get_text() == "No feature was compared"
