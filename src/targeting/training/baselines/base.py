"""What a backtest can live with: something that learns at a moment and then scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from targeting.training.block import Block, Known
    from targeting.training.learn import Moment

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a ranker says of declarations.

    Parameters
    ----------
    score
        Shape (n,). The higher, the sooner a line is opened; always finite.
    probability
        Shape (n,). Calibrated probability of a hit; None where the ranker states none.
    expected_revenue
        Shape (n,). Probability times revenue given a hit; None where the ranker states none.
    """

    score: Floats
    probability: Floats | None = None
    expected_revenue: Floats | None = None


class Fitted(Protocol):
    """A ranker that has learnt what it could."""

    def score(self, block: Block) -> Scored:
        """Score declarations, each by itself: neither their order nor their company matters.

        Parameters
        ----------
        block
            Declarations and their features.
        """
        ...


class Ranker(Protocol):
    """Puts declarations in an order, having learnt from what was known at a moment."""

    @property
    def name(self) -> str:
        """What reports call it, such as `newest consignee`."""
        ...

    def learn(self, known: Known, moment: Moment) -> Fitted:
        """Learn from what was known at a moment, and from nothing else.

        Parameters
        ----------
        known
            Examined declarations; those lodged or known too late are left out.
        moment
            When it learns.
        """
        ...
