"""Figures of a ranking: what opening the highest-scored examined lines would have found.

Every function takes a label of three values: 1 hit, 0 examined and clear, -1 not examined. Lines at
-1 are left out before anything is counted; they are never taken for clear. Lines of equal score
count as their mean label wherever a cut runs through them, so the order of rows never matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[Any]
"""Whole numbers: 1 hit, 0 examined and clear, -1 not examined."""

UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Examined lines from the highest score to the lowest, equal scores standing together.

    Parameters
    ----------
    rows
        Shape (n,). Positions of the examined lines in the arrays handed to `rank`, best first.
    hit
        Shape (n,). 1.0 hit, 0.0 clear, in the order of `rows`.
    starts
        Shape (g,). Where each group of equal scores begins in `rows`.
    """

    rows: NDArray[np.intp]
    hit: Floats
    starts: NDArray[np.intp]

    @property
    def examined(self) -> int:
        """Number of examined lines."""
        return len(self.hit)

    @property
    def hits(self) -> int:
        """Number of hits among them."""
        return int(self.hit.sum())

    def running(self, amount: Floats) -> Floats:
        """Add an amount up over the groups of equal scores, best first.

        Parameters
        ----------
        amount
            Shape (n,), in the order of `rows`.

        Returns
        -------
        ndarray
            Shape (g + 1,); starts at 0.
        """
        if not len(self.starts):
            return np.zeros(1)
        return np.concatenate(([0.0], np.cumsum(np.add.reduceat(amount, self.starts))))

    def found(self, opened: Floats, amount: Floats | None = None) -> Floats:
        """Count the hits (or another amount) expected in the first `opened` lines.

        Parameters
        ----------
        opened
            Any shape. Numbers of lines opened.
        amount
            Shape (n,), in the order of `rows`; None counts hits.
        """
        what = self.hit if amount is None else amount
        return np.interp(opened, self.running(np.ones(self.examined)), self.running(what))


def rank(score: Floats, label: Labels) -> Ranking:
    """Order the examined lines by score, leaving out those nobody examined.

    Parameters
    ----------
    score
        Shape (n,). Higher is riskier; NaN is refused.
    label
        Shape (n,). 1 hit, 0 clear, -1 not examined.

    Returns
    -------
    Ranking
        Examined lines only.

    Raises
    ------
    ValueError
        If the lengths differ, a score is NaN, or a label is none of 1, 0, -1.

    Examples
    --------
    >>> rank(np.array([0.2, 0.9, 0.5]), np.array([0, -1, 1])).rows
    array([2, 0])
    """
    _require_sound(score, label)
    rows = np.flatnonzero(label != UNKNOWN)
    rows = rows[np.argsort(-score[rows], kind="stable")]
    ordered = score[rows]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return Ranking(rows, label[rows].astype(np.float64), np.flatnonzero(first))


def _require_sound(score: Floats, label: Labels) -> None:
    if score.shape != label.shape or score.ndim != 1:
        raise ValueError(f"score has shape {score.shape}, label {label.shape}; expected (n,) twice")
    if np.isnan(score).any():
        raise ValueError(f"score has {int(np.isnan(score).sum()):,} values that are NaN")
    if not np.isin(label, (1, 0, UNKNOWN)).all():
        raise ValueError("label has values other than 1 (hit), 0 (clear) and -1 (not examined)")


@dataclass(frozen=True, slots=True)
class AtShare:
    """What opening the highest-scored share of the examined lines would have found.

    Parameters
    ----------
    share
        Share of the examined lines opened, in (0, 1].
    examined, hits
        Examined lines and hits among them.
    opened
        Lines opened: `share` of the examined, rounded up.
    found
        Hits among the opened; not whole where equal scores stand across the cut.
    """

    share: float
    examined: int
    hits: int
    opened: int
    found: float

    @property
    def precision(self) -> float | None:
        """Share of the opened lines that were hits; None when nothing was examined."""
        return self.found / self.opened if self.opened else None

    @property
    def recall(self) -> float | None:
        """Share of the hits that were opened; None when there was no hit."""
        return self.found / self.hits if self.hits else None

    @property
    def lift(self) -> float | None:
        """Precision over the hit rate of all examined lines; None when there was no hit."""
        if not self.hits or self.precision is None:
            return None
        return self.precision * self.examined / self.hits

    @property
    def attainable(self) -> float | None:
        """Precision of a perfect order; None when nothing was examined."""
        return min(self.hits, self.opened) / self.opened if self.opened else None


def lines_at_share(share: Floats | float, examined: Floats | float) -> Floats:
    """Lines in a share of the examined lines, rounded up.

    Parameters
    ----------
    share
        Share of the examined lines, between 0 and 1; one number or an array.
    examined
        Number of examined lines; one number or an array.

    Examples
    --------
    >>> lines_at_share(0.05, 41).item(), lines_at_share(0.1, 30).item()
    (3.0, 3.0)
    """
    # 0.1 * 30 may come out a hair above 3: rounding first keeps the ceiling honest.
    return np.ceil(np.round(np.asarray(share) * examined, 9))


def at_share(score: Floats, label: Labels, *, share: float) -> AtShare:
    """Count what opening the highest-scored share of the examined lines would have found.

    Parameters
    ----------
    score, label
        As for `rank`.
    share
        In (0, 1].

    Returns
    -------
    AtShare
        Counts, with precision, recall, lift and the attainable precision.

    Raises
    ------
    ValueError
        As `rank`, or if `share` is outside (0, 1].

    Notes
    -----
    Precision@k% and recall@k% as customs targeting papers report them (Kim et al., DATE, KDD 2020),
    here over examined lines only and with ties at their mean label.

    Examples
    --------
    >>> at_share(np.array([.9, .8, .2, .1]), np.array([1, 0, 1, 0]), share=0.5).precision
    0.5
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be in (0, 1], found {share}")
    return cut(rank(score, label), share)


def cut(ranking: Ranking, share: float) -> AtShare:
    """Count the same as `at_share` on lines that are ranked already.

    Parameters
    ----------
    ranking
        From `rank`.
    share
        In (0, 1].
    """
    opened = int(lines_at_share(share, ranking.examined))
    found = float(ranking.found(np.asarray(float(opened))))
    return AtShare(share, ranking.examined, ranking.hits, opened, found)


def revenue_at_share(
    score: Floats, label: Labels, revenue: Floats, *, share: float
) -> float | None:
    """Share of the recorded revenue that stands in the highest-scored share of lines.

    Parameters
    ----------
    score, label
        As for `rank`.
    revenue
        Shape (n,). Revenue recovered; NaN where none is recorded, which adds nothing.
    share
        In (0, 1].

    Returns
    -------
    float or None
        None when no revenue was recorded among examined lines.

    Examples
    --------
    >>> revenue_at_share(np.array([3., 2., 1.]), np.array([1, 0, 1]), np.array([30., 0, 10.]),
    ...     share=0.3)
    0.75
    """
    ranking = rank(score, label)
    amount = np.nan_to_num(revenue[ranking.rows])
    if amount.sum() <= 0:
        return None
    opened = lines_at_share(share, ranking.examined)
    return float(ranking.found(opened, amount) / amount.sum())


def auc(score: Floats, label: Labels) -> float | None:
    """Chance that a hit is scored above a clear line, ties counting half.

    Parameters
    ----------
    score, label
        As for `rank`.

    Returns
    -------
    float or None
        None when the examined lines are all hits or all clear.

    Notes
    -----
    Area under the ROC curve (Hanley and McNeil, Radiology 143, 1982), by scikit-learn.

    Examples
    --------
    >>> auc(np.array([0.9, 0.4, 0.6, 0.1]), np.array([1, 1, 0, 0]))
    0.75
    """
    from sklearn.metrics import roc_auc_score

    ranking = rank(score, label)
    if ranking.hits in (0, ranking.examined):
        return None
    return float(roc_auc_score(ranking.hit, score[ranking.rows]))


def average_precision(score: Floats, label: Labels) -> float | None:
    """Mean of the precision at each hit, over the examined lines.

    Parameters
    ----------
    score, label
        As for `rank`.

    Returns
    -------
    float or None
        None when there is no hit.

    Notes
    -----
    Computed by scikit-learn; equal scores are one step of the curve, so ties are order-free.

    Examples
    --------
    >>> average_precision(np.array([0.9, 0.5, 0.4]), np.array([1, 0, 1])).__round__(4)
    0.8333
    """
    from sklearn.metrics import average_precision_score

    ranking = rank(score, label)
    if not ranking.hits:
        return None
    return float(average_precision_score(ranking.hit, score[ranking.rows]))
