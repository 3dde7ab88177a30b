"""From raw score to probability: a logistic curve fitted on a later block.

Source: Platt, Probabilistic outputs for support vector machines (1999), with his smoothed
targets. Two parameters, because a port has few hits; monotone, so the ranking stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field
from sklearn.linear_model import LogisticRegression

from targeting.config import Settings

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

LEAST_HITS = 10
"""Fewer hits than this cannot carry a curve; the raw score's own probability is kept."""


PRIOR_HITS = 10
"""Weight of the raw score's own probability in the fit, as a number of hits."""


class Calibrator(Settings):
    """Maps a raw score (log-odds) to a probability: 1 / (1 + exp(-(slope * score + intercept))).

    Parameters
    ----------
    kind
        `sigmoid`, or `identity` when the block had too few hits.
    slope, intercept
        Of the curve; slope is positive.
    rows, hits
        Examined lines and hits it was fitted on.
    why
        Why it is the identity; empty otherwise.
    """

    kind: Literal["sigmoid", "identity"] = "identity"
    slope: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    intercept: float = Field(default=0.0, allow_inf_nan=False)
    rows: int = 0
    hits: int = 0
    why: str = ""

    def probability(self, score: Floats) -> Floats:
        """Return the probability of a hit for each raw score, shape (n,).

        Parameters
        ----------
        score
            Shape (n,). Raw scores (log-odds).
        """
        return 1.0 / (1.0 + np.exp(-np.clip(self.slope * score + self.intercept, -700, 700)))


def fit_calibrator(score: Floats, hit: npt.NDArray[np.bool_]) -> Calibrator:
    """Fit the curve on the scores of a later block.

    Parameters
    ----------
    score
        Shape (n,). Raw scores of a model that has not seen these rows.
    hit
        Shape (n,). What was found.

    Returns
    -------
    Calibrator
        The identity, with the reason, when there are fewer than `LEAST_HITS` hits or clears, or
        when higher scores did not find more.

    Examples
    --------
    >>> fit_calibrator(np.zeros(3), np.array([True, False, False])).why
    'only 1 hits and 2 clear results in the calibration block'
    """
    hits = int(hit.sum())
    clears = len(hit) - hits
    if min(hits, clears) < LEAST_HITS:
        why = f"only {hits} hits and {clears} clear results in the calibration block"
        return Calibrator(rows=len(hit), hits=hits, why=why)
    # Each row counts once as a hit and once as clear, with Platt's smoothed targets as weights,
    # and a little more as the raw score would have it: a few dozen hits alone fit a curve that is
    # too sure of itself at the ends.
    smoothed = np.where(hit, (hits + 1) / (hits + 2), 1 / (clears + 2))
    raw = Calibrator().probability(score)
    pull = PRIOR_HITS / raw.sum()
    target = (smoothed + pull * raw) / (1 + pull)
    curve = LogisticRegression(C=np.inf).fit(
        np.concatenate([score, score])[:, None],
        np.repeat([1, 0], len(score)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    slope, intercept = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    if slope <= 0:
        why = "higher scores did not find more in the calibration block"
        return Calibrator(rows=len(hit), hits=hits, why=why)
    return Calibrator(kind="sigmoid", slope=slope, intercept=intercept, rows=len(hit), hits=hits)
