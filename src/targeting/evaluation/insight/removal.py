"""Faithful reasons: what a score does when the cause of a reason is taken away.

A subject is taken away by giving its features, all together, the values of an ordinary line drawn
by lot, so that what is put in their place hangs together and does occur; the mean over several
such lines counts. The median of each feature alone would be a line nobody ever lodged.

Source: deletion curves as in Samek et al., Evaluating the visualization of what a deep neural
network has learned (2017), and Covert et al., Explaining by removing (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.insight.means import mean_by_day

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from targeting.evaluation.insight.subjects import Subjects
    from targeting.evaluation.measures import Measure

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]
    Places = npt.NDArray[np.intp]
    Score = Callable[[Matrix], Floats]

REASONS = 5
"""Reasons an officer reads at most."""

DRAWS = 16
"""Ordinary lines a subject is replaced from."""


@dataclass(frozen=True, slots=True)
class Step:
    """The mean score after so many subjects were taken away.

    Parameters
    ----------
    removed
        Subjects taken away.
    by_reasons
        Mean raw score, the subjects that raise it most taken first.
    by_lot
        Mean raw score, subjects taken by lot.
    """

    removed: int
    by_reasons: float
    by_lot: float


@dataclass(frozen=True, slots=True)
class Removal:
    """How scores answer when causes are taken away.

    Parameters
    ----------
    lines
        Lines judged.
    falls
        Share of the risk-raising reasons without whose cause the score is lower.
    first_falls
        The same of each line's first reason alone.
    fall
        Mean fall of the score without the cause of the first reason, in log-odds.
    fall_by_lot
        Mean fall without a subject drawn by lot.
    order
        Mean rank correlation, within a line, of what subjects contribute and what is lost
        without them.
    curve
        Deletion curves, from nothing removed.
    """

    lines: int
    falls: Measure
    first_falls: Measure
    fall: Measure
    fall_by_lot: Measure
    order: Measure
    curve: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Lines whose reasons are put to the test.

    Parameters
    ----------
    matrix
        Shape (n, features).
    total
        Shape (n, subjects). Contributions by subject.
    day
        Shape (n,). Day of each line.
    ordinary
        Shape (m, features), m >= 1. Ordinary lines that replacements are drawn from.
    """

    matrix: Matrix
    total: Floats
    day: npt.NDArray[np.generic]
    ordinary: Matrix


def without(
    score: Score, case: Case, subjects: Subjects, taken: Places, *, seed: int, draws: int = DRAWS
) -> Floats:
    """Score lines again with some of their subjects taken away.

    Parameters
    ----------
    score
        From a matrix to raw scores.
    case
        The lines.
    subjects
        What features speak of.
    taken
        Shape (n, k). Subjects taken from each line.
    seed
        Of the lot.
    draws
        Ordinary lines each is replaced from.

    Returns
    -------
    ndarray
        Shape (n,). Mean raw score over the draws.
    """
    gone = np.zeros((len(taken), len(subjects)), dtype=bool)
    np.put_along_axis(gone, taken, values=True, axis=1)
    away = gone[:, subjects.of_feature]
    lot = np.random.default_rng(seed)
    total = np.zeros(len(taken))
    for _ in range(draws):
        put = case.ordinary[lot.integers(0, len(case.ordinary), len(taken))]
        total += score(np.where(away, put, case.matrix))
    return total / draws


def remove(
    score: Score, case: Case, subjects: Subjects, *, seed: int, draws: int = DRAWS
) -> Removal:
    """Take the causes of reasons away, one by one and together, beside others drawn by lot.

    Parameters
    ----------
    score
        From a matrix to raw scores.
    case
        The lines, their contributions and ordinary lines.
    subjects
        What features speak of, ten or more.
    seed
        Of the lot and the intervals.
    draws
        Ordinary lines each subject is replaced from.
    """
    now = score(case.matrix)
    orders = _taken(case, seed)
    taken = np.concatenate(orders, axis=1)
    left = partial(without, score, case, subjects, draws=draws)
    lost = np.stack(
        [now - left(taken[:, [at]], seed=seed + at) for at in range(taken.shape[1])], axis=1
    )
    moved = np.take_along_axis(case.total, taken, axis=1)
    falls = np.where(moved > 0, lost > 0, np.nan)[:, :REASONS]
    steps = [
        (count, *(float(left(one[:, :count], seed=seed).mean()) for one in orders))
        for count in range(REASONS + 1)
    ]
    return Removal(
        lines=len(now),
        falls=mean_by_day(_row_means(falls), case.day, seed=seed),
        first_falls=mean_by_day(falls[:, 0], case.day, seed=seed),
        fall=mean_by_day(lost[:, 0], case.day, seed=seed),
        fall_by_lot=mean_by_day(lost[:, REASONS:].mean(axis=1), case.day, seed=seed),
        order=mean_by_day(rank_correlation(moved, lost), case.day, seed=seed),
        curve=tuple(Step(*step) for step in steps),
    )


def _taken(case: Case, seed: int) -> tuple[Places, Places]:
    """Choose each line's strongest risk-raising subjects, and as many of the others by lot."""
    strongest = np.argsort(-case.total, axis=1, kind="stable")[:, :REASONS]
    lot = np.random.default_rng(seed).random(case.total.shape)
    np.put_along_axis(lot, strongest, values=2.0, axis=1)
    return strongest, np.argsort(lot, axis=1, kind="stable")[:, :REASONS]


def _row_means(values: Floats) -> Floats:
    """Return the mean of each row's numbers; NaN where it has none."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)


def rank_correlation(left: Floats, right: Floats) -> Floats:
    """Return Spearman's rank correlation of each pair of rows, ties at their mean rank.

    Parameters
    ----------
    left, right
        Shape (n, k).

    Returns
    -------
    ndarray
        Shape (n,). NaN where all numbers of a row are alike.

    Examples
    --------
    >>> rows = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    >>> rank_correlation(rows, np.array([[10.0, 20.0, 30.0], [3.0, 2.0, 1.0]])).tolist()
    [1.0, -1.0]
    """
    from scipy.stats import rankdata

    one, other = (rankdata(rows, axis=1) - (rows.shape[1] + 1) / 2 for rows in (left, right))
    spread = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.divide(
        (one * other).sum(axis=1), spread, out=np.full(len(left), np.nan), where=spread > 0
    )
