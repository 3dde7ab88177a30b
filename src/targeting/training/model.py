"""The trained heads: chance of a hit, and revenue given a hit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np

from targeting.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from targeting.config import ModelSettings
    from targeting.features.spec import FeatureSpec
    from targeting.training.calibrate import Calibrator

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Matrix = npt.NDArray[np.float32]

LEAST_HITS = 20
"""Fewer hits than this teach nothing but noise; training refuses."""

LEAST_REVENUE_HITS = 60
"""Hits with a recorded revenue below which their mean is all that can be said."""


FEW_ROWS = 20_000
"""Below this, one thread: two gain little on a quiet machine, and lose many times that on a busy
one, where they wait for each other after every leaf."""


@dataclass(frozen=True, slots=True)
class RevenueHead:
    """Revenue expected of a hit.

    Parameters
    ----------
    mean
        Mean revenue of the hits that recorded one; None when none did.
    trees
        Regression on the features, scaled by `mean`; None when there were too few hits.
    """

    mean: float | None = None
    trees: lgb.Booster | None = None

    def given_hit(self, matrix: Matrix, *, threads: int) -> Floats:
        """Return the revenue expected if the line is a hit, shape (n,); NaN when unknown.

        Parameters
        ----------
        matrix
            Shape (n, features). Features of the rows to score.
        threads
            Threads used to predict.
        """
        if self.mean is None:
            return np.full(len(matrix), np.nan)
        if self.trees is None or not len(matrix):
            return np.full(len(matrix), self.mean)
        return self.mean * np.asarray(self.trees.predict(matrix, num_threads=threads))


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that turns a feature matrix into scores.

    Parameters
    ----------
    hit
        Trees for the chance of a hit.
    calibrator
        From raw score to probability.
    revenue
        Revenue given a hit.
    threads
        Threads used to predict many rows; one row is faster with one.
    """

    hit: lgb.Booster
    calibrator: Calibrator
    revenue: RevenueHead
    threads: int = 2

    def score(self, matrix: Matrix) -> Floats:
        """Return raw scores (log-odds), shape (n,).

        Parameters
        ----------
        matrix
            Shape (n, features). Features of the rows to score.
        """
        if not len(matrix):
            return np.zeros(0)
        raw = self.hit.predict(matrix, raw_score=True, num_threads=self._threads(matrix))
        return np.asarray(raw, dtype=np.float64)

    def probability(self, score: Floats) -> Floats:
        """Return calibrated probabilities, shape (n,).

        Parameters
        ----------
        score
            Shape (n,). Raw scores (log-odds), as `score` gives them.
        """
        return self.calibrator.probability(score)

    def expected_revenue(self, matrix: Matrix, probability: Floats) -> Floats:
        """Return probability times revenue given a hit, shape (n,); NaN when unknown.

        Parameters
        ----------
        matrix
            Shape (n, features). Features of the rows to score.
        probability
            Shape (n,). Calibrated probability of a hit for each row.
        """
        return probability * self.revenue.given_hit(matrix, threads=self._threads(matrix))

    def _threads(self, matrix: Matrix) -> int:
        return 1 if len(matrix) < 64 else self.threads

    def calibrated(self, calibrator: Calibrator) -> Model:
        """Return the same trees with another calibration.

        Parameters
        ----------
        calibrator
            From raw score to probability.
        """
        return replace(self, calibrator=calibrator)


def fit_hit_trees(
    matrix: Matrix,
    hit: Bools,
    spec: FeatureSpec,
    settings: ModelSettings,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> lgb.Booster:
    """Train the trees for the chance of a hit.

    Parameters
    ----------
    matrix
        Shape (n, features).
    hit
        Shape (n,).
    spec
        Names and categories of the features.
    settings
        Size and pace of the trees.
    progress
        Told the number of trees grown so far.

    Raises
    ------
    InputError
        If there are fewer than `LEAST_HITS` hits or clear results.
    """
    hits = int(hit.sum())
    if min(hits, len(hit) - hits) < LEAST_HITS:
        raise InputError(
            "there are too few results to learn from",
            where="the training rows",
            found=f"{hits:,} hits and {len(hit) - hits:,} clear results known by the cut-off",
            do=f"At least {LEAST_HITS} of each are needed: take a later --until, or more history.",
        )
    params = _params(settings, len(matrix)) | {"objective": "binary"}
    return _grow(params, settings.trees, _dataset(matrix, hit.astype(np.float64), spec), progress)


def fit_revenue(
    matrix: Matrix, revenue: Floats, spec: FeatureSpec, settings: ModelSettings
) -> RevenueHead:
    """Learn the revenue of hits.

    Parameters
    ----------
    matrix, revenue
        Features and revenue of the hits, shape (hits, features) and (hits,); NaN where none was
        recorded.
    spec
        Names and categories of the features.
    settings
        Pace and seed of the trees; their number and size are kept small, hits are few.
    """
    known = np.isfinite(revenue)
    if not known.any() or revenue[known].mean() <= 0:
        return RevenueHead()
    mean = float(revenue[known].mean())
    if known.sum() < LEAST_REVENUE_HITS:
        return RevenueHead(mean)
    params = _params(settings, int(known.sum())) | {
        "objective": "tweedie",  # zero or positive, right-skewed, mean kept
        "num_leaves": min(8, settings.leaves),
    }
    data = _dataset(matrix[known], revenue[known] / mean, spec)
    return RevenueHead(mean, _grow(params, min(100, settings.trees), data, lambda _: None))


def _params(settings: ModelSettings, rows: int) -> dict[str, Any]:
    return {
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": settings.min_rows_in_leaf,
        "bagging_fraction": settings.row_share,
        "bagging_freq": 1,
        "feature_fraction": settings.column_share,
        "lambda_l2": settings.l2,
        "seed": settings.seed,
        "num_threads": 1 if rows < FEW_ROWS else settings.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }


def _dataset(matrix: Matrix, target: Floats, spec: FeatureSpec) -> lgb.Dataset:
    return lgb.Dataset(
        matrix,
        target,
        feature_name=spec.names,
        categorical_feature=spec.categories,
        params={"feature_pre_filter": False, "verbose": -1},
        free_raw_data=True,
    )


def _grow(
    params: dict[str, Any], trees: int, data: lgb.Dataset, progress: Callable[[int], None]
) -> lgb.Booster:
    def told(state: lgb.callback.CallbackEnv) -> None:
        progress(state.iteration + 1)

    return lgb.train(params, data, num_boost_round=trees, callbacks=[told])
