"""Means over lines, with an interval by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.intervals import MIN_DAYS, DayResamples
from targeting.evaluation.measures import Measure

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.evaluation.metrics import Floats

NOTHING = "no line to judge by"


def mean_by_day(value: Floats, day: npt.NDArray[np.generic], *, seed: int) -> Measure:
    """Return the mean of a figure over lines, its interval resampled by whole days.

    Parameters
    ----------
    value
        Shape (n,). The figure of each line; NaN where a line has none.
    day
        Shape (n,). Day of each line, of any type that can be told apart.
    seed
        Of the resampling.

    Examples
    --------
    >>> mean_by_day(np.array([1.0, 0.0, np.nan]), np.array([1, 2, 2]), seed=1).value
    0.5
    """
    known = np.isfinite(value)
    if not known.any():
        return Measure(None, why=NOTHING)
    some = value[known].astype(np.float64)
    days, code = np.unique(day[known], return_inverse=True)
    mean = float(some.mean())
    if len(days) < MIN_DAYS:
        return Measure(mean, why=f"no interval: {len(days)} days, at least {MIN_DAYS} are needed")
    draws = DayResamples.draw(days=len(days), lines=len(some), seed=seed)
    interval = draws.interval(draws.totals(some, code) / draws.totals(np.ones(len(some)), code))
    return Measure(mean, interval.low, interval.high, interval.why)
