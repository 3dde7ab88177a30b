"""A matrix made fit for methods that take no gaps, no codes and no huge numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from targeting.features.spec import FeatureSpec

    Matrix = npt.NDArray[np.float32]

FURTHEST = 5.0
"""Standard deviations beyond which a value counts as no further."""


def signed_log(values: Matrix) -> Matrix:
    """Return sign(x) log(1 + |x|): orders of magnitude, with the sign kept.

    Parameters
    ----------
    values
        Any shape. What is infinite is taken for unknown.

    Examples
    --------
    >>> signed_log(np.array([-99.0, 0.0, np.inf], dtype=np.float32)).round(2)
    array([-4.61,  0.  ,   nan], dtype=float32)
    """
    known = np.where(np.isfinite(values), values, np.float32(np.nan))
    return np.sign(known) * np.log1p(np.abs(known))


@dataclass(frozen=True, slots=True, eq=False)
class Tidy:
    """How columns were tidied on the rows learnt from, to be done again on others.

    Parameters
    ----------
    numbers
        Columns of the matrix that are numbers.
    codes
        Columns that are categories, and how many levels each has, `other` among them.
    middle
        Median of each number, put where it is not known.
    gaps
        Places among the numbers that had gaps; a gap there is a column of its own.
    mean, spread
        Of each column made of the numbers and gaps.
    """

    numbers: tuple[int, ...]
    codes: tuple[tuple[int, int], ...]
    middle: Matrix
    gaps: npt.NDArray[np.intp]
    mean: Matrix
    spread: Matrix

    @classmethod
    def learn(cls, matrix: Matrix, spec: FeatureSpec) -> Tidy:
        """Learn medians, means and spreads.

        Parameters
        ----------
        matrix
            Shape (n, features), n > 0.
        spec
            Names and categories of the features.
        """
        places = list(enumerate(spec.features))
        numbers = tuple(at for at, feature in places if not feature.category)
        codes = tuple(
            (at, len(spec.levels[feature.name]) + 1) for at, feature in places if feature.category
        )
        values = signed_log(matrix[:, numbers])
        unknown = np.isnan(values)
        middle = np.array([_median(column) for column in values.T], dtype=np.float32)
        gaps = np.flatnonzero(unknown.any(axis=0) & ~unknown.all(axis=0))
        filled = np.hstack([np.where(unknown, middle, values), unknown[:, gaps]])
        spread = filled.std(axis=0, dtype=np.float64)
        return cls(
            numbers,
            codes,
            middle,
            gaps,
            filled.mean(axis=0, dtype=np.float64).astype(np.float32),
            np.where(spread > 1e-6, spread, 1.0).astype(np.float32),
        )

    def of(self, matrix: Matrix) -> Matrix:
        """Return columns of mean 0 and spread 1, then one of 0 and 1 per level; no gaps.

        Parameters
        ----------
        matrix
            Shape (n, features).
        """
        values = signed_log(matrix[:, self.numbers])
        unknown = np.isnan(values)
        filled = np.hstack([np.where(unknown, self.middle, values), unknown[:, self.gaps]])
        scaled = np.clip((filled - self.mean) / self.spread, -FURTHEST, FURTHEST)
        return np.hstack([scaled, *self._levels(matrix)]).astype(np.float32)

    def _levels(self, matrix: Matrix) -> Iterable[npt.NDArray[np.bool_]]:
        for at, count in self.codes:
            yield matrix[:, at, None] == np.arange(count, dtype=np.float32)


def _median(column: Matrix) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else 0.0
