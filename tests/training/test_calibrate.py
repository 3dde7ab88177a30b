"""Calibration recovers a known curve, keeps the ranking and admits what it cannot do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from targeting.training.calibrate import LEAST_HITS, Calibrator, fit_calibrator


def simulated(slope: float, intercept: float, rows: int = 60_000) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(11)
    score = draw.normal(-2.5, 1.2, rows)
    chance = 1 / (1 + np.exp(-(slope * score + intercept)))
    return score, draw.random(rows) < chance


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -1.0), (1.6, 0.7)])
def test_a_known_curve_is_recovered(slope: float, intercept: float) -> None:
    """With 60,000 rows the standard errors are below 0.03 and 0.07; four of them are allowed."""
    curve = fit_calibrator(*simulated(slope, intercept))

    assert curve.kind == "sigmoid"
    assert curve.slope == pytest.approx(slope, abs=0.12)
    assert curve.intercept == pytest.approx(intercept, abs=0.28)
    assert curve.why == ""


def test_probabilities_add_up_to_the_hits() -> None:
    """Platt's smoothed targets move the sum by less than one hit and one clear result."""
    score, hit = simulated(0.7, -0.5, rows=3_000)

    curve = fit_calibrator(score, hit)

    assert curve.probability(score).sum() == pytest.approx(hit.sum(), abs=2.0)
    assert (curve.rows, curve.hits) == (3_000, int(hit.sum()))


def test_too_few_hits_or_clear_results_keep_the_raw_probability() -> None:
    score = np.linspace(-3, 3, 100)
    few = np.arange(100) >= 100 - (LEAST_HITS - 1)

    curve = fit_calibrator(score, few)

    assert curve.kind == "identity"
    assert curve.why == "only 9 hits and 91 clear results in the calibration block"
    np.testing.assert_allclose(curve.probability(score), 1 / (1 + np.exp(-score)))
    assert fit_calibrator(score, ~few).why.startswith("only 91 hits and 9 clear")
    assert fit_calibrator(score, np.arange(100) >= 100 - LEAST_HITS).kind == "sigmoid"


def test_a_reversed_ranking_is_not_turned_round() -> None:
    score = np.linspace(-3, 3, 200)

    curve = fit_calibrator(score, score < 0)

    assert curve.kind == "identity"
    assert curve.why == "higher scores did not find more in the calibration block"
    assert (curve.slope, curve.intercept, curve.hits) == (1.0, 0.0, 100)


def test_no_rows_at_all_are_no_crash() -> None:
    assert fit_calibrator(np.zeros(0), np.zeros(0, dtype=bool)).why.startswith("only 0 hits")


def test_extreme_scores_stay_probabilities() -> None:
    given_scores = np.array([-1e6, -800.0, 0.0, 800.0, 1e6])

    assert Calibrator().probability(given_scores).tolist() == pytest.approx([0, 0, 0.5, 1, 1])


@pytest.mark.parametrize("slope", [0.0, -1.0, float("nan"), float("inf")])
def test_a_curve_that_falls_is_no_curve(slope: float) -> None:
    with pytest.raises(ValidationError, match="slope"):
        Calibrator(kind="sigmoid", slope=slope)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(20, 300),
    scale=st.sampled_from([0.01, 1.0, 8.0]),
    pull=st.floats(-2, 2),
)
def test_the_ranking_stays_whatever_the_block(
    seed: int, rows: int, scale: float, pull: float
) -> None:
    draw = np.random.default_rng(seed)
    score = draw.normal(0, scale, rows)
    hit = draw.normal(0, 1, rows) + pull * score / scale > 0.5

    curve = fit_calibrator(score, hit)
    probability = curve.probability(np.sort(score))

    assert curve.slope > 0
    assert (np.diff(probability) >= 0).all()
    assert ((probability >= 0) & (probability <= 1)).all()
    assert (curve.kind == "identity") == bool(curve.why)
