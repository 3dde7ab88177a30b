"""Which lines a list opens: the offices' own capacity, or a share of each day's lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from targeting.evaluation.capacity import chance_within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from targeting.evaluation.backtest.traffic import Traffic
    from targeting.evaluation.metrics import Floats

OWN_CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Policy:
    """How many lines are opened, and among which.

    Parameters
    ----------
    name
        As metrics call it: `capacity`, `2pct`.
    share
        Share of each day's lines, over all offices; None is the offices' own capacity, each
        office and day for itself.
    """

    name: str
    share: float | None = None

    @property
    def words(self) -> str:
        """What reports call it."""
        return "own capacity" if self.share is None else f"top {100 * self.share:g} %"


def policies(shares: Sequence[float]) -> tuple[Policy, ...]:
    """List the policies of a backtest: own capacity, then the shares.

    Parameters
    ----------
    shares
        Shares of each day's lines.

    Examples
    --------
    >>> [policy.name for policy in policies([0.02, 0.005])]
    ['capacity', '2pct', '0_5pct']
    """
    return (
        Policy(OWN_CAPACITY),
        *(Policy(f"{100 * share:g}pct".replace(".", "_"), share) for share in shares),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Cells lines compete in, and how many of each cell are opened.

    Parameters
    ----------
    cell
        Shape (n,). Cell of each line.
    places
        Shape (cells,). Lines opened in each, never more than it has; not whole for a share.
    """

    cell: NDArray[np.intp]
    places: Floats

    @classmethod
    def of(cls, traffic: Traffic, policy: Policy, capacity: Mapping[str, int]) -> Slots:
        """Cut the traffic into cells.

        Parameters
        ----------
        traffic
            One entry per line.
        policy
            Own capacity, or a share of each day's lines.
        capacity
            Lines each office opens a day.
        """
        _, day = np.unique(traffic.day, return_inverse=True)
        if policy.share is not None:
            size = np.bincount(day)
            return cls(day, (size * policy.share).astype(np.float64))
        offices, office = np.unique(traffic.office.astype(str), return_inverse=True)
        cells, cell = np.unique(office * (day.max(initial=0) + 1) + day, return_inverse=True)
        of_cell = offices[cells // (day.max(initial=0) + 1)]
        most = np.array([capacity[str(name)] for name in of_cell], dtype=np.float64)
        return cls(cell, np.minimum(most, np.bincount(cell)))

    def of_first(self, first: NDArray[np.intp]) -> Slots:
        """Return the cells of consignments: each place opens another consignment.

        Parameters
        ----------
        first
            Shape (consignments,). Place of the first line of each.
        """
        cell = self.cell[first]
        size = np.bincount(cell, minlength=len(self.places))
        return Slots(cell, np.minimum(self.places, size))

    @property
    def opened(self) -> float:
        """Lines opened in all."""
        return float(self.places.sum())

    def chosen(self, score: Floats) -> Floats:
        """Give the chance with which each line is opened when the highest scores come first.

        Parameters
        ----------
        score
            Shape (n,). Equal scores across a cut share what is left of it.
        """
        return chance_within(score, self.cell, self.places)

    def blind(self) -> Floats:
        """Give the chance with which each line is opened by a blind draw in its cell."""
        size = np.bincount(self.cell, minlength=len(self.places))
        return (self.places / np.maximum(size, 1))[self.cell]

    def attainable(self, hit: Floats) -> float:
        """Count the hits a perfect order would open.

        Parameters
        ----------
        hit
            Shape (n,). 1.0 for a hit; or the expected number of hits, for an upper bound.
        """
        each = np.bincount(self.cell, weights=hit, minlength=len(self.places))
        return float(np.minimum(each, self.places).sum())


def own_capacity(
    offices: Sequence[Any], given: int | Mapping[str, int] | None, past: Mapping[str, float]
) -> dict[str, int]:
    """Settle how many lines each office opens a day.

    Parameters
    ----------
    offices
        All offices of the days lived.
    given
        From the settings: one number, a number for some offices, or None.
    past
        Examinations per day of each office in the days before; none is 0.

    Returns
    -------
    dict
        At least 1 for every office.

    Examples
    --------
    >>> own_capacity(["AZALA", "AZBAK", "KZAAU"], {"AZBAK": 4}, {"AZALA": 2.6})
    {'AZALA': 3, 'AZBAK': 4, 'KZAAU': 1}
    """
    if isinstance(given, int):
        return {str(office): given for office in offices}
    stated = given or {}
    return {
        str(office): stated.get(str(office), max(1, round(past.get(str(office), 0.0))))
        for office in offices
    }
