"""The history behind a reason: what was known of its key before the day of the line.

`history_reading` reads it from the tables; here is what it is, and how it is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from targeting.features.engine import EPOCH, day_number

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.config import KeyMeasure

    Days = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

MONTHS = 12
"""Months of a history: the one of the line's eve, and those before it."""

BINS = 24
"""Steps of a spread."""

FEWEST = 5
"""Fewer earlier lines than this have no spread worth a chart."""

Followed = Literal["price", "value", "mass"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A reason whose history is asked for.

    Parameters
    ----------
    declaration_id
        The line.
    key
        Name of the profile behind the reason.
    feature
        The feature that speaks; it tells whether prices or other amounts are compared.
    """

    declaration_id: str
    key: str
    feature: str


@dataclass(frozen=True, slots=True)
class Month:
    """What one month held, up to the day before the line's.

    Parameters
    ----------
    first
        Its first day.
    declarations
        Lines lodged.
    examinations, hits
        Results that became known. For a link: lines whose other party had been examined, and had
        been caught, by the day they were lodged.
    """

    first: date
    declarations: int
    examinations: int
    hits: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How an amount of earlier lines is spread, and where the line itself lies.

    Parameters
    ----------
    followed
        `price`, `value`, `mass`, or a measure of the key.
    lines
        Earlier lines that stated it.
    typical
        What reasons compare with: the geometric mean of prices and measures, else the mean.
    own
        The line's own.
    low, high
        Ends of the steps; they are even on a scale of logarithms.
    counts
        Lines in each step; the few beyond the ends are in the first and the last.
    """

    followed: Followed | KeyMeasure
    lines: int
    typical: float
    own: float
    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class History:
    """What was known of a reason's key before the line's day.

    Parameters
    ----------
    key
        Name of the profile.
    columns
        What the key is made of.
    through
        Columns of the key a link goes through; empty for a plain key.
    before
        The line's local day; nothing of it or later is counted.
    declarations, examinations, hits
        Of all time before the day, as in `Month`.
    months
        The last months, in order.
    spread
        Of the amount the reason compares; None where it compares none, or too few stated it.
    """

    key: str
    columns: tuple[str, ...]
    through: tuple[str, ...]
    before: date
    declarations: int
    examinations: int
    hits: int
    months: tuple[Month, ...]
    spread: Spread | None = None


def months_before(day: date, count: int = MONTHS) -> tuple[date, ...]:
    """Return the first days of the months up to the eve of a day, in order.

    Parameters
    ----------
    day
        A local day.
    count
        Months.

    Examples
    --------
    >>> [first.isoformat() for first in months_before(date(2025, 3, 1), 2)]
    ['2025-01-01', '2025-02-01']
    """
    eve = day - timedelta(days=1)
    last = 12 * eve.year + eve.month - 1
    return tuple(date(at // 12, at % 12 + 1, 1) for at in range(last - count + 1, last + 1))


def counted_before(
    day: int, lodged: Days, known: Days, hits: Days
) -> tuple[date, tuple[Month, ...]]:
    """Count days of events by month, up to the eve of a day.

    Parameters
    ----------
    day
        Day number of the line; nothing of it or later may be among the events.
    lodged, known, hits
        Day numbers of declarations, of results and of hits, each in order.

    Returns
    -------
    tuple of date and of Month
        The line's day, and the months before it.
    """
    before = EPOCH + timedelta(days=day)
    firsts = months_before(before)
    edges = [*(day_number(first) for first in firsts), day]
    counts = (_between(days, edges) for days in (lodged, known, hits))
    return before, tuple(Month(*month) for month in zip(firsts, *counts, strict=True))


def _between(days: Days, edges: list[int]) -> list[int]:
    return np.diff(np.searchsorted(days, edges, side="left")).tolist()


def spread_of(followed: Followed | KeyMeasure, earlier: Floats, own: float) -> Spread | None:
    """Lay a line's amount beside those of earlier lines; None where too few state it.

    Parameters
    ----------
    followed
        What the amounts are.
    earlier
        Shape (n,). Amounts of earlier lines; NaN where not stated.
    own
        The line's own; NaN where not stated.

    Examples
    --------
    >>> told = spread_of("price", np.array([2.0, 2.0, 2.0, 2.0, 8.0]), 0.5)
    >>> round(told.typical, 2), told.counts[0], sum(told.counts)
    (2.64, 0, 5)
    """
    stated = earlier[~np.isnan(earlier)]
    logs = np.log(stated[stated > 0])
    if len(logs) < FEWEST or not own > 0:
        return None
    low, high, counts = _steps(logs, float(np.log(own)))
    plain = followed in {"value", "mass"}
    typical = float(stated.mean() if plain else np.exp(logs.mean()))
    return Spread(followed, len(logs), typical, own, low, high, counts)


def _steps(logs: Floats, own: float) -> tuple[float, float, tuple[int, ...]]:
    """Count logarithms in even steps that hold nearly all of them, and the line's own."""
    ends = np.quantile(logs, [0.01, 0.99])
    low, high = min(ends[0], own), max(ends[1], own)
    margin = max(0.05 * (high - low), 0.05)
    low, high = low - margin, high + margin
    counts, _ = np.histogram(np.clip(logs, low, high), bins=BINS, range=(low, high))
    return float(np.exp(low)), float(np.exp(high)), tuple(counts.tolist())
