"""Who was examined, and why: a model of past selection, by reason.

What officers choose to open is not what arrives. To weigh what they found, one must know how
likely each line was to be chosen. That is a matter of its documents and of what was known of its
parties, so it can be learnt from all lines lodged in a period, examined or not. Reasons are kept
apart, because they differ in what they act on:

- `random` is known by design (`selection_probability`) and never estimated;
- `rule`, `officer`, `mandatory` and `model` act on documents and history: open to estimation;
- `intelligence` acts on what no column carries: closed. Its lines are left out of the fit. What
  they found counts for themselves and for no other line (`targeting.evaluation.value`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
from sklearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.training.block import Block

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Objects = npt.NDArray[np.object_]

LOT = "random"
"""The reason whose chance is known by design."""

CLOSED = ("intelligence",)
"""Reasons that act on what no column carries."""

LEAST_LINES = 30
"""A reason with fewer examined lines is learnt together with the other small ones."""

LEAST, MOST = 0.002, 0.98
"""Chances are kept between these."""

FOLDS = 3
_BLOCK_DAYS = 7
_TREES = 60
_PARAMS = {
    "objective": "binary",
    "learning_rate": 0.08,
    "num_leaves": 8,
    "min_data_in_leaf": 50,
    "lambda_l2": 20.0,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """How lines came to be examined for one reason.

    Parameters
    ----------
    name
        As in `selected_by`; `other` for several with few lines each.
    lines
        Lines examined for it.
    rate
        Their share of all lines that neither the lot nor a tip took.
    trees
        One model per fold of days, fitted on the other folds; empty when there were too few
        lines and the rate is all that can be said.
    slope, intercept
        Of the logistic curve that calibrates the trees, fitted on scores of days they had not
        seen.
    """

    name: str
    lines: int
    rate: float
    trees: tuple[lgb.Booster, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0

    def of(self, block: Block, fold: Ints) -> Floats:
        """Return the chance of being examined for this reason, shape (n,).

        Parameters
        ----------
        block
            Lines.
        fold
            Shape (n,). Fold of each line's day: its chance comes from the trees that have not
            seen that day.
        """
        if not self.trees:
            return np.full(len(block), self.rate)
        score = _unseen(self.trees, block, fold)
        return 1.0 / (1.0 + np.exp(-(self.slope * score + self.intercept)))


@dataclass(frozen=True, slots=True)
class Propensity:
    """How likely lines were to be examined for a reason open to estimation.

    Parameters
    ----------
    reasons
        The reasons, in alphabetical order.
    block_days
        Days that stay together in a fold.
    """

    reasons: tuple[Reason, ...]
    block_days: int

    def of(self, block: Block) -> Floats:
        """Return each line's chance of being examined for any open reason, shape (n,).

        It holds for lines that neither the lot nor a tip took, given what the documents and
        profiles say. Each day's chances come from trees that have not seen the day.

        Parameters
        ----------
        block
            Lines lodged in the period the propensity was fitted on.
        """
        chances = self.by_reason(block).values()
        return np.clip(sum(chances, np.zeros(len(block))), LEAST, MOST)

    def by_reason(self, block: Block) -> dict[str, Floats]:
        """Return each line's chance of being examined for each open reason.

        Parameters
        ----------
        block
            Lines lodged in the period the propensity was fitted on.

        Returns
        -------
        dict of str to ndarray
            By reason, shape (n,) each.
        """
        fold = _folds(block, self.block_days)
        return {reason.name: reason.of(block, fold) for reason in self.reasons}


def fit_propensity(block: Block, selected_by: Objects, *, seed: int = 0) -> Propensity:
    """Learn how the lines of a period came to be examined.

    Selection is no outcome: the period may be the one that is judged. Lines the lot or a tip
    took are left out, as they were not at the disposal of the others.

    Parameters
    ----------
    block
        ALL lines lodged in the period, examined or not.
    selected_by
        Shape (n,). Why each was examined; None where it was not.
    seed
        Of the trees.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    if len(selected_by) != len(block):
        raise ValueError(f"{len(selected_by):,} reasons for {len(block):,} lines")
    named = np.array(["" if _missing(one) else str(one) for one in selected_by], dtype=object)
    block_days = _block_days(block)
    free = ~np.isin(named, (LOT, *CLOSED))
    lines, named = block.take(free), named[free]
    fold = _folds(lines, block_days)
    targets = _by_reason(named)
    reasons = [_reason(name, chosen, lines, fold, seed) for name, chosen in targets.items()]
    return Propensity(tuple(reasons), block_days)


def _missing(reason: object) -> bool:
    return reason is None or reason != reason  # noqa: PLR0124 - NaN, as pandas writes None


def _by_reason(named: Objects) -> dict[str, Bools]:
    """Mark the lines of each reason; those of small ones together as `other`."""
    names, counts = np.unique(named[named != ""].astype(str), return_counts=True)
    small = [name for name, lines in zip(names, counts, strict=True) if lines < LEAST_LINES]
    large = {str(name): named == name for name in names if name not in small}
    return large | ({"other": np.isin(named, small)} if small else {})


def _reason(name: str, chosen: Bools, lines: Block, fold: Ints, seed: int) -> Reason:
    count = int(chosen.sum())
    rate = count / len(chosen)
    if count < LEAST_LINES or len(np.unique(fold)) < FOLDS:
        return Reason(name, count, rate)
    data = lgb.Dataset(
        lines.matrix,
        chosen.astype(np.float64),
        feature_name=lines.spec.names,
        categorical_feature=lines.spec.categories,
        params={"feature_pre_filter": False, "max_bin": 63, "verbose": -1},
        free_raw_data=False,
    ).construct()
    trees = tuple(
        _grow(data.subset(np.flatnonzero(fold != at).tolist()), seed) for at in range(FOLDS)
    )
    slope, intercept = _curve(_unseen(trees, lines, fold), chosen)
    return Reason(name, count, rate, trees, slope, intercept)


def _grow(data: lgb.Dataset, seed: int) -> lgb.Booster:
    return lgb.train(_PARAMS | {"seed": seed, "max_bin": 63}, data, num_boost_round=_TREES)


def _unseen(trees: tuple[lgb.Booster, ...], block: Block, fold: Ints) -> Floats:
    """Score each line with the trees that have not seen its day."""
    score = np.zeros(len(block))
    for at, one in enumerate(trees):
        rows = np.flatnonzero(fold == at)
        if len(rows):
            score[rows] = np.asarray(one.predict(block.matrix[rows], raw_score=True, num_threads=1))
    return score


def _curve(score: Floats, chosen: Bools) -> tuple[float, float]:
    """Fit the logistic curve from scores to chances; the identity when it would turn them round."""
    fit = LogisticRegression(C=np.inf).fit(score[:, None], chosen)
    slope, intercept = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    return (slope, intercept) if slope > 0 else (1.0, 0.0)


def _days(block: Block) -> Ints:
    lodged = block.rows["lodged_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    return lodged.to_numpy().astype("datetime64[D]").astype(np.int64)


def _block_days(block: Block) -> int:
    """Keep weeks together; in a period of a few weeks, fewer days."""
    day = _days(block)
    span = int(day.max() - day.min()) + 1 if len(day) else 1
    return max(1, min(_BLOCK_DAYS, span // FOLDS))


def _folds(block: Block, block_days: int) -> Ints:
    return _days(block) // block_days % FOLDS
