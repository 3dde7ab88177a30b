"""What each office would have found by opening its highest-scored lines, up to capacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from targeting.evaluation.metrics import rank

if TYPE_CHECKING:
    from targeting.evaluation.metrics import Floats, Labels

Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class DailyPrecision:
    """One entry per office and day that had an examined line, in order of office, then day.

    Parameters
    ----------
    office, day
        Shape (m,). Office code and port-local day.
    examined, hits
        Shape (m,). Examined lines of that office and day, and hits among them.
    opened
        Shape (m,). The smaller of capacity and `examined`.
    found
        Shape (m,). Hits among the opened; not whole where equal scores stand across the cut.
    within
        Shape (n,). For each line handed in, the chance with which it is opened: 1 or 0, a fraction
        where equal scores stand across the cut, 0 for lines nobody examined.
    """

    office: NDArray[Any]
    day: Days
    examined: Floats
    hits: Floats
    opened: Floats
    found: Floats
    within: Floats

    @property
    def precision(self) -> Floats:
        """Shape (m,). Share of the opened lines that were hits."""
        return self.found / self.opened

    @property
    def attainable(self) -> Floats:
        """Shape (m,). Precision of a perfect order: a day with two hits cannot show three."""
        return np.minimum(self.hits, self.opened) / self.opened

    @property
    def chance(self) -> Floats:
        """Shape (m,). Expected precision of a blind draw among the day's examined lines."""
        return self.hits / self.examined

    @property
    def with_choice(self) -> NDArray[np.bool_]:
        """Shape (m,). Whether more lines were examined than capacity, so that order mattered."""
        return self.examined > self.opened

    @property
    def mean(self) -> float | None:
        """Precision, mean over office-days; None when there is none."""
        return float(self.precision.mean()) if len(self.opened) else None

    @property
    def recall(self) -> float | None:
        """Share of all hits that were opened; None when there was no hit."""
        return float(self.found.sum() / self.hits.sum()) if self.hits.sum() else None


def precision_at_capacity(
    score: Floats, label: Labels, day: Days, *, capacity: int, office: NDArray[Any] | None = None
) -> DailyPrecision:
    """Share of each day's `capacity` highest-scored examined lines that led to a hit.

    Parameters
    ----------
    score
        Shape (n,). Higher is riskier; NaN is refused.
    label
        Shape (n,). 1 hit, 0 examined and clear, -1 not examined. Lines at -1 are left out of the
        ranking; they are never counted as 0.
    day
        Shape (n,), datetime64[D], port-local time.
    capacity
        Examinations per office and day, >= 1.
    office
        Shape (n,). Office of each line; None takes all lines for one office.

    Returns
    -------
    DailyPrecision
        One row per office and day, with the attainable maximum and the number of examined lines.

    Raises
    ------
    ValueError
        If the lengths differ, a score is NaN, or `capacity` < 1.

    Notes
    -----
    Ties across the cut count as their mean label, so row order never matters. Divides by the
    smaller of `capacity` and the day's examined lines. Definition: daily precision top-k,
    Fraud-Detection-Handbook, chapter 4.

    Examples
    --------
    >>> score, label = np.array([.9, .8, .1, .7]), np.array([1, 0, 1, -1])
    >>> day = np.array(["2026-03-01", "2026-03-01", "2026-03-02", "2026-03-02"], "datetime64[D]")
    >>> precision_at_capacity(score, label, day, capacity=1).mean
    1.0
    >>> precision_at_capacity(score, label, day, capacity=2).precision
    array([0.5, 1. ])
    """
    if capacity < 1:
        raise ValueError(f"capacity must be at least 1, found {capacity}")
    rows = np.sort(rank(score, label).rows)
    offices, office_code = np.unique(_offices(office, score)[rows], return_inverse=True)
    days, day_code = np.unique(day[rows], return_inverse=True)
    cells, cell = np.unique(office_code * max(len(days), 1) + day_code, return_inverse=True)
    share = chance_within(score[rows], cell, capacity)
    hit = (label[rows] == 1).astype(np.float64)
    examined = _sums(np.ones(len(cell)), cell, len(cells))
    within = np.zeros(len(score))
    within[rows] = share
    return DailyPrecision(
        office=offices[cells // max(len(days), 1)],
        day=days[cells % max(len(days), 1)],
        examined=examined,
        hits=_sums(hit, cell, len(cells)),
        opened=np.minimum(examined, capacity),
        found=_sums(hit * share, cell, len(cells)),
        within=within,
    )


def _sums(amount: Floats, cell: NDArray[np.intp], cells: int) -> Floats:
    return np.bincount(cell, weights=amount, minlength=cells).astype(np.float64)


def _offices(office: NDArray[Any] | None, score: Floats) -> NDArray[Any]:
    return np.zeros(len(score), dtype=np.int64) if office is None else office


def chance_within(score: Floats, cell: NDArray[np.intp], places: float | Floats) -> Floats:
    """Give the chance with which each line is among the first of its cell.

    Parameters
    ----------
    score
        Shape (n,). Higher comes first; equal scores across the cut share what is left.
    cell
        Shape (n,). Which cell each line belongs to, such as its office and day.
    places
        Lines opened in a cell: one number, or one for each, shape (cells,). Half a place opens
        a line with chance half.

    Examples
    --------
    >>> chance_within(np.array([3.0, 2.0, 2.0]), np.array([0, 0, 0]), 1.5)
    array([1.  , 0.25, 0.25])
    """
    order = np.lexsort((-score, cell))
    new_cell = _changes(cell[order])
    new_tie = new_cell | _changes(score[order])
    starts = np.flatnonzero(new_tie)
    sizes = np.diff(np.append(starts, len(order)))
    before = starts - np.flatnonzero(new_cell)[np.cumsum(new_cell)[starts] - 1]
    most = np.broadcast_to(places, int(cell.max(initial=-1)) + 1)[cell[order][starts]]
    share = np.empty(len(order))
    share[order] = np.repeat(np.clip((most - before) / sizes, 0, 1), sizes)
    return share


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    return first
