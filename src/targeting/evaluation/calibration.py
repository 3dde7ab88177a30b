"""Whether probabilities mean what they say: scoring rules and the reliability table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.metrics import rank

if TYPE_CHECKING:
    from targeting.evaluation.metrics import Floats, Labels

BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Examined lines of similar probability, and how many of them were hits.

    Parameters
    ----------
    low, high
        Smallest and largest probability in the bin.
    examined, hits
        Examined lines in the bin and hits among them.
    mean_probability
        Mean probability the model gave them.
    """

    low: float
    high: float
    examined: int
    hits: int
    mean_probability: float

    @property
    def hit_rate(self) -> float:
        """Share of the bin's lines that were hits."""
        return self.hits / self.examined


def squared_errors(probability: Floats, hit: Floats) -> Floats:
    """Squared difference of probability and outcome, line by line; its mean is the Brier score.

    Parameters
    ----------
    probability
        Shape (n,). Probability the model gave each examined line.
    hit
        Shape (n,). 1 for a hit, 0 for clear.
    """
    return (probability - hit) ** 2


def log_losses(probability: Floats, hit: Floats) -> Floats:
    """Negative log-likelihood of the outcome, line by line, in nats; its mean is the log loss.

    Probabilities are held away from 0 and 1 by the spacing of float64, as scikit-learn does.

    Parameters
    ----------
    probability
        Shape (n,). Probability the model gave each examined line.
    hit
        Shape (n,). 1 for a hit, 0 for clear.
    """
    tiny = np.finfo(np.float64).eps
    sure = np.clip(probability, tiny, 1 - tiny)
    return -np.log(np.where(hit > 0, sure, 1 - sure))


def brier(probability: Floats, label: Labels) -> float | None:
    """Mean squared difference of probability and outcome over the examined lines; lower is better.

    Parameters
    ----------
    probability
        Shape (n,), in [0, 1].
    label
        Shape (n,). 1 hit, 0 clear, -1 not examined (left out).

    Returns
    -------
    float or None
        None when nothing was examined.

    Notes
    -----
    Brier, Monthly Weather Review 78, 1950.

    Examples
    --------
    >>> brier(np.array([0.8, 0.4, 0.9]), np.array([1, 0, -1])).__round__(6)
    0.1
    """
    known, hit = _known(probability, label)
    return float(squared_errors(known, hit).mean()) if len(hit) else None


def log_loss(probability: Floats, label: Labels) -> float | None:
    """Mean negative log-likelihood over the examined lines, in nats; lower is better.

    Parameters
    ----------
    probability, label
        As for `brier`.

    Returns
    -------
    float or None
        None when nothing was examined.

    Examples
    --------
    >>> log_loss(np.array([0.5, 0.5]), np.array([1, 0])).__round__(6)
    0.693147
    """
    known, hit = _known(probability, label)
    return float(log_losses(known, hit).mean()) if len(hit) else None


def reliability(
    probability: Floats, label: Labels, *, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Group examined lines by probability into bins of about equal count.

    Parameters
    ----------
    probability, label
        As for `brier`.
    bins
        Most bins there can be; equal probabilities never part, so there may be fewer.

    Returns
    -------
    tuple of ReliabilityBin
        From the lowest probability to the highest; empty when nothing was examined.

    Notes
    -----
    Reliability table of Murphy and Winkler, Applied Statistics 26, 1977; bins of equal count, as
    hits are rare and bins of equal width would be empty at the top.

    Examples
    --------
    >>> probability, label = np.array([.1, .1, .6, .8]), np.array([0, 0, 0, 1])
    >>> [row.hit_rate for row in reliability(probability, label, bins=2)]
    [0.0, 0.5]
    """
    known, hit = _known(probability, label)
    if not len(hit):
        return ()
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, known, side="left")
    return tuple(_bin(known[place == at], hit[place == at]) for at in np.unique(place))


def _bin(probability: Floats, hit: Floats) -> ReliabilityBin:
    return ReliabilityBin(
        low=float(probability.min()),
        high=float(probability.max()),
        examined=len(hit),
        hits=int(hit.sum()),
        # A mean of equal numbers may stand a hair outside them; the bin's ends are the truth.
        mean_probability=float(np.clip(probability.mean(), probability.min(), probability.max())),
    )


def expected_calibration_error(table: tuple[ReliabilityBin, ...]) -> float | None:
    """Mean distance of hit rate and probability over the bins, weighted by their lines.

    Parameters
    ----------
    table
        From `reliability`.

    Returns
    -------
    float or None
        None when the table is empty.

    Notes
    -----
    Naeini, Cooper and Hauskrecht, AAAI 2015. Biased upwards with few lines (Kumar, Liang and Ma,
    NeurIPS 2019): a perfectly calibrated model does not reach 0.

    Examples
    --------
    >>> expected_calibration_error((ReliabilityBin(.1, .3, 10, 3, .2),)).__round__(6)
    0.1
    """
    lines = sum(row.examined for row in table)
    if not lines:
        return None
    return sum(abs(row.hit_rate - row.mean_probability) * row.examined for row in table) / lines


def _known(probability: Floats, label: Labels) -> tuple[Floats, Floats]:
    rows = np.sort(rank(probability, label).rows)
    return probability[rows], (label[rows] == 1).astype(np.float64)
