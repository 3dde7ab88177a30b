"""The trained heads: chance of a hit, and revenue given a hit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np

from targeting.errors import InputError
from targeting.training.consignment import pooled
from targeting.training.forest import Forest
from targeting.training.linear import Rules, fit_linear

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from targeting.config import ModelSettings
    from targeting.features.spec import FeatureSpec
    from targeting.training.additive import Linear
    from targeting.training.block import Block
    from targeting.training.calibrate import Calibrator
    from targeting.training.expert import Blend
    from targeting.training.views import Views

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


@dataclass(frozen=True)  # no slots: the trees as arrays are kept with them
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

    @cached_property
    def forest(self) -> Forest | None:
        """The trees as arrays, laid out when first needed; None without trees."""
        return None if self.trees is None else Forest.of(self.trees)

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
        if self.forest is None:
            return np.full(len(matrix), self.mean)
        return self.mean * self.forest.expected(matrix, threads=threads)


@dataclass(frozen=True)  # no slots: the trees as arrays are kept with them
class HitHead:
    """The chance of a hit in log-odds: trees and the additive score, beside the expert score.

    Parameters
    ----------
    trees
        Gradient-boosted trees; None when there were too few results to learn from.
    linear
        The additive score; None when there is none.
    linear_share
        Its share of what was learnt, the trees having the rest.
    blend
        The expert score, and how much it weighs beside what was learnt; None when there is none.
    """

    trees: lgb.Booster | None = None
    linear: Linear | None = None
    linear_share: float = 0.0
    blend: Blend | None = None

    @cached_property
    def forest(self) -> Forest | None:
        """The trees as arrays, laid out when first needed; None without trees."""
        return None if self.trees is None else Forest.of(self.trees)

    @property
    def has_learnt(self) -> bool:
        """Whether there were results enough to learn from."""
        return self.trees is not None

    def score(self, matrix: Matrix, *, threads: int) -> Floats:
        """Return raw scores (log-odds), shape (n,).

        Parameters
        ----------
        matrix
            Shape (n, features). Features of the rows to score.
        threads
            Threads used to predict.
        """
        learnt = self.learnt(matrix, threads=threads)
        if self.blend is None:
            return np.zeros(len(matrix)) if learnt is None else learnt
        return self.blend.score(learnt, matrix)

    def learnt(self, matrix: Matrix, *, threads: int) -> Floats | None:
        """Return what was learnt from results, in log-odds, shape (n,); None for nothing.

        Parameters
        ----------
        matrix
            Shape (n, features). Features of the rows to score.
        threads
            Threads used to predict.
        """
        if self.forest is None:
            return None
        trees = self.forest.score(matrix, threads=threads)
        if self.linear is None:
            return trees
        terms = self.linear.score(matrix, threads=threads)
        return (1 - self.linear_share) * trees + self.linear_share * terms


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that turns a feature matrix into scores.

    Parameters
    ----------
    hit
        The chance of a hit.
    calibrator
        From raw score to probability.
    revenue
        Revenue given a hit.
    threads
        Threads used to predict many rows; they change nothing but the time.
    consignment_share
        How far a line's score moves to the mean of its consignment's lines, in [0, 1].
    views
        The chances of an offence in the papers and with the conveyance; None without.
    """

    hit: HitHead
    calibrator: Calibrator
    revenue: RevenueHead
    threads: int = 2
    consignment_share: float = 0.0
    views: Views | None = None

    def score(self, matrix: Matrix) -> Floats:
        """Return raw scores (log-odds) of lines by themselves, shape (n,).

        Parameters
        ----------
        matrix
            Shape (n, features). Features of the rows to score.
        """
        return self.hit.score(matrix, threads=self.threads)

    def score_lines(self, block: Block) -> Floats:
        """Return raw scores (log-odds) of lines beside the others of their consignments, (n,).

        Parameters
        ----------
        block
            Lines, with the others of their consignments among them.
        """
        return pooled(self.score(block.matrix), block.rows, self.consignment_share)

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
        return probability * self.revenue.given_hit(matrix, threads=self.threads)

    def calibrated(self, calibrator: Calibrator) -> Model:
        """Return the same heads with another calibration.

        Parameters
        ----------
        calibrator
            From raw score to probability.
        """
        return replace(self, calibrator=calibrator)


def enough(hit: Bools) -> bool:
    """Tell whether there are hits and clear results enough to learn from.

    Parameters
    ----------
    hit
        Shape (n,). Results.

    Examples
    --------
    >>> enough(np.repeat([True, False], [20, 400])), enough(np.repeat([True, False], [19, 400]))
    (True, False)
    """
    hits = int(hit.sum())
    return min(hits, len(hit) - hits) >= LEAST_HITS


@dataclass(frozen=True, slots=True)
class Lesson:
    """Rows to learn from.

    Parameters
    ----------
    matrix
        Shape (n, features).
    hit
        Shape (n,).
    weight
        Shape (n,). How much each row counts.
    spec
        Names and categories of the features.
    """

    matrix: Matrix
    hit: Bools
    weight: Floats
    spec: FeatureSpec

    @property
    def enough(self) -> bool:
        """Whether there are hits and clear results enough to learn from."""
        return enough(self.hit)

    def require_enough(self) -> None:
        """Make sure there is something to learn.

        Raises
        ------
        InputError
            If there are fewer than `LEAST_HITS` hits or clear results.
        """
        hits = int(self.hit.sum())
        if not self.enough:
            raise InputError(
                "there are too few results to learn from",
                where="the training rows",
                found=f"{hits:,} hits and {len(self.hit) - hits:,} clear results known by the "
                "cut-off",
                do=f"At least {LEAST_HITS} of each are needed: take a later --until, or more "
                "history.",
            )


def fit_hits(
    lesson: Lesson,
    settings: ModelSettings,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> HitHead:
    """Train every member of the score.

    Parameters
    ----------
    lesson
        Rows to learn from.
    settings
        Size and pace of the members.
    progress
        Told the number of trees grown so far.

    Raises
    ------
    InputError
        If there are fewer than `LEAST_HITS` hits or clear results.
    """
    lesson.require_enough()
    spec = lesson.spec
    rising = spec.rising if settings.monotone else np.zeros(len(spec.names), dtype=bool)
    params = _params(settings, len(lesson.matrix)) | {
        "objective": "binary",
        "extra_trees": settings.randomised,
        "extra_seed": settings.seed,
    }
    if rising.any():
        params["monotone_constraints"] = rising.astype(int).tolist()
    data = _dataset(lesson.matrix, lesson.hit.astype(np.float64), spec, params, lesson.weight)
    trees = _grow(params, settings.trees, data, progress)
    if not settings.additive_share:
        return HitHead(trees)
    linear = fit_linear(
        lesson.matrix, lesson.hit, lesson.weight, spec,
        strength=settings.additive_penalty, rules=Rules(np.ones_like(rising), rising),
    )  # fmt: skip
    return HitHead(trees, linear, settings.additive_share)


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
    data = _dataset(matrix[known], revenue[known] / mean, spec, params)
    return RevenueHead(mean, _grow(params, min(100, settings.trees), data, lambda _: None))


def _params(settings: ModelSettings, rows: int) -> dict[str, Any]:
    return {
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "max_bin": settings.bins,
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


def _dataset(
    matrix: Matrix,
    target: Floats,
    spec: FeatureSpec,
    params: dict[str, Any],
    weight: Floats | None = None,
) -> lgb.Dataset:
    return lgb.Dataset(
        matrix,
        target,
        weight=weight,
        feature_name=spec.names,
        categorical_feature=spec.categories,
        params={"feature_pre_filter": False, "verbose": -1, "max_bin": params["max_bin"]},
        free_raw_data=True,
    )


def _grow(
    params: dict[str, Any], trees: int, data: lgb.Dataset, progress: Callable[[int], None]
) -> lgb.Booster:
    def told(state: lgb.callback.CallbackEnv) -> None:
        progress(state.iteration + 1)

    return lgb.train(params, data, num_boost_round=trees, callbacks=[told])
