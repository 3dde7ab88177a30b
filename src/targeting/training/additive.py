"""The additive score: what each feature says by itself, added up.

Every part of it belongs to one feature, so its contributions are exact. `linear.py` learns it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import Field

from targeting.config import Settings
from targeting.training.additive_kernel import LEVEL, TERM, spread, summed
from targeting.training.rows import as_rows, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

FARTHEST = 4.0
"""Standard deviations beyond which a value says no more."""


class NumberTerm(Settings):
    """What one number adds: `slope * clip((signed log of value - mean) / scale)`, and a constant.

    Parameters
    ----------
    mean, scale
        Of the signed logarithm of the value among the rows learnt from.
    slope
        Log-odds per standard deviation.
    if_stated, if_missing
        Added where the value is there, or is not.
    """

    mean: float = 0.0
    scale: float = Field(default=1.0, gt=0)
    slope: float = 0.0
    if_stated: float = 0.0
    if_missing: float = 0.0


class LevelTerm(Settings):
    """What one category adds, by its level.

    Parameters
    ----------
    by_level
        Log-odds by the code of the level.
    otherwise
        Of a missing or rare level.
    """

    by_level: dict[int, float]
    otherwise: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The terms of an additive score as the compiled loops read them.

    Parameters
    ----------
    each
        Shape (features,). `additive_kernel.TERM`.
    levels
        Levels of all categories, those of each in order of their codes; `additive_kernel.LEVEL`.
    """

    each: npt.NDArray[np.void]
    levels: npt.NDArray[np.void]

    @classmethod
    def of(cls, terms: Sequence[NumberTerm | LevelTerm]) -> Self:
        """Lay terms out.

        Parameters
        ----------
        terms
            One per feature.
        """
        each, levels = np.zeros(len(terms), dtype=TERM), []
        for row, term in zip(each, terms, strict=True):
            if isinstance(term, LevelTerm):
                first = len(levels)
                levels += sorted(term.by_level.items())
                row["is_level"], row["if_missing"] = True, term.otherwise
                row["first"], row["stop"] = first, len(levels)
            else:
                for name in NumberTerm.model_fields:
                    row[name] = getattr(term, name)
        return cls(each, np.array(levels, dtype=LEVEL))


class Linear(Settings):
    """The additive score.

    Parameters
    ----------
    bias
        Log-odds of a line whose features say nothing.
    terms
        One per feature, in the order of the matrix.
    """

    bias: float
    terms: tuple[NumberTerm | LevelTerm, ...]

    @cached_property
    def laid_out(self) -> Terms:
        """The terms as the compiled loops read them, made when first needed."""
        return Terms.of(self.terms)

    def model_copy(self, *, update: Any = None, deep: bool = False) -> Self:
        """Return a copy; the terms are laid out anew.

        Parameters
        ----------
        update, deep
            As pydantic has them.
        """
        made = super().model_copy(update=update, deep=deep)
        vars(made).pop("laid_out", None)
        return made

    def score(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Return the score of each row in log-odds, shape (n,).

        Parameters
        ----------
        matrix
            Shape (n, features).
        threads
            Threads used; they change nothing but the time.
        """
        terms, rows = self.laid_out, as_rows(matrix, len(self.terms))
        out = np.empty(len(rows))

        def _some(start: int, stop: int) -> None:
            part = rows[start:stop]
            summed(terms.each, terms.levels, FARTHEST, self.bias, part, out[start:stop])

        shared(_some, len(rows), threads=threads)
        return out

    def contributions(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Return what each feature adds to the score, shape (n, features).

        Parameters
        ----------
        matrix
            Shape (n, features).
        threads
            Threads used.
        """
        terms, rows = self.laid_out, as_rows(matrix, len(self.terms))
        out = np.empty(rows.shape)

        def _some(start: int, stop: int) -> None:
            spread(terms.each, terms.levels, FARTHEST, rows[start:stop], out[start:stop])

        shared(_some, len(rows), threads=threads)
        return out
