"""From weighted results to figures with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.intervals import CONFIDENCE, wilson
from targeting.evaluation.measures import Measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.metrics import Floats
    from targeting.evaluation.value.weights import Weighing

    Codes = NDArray[np.int64]

MIN_LINES = 15
"""Examined lines that bear on a figure, below which it is not printed."""

MIN_EFFECTIVE = 10.0
"""The same as equally weighted lines (Kish)."""

MIN_HITS = 5.0
"""Hits, as equally weighted ones, below which neither recall nor revenue is printed."""

PRIOR_HITS = 2.0
"""Hits' worth of trust in the variance that is expected, against the one that was seen."""


@dataclass(frozen=True, eq=False)
class Mean:
    """A mean over the lines a policy opens, read from the examined ones among them.

    Parameters
    ----------
    opened
        Shape (n,). Chance with which the policy opens each line.
    weighing
        How many lines each examined line speaks for.
    outcome
        Shape (n,). What was found in each line; read only where it has a weight.
    """

    opened: Floats
    weighing: Weighing
    outcome: Floats

    @cached_property
    def own(self) -> Floats:
        """Shape (n,). Opened lines each examined line speaks for."""
        return self.weighing.weight * self.opened

    @cached_property
    def _whole(self) -> float:
        return max(float(self.own.sum()), 1e-300)

    @cached_property
    def luck(self) -> Floats:
        """Shape (n,). Each examined line's share in the correction that was left to the draw."""
        return self.weighing.luck * self.opened / self._whole

    @cached_property
    def correction(self) -> float:
        """Weighted mean of results minus expectations."""
        return float(self.own @ (self.outcome - self.weighing.base)) / self._whole

    @cached_property
    def value(self) -> float:
        """The mean; 0 when nothing is opened."""
        lines = float(self.opened.sum())
        expected = float(self.opened @ self.weighing.base) / lines if lines else 0.0
        return expected + self.correction

    @cached_property
    def influence(self) -> Floats:
        """Shape (n,). What drawing each examined line moved the mean by."""
        return self.luck * (self.outcome - self.weighing.base - self.correction)

    @property
    def used(self) -> int:
        """Examined lines that bear on the mean."""
        return int((self.own > 0).sum())

    @property
    def effective(self) -> float:
        """As many equally weighted lines."""
        return kish(self.own)

    @property
    def shortage(self) -> str:
        """Why nothing can be said; empty when something can."""
        return shortage(self.own, "among the lines it opens")


def kish(weight: Floats) -> float:
    """Return how many equally weighted lines are worth as much as weighted ones.

    Parameters
    ----------
    weight
        Shape (n,).

    Notes
    -----
    (sum w)^2 / sum w^2 (Kish, Survey Sampling, 1965).

    Examples
    --------
    >>> kish(np.array([2.0, 2.0, 0.0])), round(kish(np.array([9.0, 1.0])), 2)
    (2.0, 1.22)
    """
    return float(weight.sum() ** 2 / (weight @ weight)) if weight.any() else 0.0


def shortage(weight: Floats, where: str) -> str:
    """Say why results are too few to carry a figure; nothing when they are not.

    Parameters
    ----------
    weight
        Shape (n,). Above 0 for each result that bears on the figure.
    where
        Where the results are counted, as the end of a clause.
    """
    used, effective = int((weight > 0).sum()), kish(weight)
    if used >= MIN_LINES and effective >= MIN_EFFECTIVE:
        return ""
    return (
        f"too few results {where}: {used:,}, worth {effective:,.1f} of equal weight; "
        f"at least {MIN_LINES}, worth {MIN_EFFECTIVE:,.0f}, are needed"
    )


def share(value: float, spread: float, lines: float) -> Measure:
    """Give a share with its interval.

    Parameters
    ----------
    value
        The share; brought into [0, 1].
    spread
        Its variance.
    lines
        Equally weighted lines, or hits, it rests on.

    Notes
    -----
    Wilson's interval at the number of independent lines that would give the same variance
    (Korn and Graubard, Survey Methodology 24, 1998), with Student's quantile for few lines.
    """
    value = float(np.clip(value, 0.0, 1.0))
    if spread <= 0:  # every line was examined for certain: nothing is left to chance
        return Measure(value, value, value)
    inner = _likely(value, lines)
    alike = inner * (1 - inner) / spread / quantile_widening(lines - 1)
    interval = wilson(value * alike, alike)
    return Measure(value, interval.low, interval.high)


def precision(mean: Mean, clusters: tuple[Codes, ...]) -> Measure:
    """Give the share of hits among the lines a policy opens.

    Parameters
    ----------
    mean
        Of outcomes 1 and 0.
    clusters
        Groupings of the lines, shape (n,) each, within which they are not independent.
    """
    if mean.shortage:
        return Measure(None, why=mean.shortage)
    hits = min(kish(mean.own * mean.outcome), kish(mean.own * (1 - mean.outcome)))
    seen = variance(mean.influence, clusters)
    spread = steadied(seen, expected_variance(mean.luck, mean.value), hits)
    return share(mean.value, spread, mean.effective)


def variance(influence: Floats, clusters: tuple[Codes, ...]) -> float:
    """Return the largest of the variances by line and by each way of grouping lines.

    Parameters
    ----------
    influence
        Shape (n,). What each line moves the figure by.
    clusters
        Groupings, shape (n,) each.
    """
    moved = np.flatnonzero(influence)
    return max(_variance(influence[moved], group[moved]) for group in (_alone(moved), *clusters))


def _alone(moved: NDArray[np.intp]) -> Codes:
    return np.arange(int(moved.max(initial=-1)) + 1)


def _variance(influence: Floats, group: Codes) -> float:
    _, code = np.unique(group, return_inverse=True)
    groups = int(code.max(initial=-1)) + 1
    sums = np.bincount(code, weights=influence)
    return float(sums @ sums) * groups / max(groups - 1, 1)


def expected_variance(luck: Floats, rate: float) -> float:
    """Return the variance results of a rate have, though those seen may be all alike.

    Parameters
    ----------
    luck
        Shape (n,). Share of each line in the figure that was left to the draw.
    rate
        Of hits. No line's chance is taken to be below half a hit in all lines.
    """
    likely = _likely(rate, kish(np.abs(luck)))
    return float(luck @ luck) * likely * (1 - likely)


def _likely(rate: float, lines: float) -> float:
    """Take no rate for nothing or for all: half a line at least is on either side."""
    least = 0.5 / max(lines, 1.0)
    return float(np.clip(rate, least, 1 - least))


def steadied(seen: float, expected: float, hits: float) -> float:
    """Pull a variance that was seen towards the one to be expected, the more the fewer the hits.

    Parameters
    ----------
    seen, expected
        From `variance` and `expected_variance`.
    hits
        Hits the one that was seen rests on, or clear lines where they are fewer, as equally
        weighted ones.

    Examples
    --------
    >>> steadied(0.0, 0.02, 0), steadied(0.01, 0.02, 8)
    (0.02, 0.012)
    """
    return (hits * seen + PRIOR_HITS * expected) / (hits + PRIOR_HITS)


def quantile(freedom: float) -> float:
    """Return Student's two-sided 95 % quantile.

    Parameters
    ----------
    freedom
        Degrees of freedom; at least 1 is taken.
    """
    from scipy.special import stdtrit

    return float(stdtrit(max(freedom, 1.0), (1 + CONFIDENCE) / 2))


def quantile_widening(freedom: float) -> float:
    """Return how much more variance few lines make: Student's quantile over normal, squared.

    Parameters
    ----------
    freedom
        Degrees of freedom.
    """
    return (quantile(freedom) / quantile(math.inf)) ** 2


def total(mean: Mean, clusters: tuple[Codes, ...], what: str) -> Measure:
    """Give a sum of money over the lines a policy opens.

    Parameters
    ----------
    mean
        Of money per line.
    clusters
        As for `precision`.
    what
        What is summed, for the sentence that says it cannot be.

    Notes
    -----
    The interval is symmetric on the log scale: sums of a few large amounts are skewed.
    """
    amount = mean.own * mean.outcome
    paid = kish(amount)
    if mean.shortage or paid < MIN_HITS or mean.value <= 0:
        return Measure(None, why=mean.shortage or few_hits(paid, what))
    relative = math.sqrt(variance(mean.influence, clusters)) / mean.value
    factor = math.exp(quantile(paid - 1) * relative)
    value = mean.value * float(mean.opened.sum())
    return Measure(value, value / factor, value * factor)


def few_hits(hits: float, what: str) -> str:
    """Say that hits are too few.

    Parameters
    ----------
    hits
        As equally weighted ones.
    what
        What cannot be said because of it.
    """
    return (
        f"too few hits to say {what}: worth {hits:,.1f} of equal weight; "
        f"at least {MIN_HITS:,.0f} are needed"
    )
