"""Rows as a struct of arrays: taken, stacked and changed without touching the original."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Rows:
    """Base of every frozen dataclass whose fields are arrays of one length."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(getattr(self, fields(self)[0].name))

    def take(self, index: np.ndarray) -> Self:
        """Return the rows at an index array or under a mask, in that order.

        Parameters
        ----------
        index
            Positions, shape (k,), or a mask as long as the rows.
        """
        return type(self)(**{one.name: getattr(self, one.name)[index] for one in fields(self)})

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """Put several sets of rows one under the other.

        Parameters
        ----------
        parts
            At least one set.
        """
        names = [one.name for one in fields(cls)]
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})

    def having(self, **columns: Any) -> Self:
        """Return the rows with some columns replaced.

        Parameters
        ----------
        **columns
            New columns by name, each as long as the rows.
        """
        return replace(self, **columns)

    def changed(self, rows: np.ndarray, **values: Any) -> Self:
        """Return the rows with some columns replaced at some rows only.

        Parameters
        ----------
        rows
            Index array of the rows to change.
        **values
            By column, one value or one per changed row.
        """
        new = {}
        for name, value in values.items():
            column = getattr(self, name).copy()
            column[rows] = value
            new[name] = column
        return replace(self, **new)
