"""Stable reasons: whether two models of overlapping data give the same reasons for a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.insight.means import mean_by_day
from targeting.evaluation.insight.removal import rank_correlation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from targeting.evaluation.measures import Measure

    Floats = npt.NDArray[np.float64]

    Told = Sequence[Sequence[str]]
    """Of each line the subjects its reasons name, strongest first."""

RANKED = 10
"""Subjects of either model, strongest first, whose order is held against the other's."""


@dataclass(frozen=True, slots=True)
class Stability:
    """How far two models agree on why lines are suspicious.

    Parameters
    ----------
    lines
        Lines explained by both.
    overlap
        Subjects both name over subjects either names, among at most five each (Jaccard).
    same_first
        Share of lines whose first reason has the same subject.
    first_kept
        Share of lines whose first reason is among the other's reasons.
    order
        Rank correlation of the contributions of the subjects that are among the strongest ten of
        either model.
    score
        Rank correlation of the two models' scores over these lines.
    """

    lines: int
    overlap: Measure
    same_first: Measure
    first_kept: Measure
    order: Measure
    score: float | None


def overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Return what two sets of subjects share over what they name together; NaN where none is.

    Parameters
    ----------
    one, other
        Subjects.

    Examples
    --------
    >>> overlap(["price", "route"], ["price", "seal history"])
    0.3333333333333333
    """
    either = set(one) | set(other)
    return len(set(one) & set(other)) / len(either) if either else float("nan")


def order_agreement(one: Floats, other: Floats, *, ranked: int = RANKED) -> Floats:
    """Return the rank correlation of contributions over the strongest subjects of either model.

    Parameters
    ----------
    one, other
        Shape (n, subjects). Contributions of the same subjects by two models.
    ranked
        Strongest subjects of each model that count.

    Returns
    -------
    ndarray
        Shape (n,).
    """
    found = np.full(len(one), np.nan)
    for row, pair in enumerate(zip(one, other, strict=True)):
        strongest = [np.argsort(-np.abs(part), kind="stable")[:ranked] for part in pair]
        some = np.union1d(*strongest)
        found[row] = rank_correlation(pair[0][None, some], pair[1][None, some])[0]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """Lines as one model explains them.

    Parameters
    ----------
    score
        Shape (n,). Raw scores.
    total
        Shape (n, subjects). Contributions by subject.
    told
        Of each line, the subjects its reasons name, strongest first.
    """

    score: Floats
    total: Floats
    told: Told


def compare(
    one: Explained, other: Explained, day: npt.NDArray[np.generic], *, seed: int
) -> Stability:
    """Hold the reasons of two models for the same lines against each other.

    Parameters
    ----------
    one, other
        The same lines, explained by two models.
    day
        Shape (n,). Day of each line.
    seed
        Of the intervals.

    Raises
    ------
    ValueError
        If the two explain different numbers of lines.
    """
    if len(one.told) != len(other.told):
        raise ValueError(f"{len(one.told)} lines and {len(other.told)} lines cannot be compared")
    pairs = list(zip(one.told, other.told, strict=True))
    both = [left and right for left, right in pairs]
    first = [float(a[0] == b[0]) if ok else np.nan for (a, b), ok in zip(pairs, both, strict=True)]
    kept = [float(a[0] in b) if ok else np.nan for (a, b), ok in zip(pairs, both, strict=True)]
    shared = [overlap(left, right) for left, right in pairs]
    scores = rank_correlation(one.score[None, :], other.score[None, :]) if pairs else [np.nan]
    return Stability(
        lines=len(pairs),
        overlap=mean_by_day(np.array(shared), day, seed=seed),
        same_first=mean_by_day(np.array(first), day, seed=seed),
        first_kept=mean_by_day(np.array(kept), day, seed=seed),
        order=mean_by_day(order_agreement(one.total, other.total), day, seed=seed),
        score=float(scores[0]) if np.isfinite(scores[0]) else None,
    )
