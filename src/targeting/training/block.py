"""Declarations as a model sees them: their rows, their features, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from targeting.training.splits import mature

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    import numpy.typing as npt
    import pandas as pd

    from targeting.features.spec import FeatureSpec

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Declarations and their features, each as of its own day.

    Parameters
    ----------
    rows
        Shape (n,). Columns of `declarations`, ordered by `lodged_at`, `declaration_id`.
    matrix
        Shape (n, features), float32; NaN where unknown.
    spec
        What the columns of the matrix are.
    """

    rows: pd.DataFrame
    matrix: Matrix
    spec: FeatureSpec

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> npt.NDArray[np.float32]:
        """Return the values of one feature, shape (n,).

        Parameters
        ----------
        name
            Of the feature.
        """
        return self.matrix[:, self.spec.names.index(name)]

    def take(self, which: Bools) -> Block:
        """Return some of the declarations, in the same order.

        Parameters
        ----------
        which
            Shape (n,). True for those wanted.
        """
        return Block(self.rows[which].reset_index(drop=True), self.matrix[which], self.spec)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Examined declarations, their features and what was found in them.

    Parameters
    ----------
    block
        The declarations.
    labels
        Shape (n,), in the order of the block; from `targeting.training.labels.examined`.
    unexamined
        A sample of the lines nobody examined, from `targeting.training.unexamined`; None when
        there is none.
    companions
        Unexamined lines of the same consignments, beside which lines are scored; None for none.
    """

    block: Block
    labels: pd.DataFrame
    unexamined: Block | None = None
    companions: Block | None = None

    def __len__(self) -> int:
        return len(self.block)

    @property
    def hit(self) -> Bools:
        """Whether each declaration was a hit, shape (n,)."""
        return self.labels["hit"].to_numpy(dtype=bool)

    @property
    def offence(self) -> npt.NDArray[np.object_]:
        """What was found, shape (n,); None where nothing was, or it was not written down."""
        offence = self.labels["offence"].astype(object)
        return offence.where(offence.notna(), None).to_numpy(dtype=object)

    @property
    def revenue(self) -> Floats:
        """Revenue recovered, shape (n,); NaN where none was recorded."""
        return self.labels["revenue_recovered"].to_numpy(dtype=np.float64, na_value=np.nan)

    def take(self, which: Bools) -> Known:
        """Return some of the declarations, in the same order.

        Parameters
        ----------
        which
            Shape (n,). True for those wanted.
        """
        labels = self.labels[which].reset_index(drop=True)
        return replace(self, block=self.block.take(which), labels=labels)

    def before(self, moment: datetime, *, gap: timedelta) -> Known:
        """Return what a model made at a moment may learn from.

        Parameters
        ----------
        moment
            When the model is made.
        gap
            The label delay: lines lodged in it are left out, their results being partly unknown.
        """
        ripe = self.take(mature(self.labels, moment, gap=gap))
        if self.unexamined is None:
            return ripe
        rows = self.unexamined.rows
        lodged = (rows["lodged_at"] < moment - gap).to_numpy()
        by_then = self.labels["declaration_id"][(self.labels["known_at"] < moment).to_numpy()]
        unknown = ~rows["declaration_id"].isin(by_then).to_numpy()
        return replace(ripe, unexamined=self.unexamined.take(lodged & unknown))
