"""Contributions of each feature to a raw score: exact, as the members of the score give them.

The trees' are Shapley values (`treeshap.py`); the additive and the expert score are sums already,
one term for each feature. The score is a weighed mean of its members, so its contributions are the
same mean of theirs (Lundberg and Lee, A unified approach to interpreting model predictions, 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import BundleError
from targeting.explain.treeshap import tree_contributions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from targeting.training.model import HitHead, Model

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

TOLERANCE = 1e-6
"""Largest difference between a raw score and the sum of its contributions, in log-odds."""

CHUNK = 4096
"""Rows explained at a time: 15 MB of contributions to 464 features."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """What each feature adds to the raw score of each row.

    Parameters
    ----------
    values
        Shape (n, features), in log-odds.
    base
        The raw score before any feature is looked at.
    """

    values: Floats
    base: float


def contributions(
    model: Model, matrix: Matrix, *, progress: Callable[[int], None] = lambda _: None
) -> Contributions:
    """Explain raw scores exactly.

    Parameters
    ----------
    model
        Whose score is explained.
    matrix
        Shape (n, features). For rows without number, `contributions_by_chunk` keeps less.
    progress
        Told how many rows are done.

    Raises
    ------
    BundleError
        If a row's contributions and the base do not add up to its raw score.
    """
    values = np.empty(matrix.shape)
    for start, part in contributions_by_chunk(model, matrix):
        values[start : start + len(part.values)] = part.values
        progress(start + len(part.values))
    return Contributions(values, base_of(model.hit))


def contributions_by_chunk(
    model: Model, matrix: Matrix, *, rows: int | None = None
) -> Iterator[tuple[int, Contributions]]:
    """Explain raw scores exactly, some rows at a time.

    Parameters
    ----------
    model
        Whose score is explained.
    matrix
        Shape (n, features).
    rows
        How many at a time, `CHUNK` if None; it changes nothing but memory and time.

    Yields
    ------
    tuple of int and Contributions
        The first row of a chunk, and its contributions.

    Raises
    ------
    BundleError
        If a row's contributions and the base do not add up to its raw score.
    """
    base, step = base_of(model.hit), rows or CHUNK
    for start in range(0, len(matrix), step):
        some = matrix[start : start + step]
        values = _of_head(model.hit, some, model.threads)
        _require_sum(values, base, model.score(some))
        yield start, Contributions(values, base)


def base_of(head: HitHead) -> float:
    """Return the raw score before any feature is looked at.

    Parameters
    ----------
    head
        The members of the score.
    """
    learnt = None
    if head.forest is not None:
        learnt = head.forest.base
        if head.linear is not None:
            learnt = (1 - head.linear_share) * learnt + head.linear_share * head.linear.bias
    if head.blend is None:
        return 0.0 if learnt is None else learnt
    return float(head.blend.bias(learnt))


def require_lightgbms_own(head: HitHead, matrix: Matrix) -> None:
    """Make sure that the trees mean here what they mean to LightGBM.

    Scores and contributions walk the trees as LightGBM's text tells them. A version that wrote its
    text differently would mislead the walk: LightGBM itself is asked for a few rows.

    Parameters
    ----------
    head
        Whose trees are walked; without trees there is nothing to ask.
    matrix
        Shape (n, features). A few rows: LightGBM takes some milliseconds for each.

    Raises
    ------
    BundleError
        If the raw scores or the contributions differ.
    """
    if head.trees is None or head.forest is None or not len(matrix):
        return
    raw = np.asarray(head.trees.predict(matrix, raw_score=True, num_threads=1))
    told = np.asarray(head.trees.predict(matrix, pred_contrib=True, num_threads=1))
    differences = (
        head.forest.score(matrix) - raw,
        tree_contributions(head.forest, matrix) - told[:, :-1],
        head.forest.base - told[:, -1],
    )
    worst = max(float(np.abs(one).max()) for one in differences)
    if not worst <= TOLERANCE:
        raise BundleError(
            "LightGBM scores or explains these trees otherwise than they are read here",
            where="the model's trees",
            found=f"a difference of {worst:.3g} log-odds",
            do="Install the library versions the bundle's manifest names.",
        )


def _of_head(head: HitHead, matrix: Matrix, threads: int) -> Floats:
    learnt = None
    if head.forest is not None:
        learnt = tree_contributions(head.forest, matrix, threads=threads)
        if head.linear is not None:
            terms = head.linear.contributions(matrix, threads=threads)
            learnt = (1 - head.linear_share) * learnt + head.linear_share * terms
    if head.blend is None:
        return np.zeros(matrix.shape) if learnt is None else learnt
    return head.blend.contributions(learnt, matrix)


def _require_sum(values: Floats, base: float, score: Floats) -> None:
    worst = float(np.abs(values.sum(axis=1) + base - score).max())
    if not worst <= TOLERANCE:  # NaN too
        raise BundleError(
            "contributions do not add up to the score, so no reason can be trusted",
            where="the model's explanation",
            found=f"a difference of {worst:.3g} log-odds",
            do="Install the library versions the bundle's manifest names.",
        )
