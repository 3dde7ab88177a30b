"""The trained heads: the same bytes for the same data, and honest about what they cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from targeting.config import FeatureSettings, ModelSettings
from targeting.errors import InputError
from targeting.features.spec import FeatureSpec, registry
from targeting.training.calibrate import Calibrator
from targeting.training.model import (
    LEAST_HITS,
    LEAST_REVENUE_HITS,
    Model,
    RevenueHead,
    fit_hit_trees,
    fit_revenue,
)

if TYPE_CHECKING:
    import numpy.typing as npt

SETTINGS = FeatureSettings(keys=(), categories=("flow",))
SPEC = FeatureSpec(SETTINGS, registry(SETTINGS), {"flow_level": ("import", "export")})
SMALL = ModelSettings(trees=20, leaves=7, min_rows_in_leaf=5)


def data(rows: int = 600) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    draw = np.random.default_rng(5)
    matrix = draw.normal(size=(rows, len(SPEC.features))).astype(np.float32)
    matrix[:, -1] = draw.integers(0, 3, rows)
    matrix[draw.random(matrix.shape) < 0.1] = np.nan
    risk = np.nan_to_num(matrix[:, 0]) + (matrix[:, -1] == 1) - 1.5
    return matrix, draw.random(rows) < 1 / (1 + np.exp(-2 * risk))


@pytest.fixture(scope="module")
def model() -> Model:
    matrix, hit = data()
    return Model(fit_hit_trees(matrix, hit, SPEC, SMALL), Calibrator(), RevenueHead(1000.0))


def test_the_same_seed_and_data_give_the_same_bytes(model: Model) -> None:
    matrix, hit = data()
    again = fit_hit_trees(matrix, hit, SPEC, SMALL)
    other = fit_hit_trees(matrix, hit, SPEC, SMALL.model_copy(update={"seed": 1}))

    assert again.model_to_string() == model.hit.model_to_string()
    assert other.model_to_string() != model.hit.model_to_string()


def test_one_row_scores_as_in_its_batch(model: Model) -> None:
    matrix, _ = data()
    single = np.concatenate([model.score(matrix[at : at + 1]) for at in range(100)])

    assert single.tolist() == model.score(matrix)[:100].tolist()


def test_the_model_learns_what_was_planted(model: Model) -> None:
    matrix, hit = data()
    score = model.score(matrix)

    above = (score[hit][:, None] > score[~hit][None, :]).mean()
    assert above > 0.8  # the area under the ROC curve; chance gives 0.5
    assert model.hit.feature_name() == SPEC.names


def test_no_rows_give_no_scores(model: Model) -> None:
    empty = np.zeros((0, len(SPEC.features)), dtype=np.float32)

    assert model.score(empty).shape == (0,)
    assert model.expected_revenue(empty, np.zeros(0)).shape == (0,)


def test_progress_is_told_tree_by_tree() -> None:
    told: list[int] = []
    matrix, hit = data()
    fit_hit_trees(matrix, hit, SPEC, SMALL, progress=told.append)

    assert told == list(range(1, 21))


@pytest.mark.parametrize("flip", [False, True])
def test_too_few_results_are_refused(flip: bool) -> None:
    matrix, _ = data(100)
    few = np.arange(100) < LEAST_HITS - 1
    words = "81 hits and 19 clear" if flip else "19 hits and 81 clear"

    with pytest.raises(InputError, match=f"too few results.*{words}"):
        fit_hit_trees(matrix, ~few if flip else few, SPEC, SMALL)


@pytest.mark.parametrize("revenue", [[], [np.nan] * 80, [0.0] * 80])
def test_no_recorded_revenue_is_unknown_not_nothing(model: Model, revenue: list[float]) -> None:
    matrix, _ = data()
    head = fit_revenue(matrix[: len(revenue)], np.array(revenue, dtype=float), SPEC, SMALL)

    assert head == RevenueHead(None, None)
    unknown = Model(model.hit, model.calibrator, head)
    assert np.isnan(unknown.expected_revenue(matrix[:5], np.full(5, 0.5))).all()


def test_few_revenues_give_their_mean() -> None:
    matrix, _ = data()
    revenue = np.full(LEAST_REVENUE_HITS - 1 + 10, np.nan)
    revenue[10:] = np.tile([100.0, 300.0], LEAST_REVENUE_HITS)[: LEAST_REVENUE_HITS - 1]

    head = fit_revenue(matrix[: len(revenue)], revenue, SPEC, SMALL)

    assert head.trees is None
    assert head.mean == pytest.approx(np.nanmean(revenue))
    assert head.given_hit(matrix[:3], threads=1).tolist() == [head.mean] * 3


def test_enough_revenues_grow_trees_that_follow_them() -> None:
    matrix, _ = data()
    high = np.nan_to_num(matrix[:, 0]) > 0
    revenue = np.where(high, 10_000.0, 1_000.0)

    head = fit_revenue(matrix, revenue, SPEC, SMALL)
    expected = head.given_hit(matrix, threads=2)

    assert head.trees is not None
    assert head.mean == pytest.approx(revenue.mean())
    assert expected[high].mean() > 1.2 * expected[~high].mean()
    assert (expected > 0).all()


def test_expected_revenue_is_probability_times_revenue(model: Model) -> None:
    matrix, _ = data()

    assert model.expected_revenue(matrix[:2], np.array([0.25, 0.5])).tolist() == [250.0, 500.0]


def test_another_calibration_keeps_the_trees(model: Model) -> None:
    matrix, _ = data()
    moved = model.calibrated(Calibrator(kind="sigmoid", slope=0.5, intercept=-1.0))
    score = model.score(matrix)

    assert moved.score(matrix).tolist() == score.tolist()
    np.testing.assert_allclose(moved.probability(score), 1 / (1 + np.exp(1 - 0.5 * score)))
    assert model.calibrator == Calibrator()
