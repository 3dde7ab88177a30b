"""Contributions of each feature to a raw score: exact, as the members of the score give them.

Source: Lundberg et al., From local explanations to global understanding with explainable AI for
trees (2020). LightGBM's own implementation knows its categorical splits; the shap package does
not, so it only draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from targeting.training.model import Model

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

TOLERANCE = 1e-6
"""Largest difference between a raw score and the sum of its contributions, in log-odds."""

_CHUNK = 256


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
        Shape (n, features).
    progress
        Told how many rows are done.

    Raises
    ------
    BundleError
        If a row's contributions and the base do not add up to its raw score.
    """
    parts = []
    for start in range(0, len(matrix), _CHUNK):
        rows = matrix[start : start + _CHUNK]
        parts.append(model.hit.contributions(rows, threads=model.threads))
        progress(min(start + _CHUNK, len(matrix)))
    if not parts:
        return Contributions(np.zeros((0, matrix.shape[1])), 0.0)
    whole = np.concatenate(parts)
    _require_sum(whole, model.score(matrix))
    return Contributions(whole[:, :-1], float(whole[0, -1]))


def _require_sum(whole: Floats, score: Floats) -> None:
    worst = float(np.abs(whole.sum(axis=1) - score).max())
    if not worst <= TOLERANCE:  # NaN too
        raise BundleError(
            "contributions do not add up to the score, so no reason can be trusted",
            where="the model's explanation",
            found=f"a difference of {worst:.3g} log-odds",
            do="Install the library versions the bundle's manifest names.",
        )
