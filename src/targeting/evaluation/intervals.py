"""How sure a figure is: Wilson's interval and resampling by day.

Lines of one day are not independent: a vessel brings many, an operation finds several. So figures
of a ranking are resampled by whole days. With too few days or hits there is no interval but a
reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.metrics import lines_at_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.metrics import Floats, Ranking

CONFIDENCE = 0.95
MIN_DAYS = 10
MIN_LINES = 5
REPLICATES = 1000
MIN_REPLICATES = 200
_WORK = 100_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval, or the reason why there is none.

    Parameters
    ----------
    low, high
        Bounds; None when it could not be computed.
    why
        The reason, empty when there is an interval.
    """

    low: float | None
    high: float | None
    why: str = ""


def wilson(hits: float, examined: float, *, confidence: float = CONFIDENCE) -> Interval:
    """Give the score interval of a share such as hits over examined lines.

    Parameters
    ----------
    hits, examined
        Counts; not whole where equal scores stand across a cut or lines carry weights.
    confidence
        Two-sided, in (0, 1).

    Returns
    -------
    Interval
        Without bounds when nothing was examined.

    Raises
    ------
    ValueError
        If `hits` is negative or above `examined`.

    Notes
    -----
    Wilson, Journal of the American Statistical Association 22, 1927; recommended for small counts
    by Brown, Cai and DasGupta, Statistical Science 16, 2001. Takes lines as independent.

    Examples
    --------
    >>> interval = wilson(2, 40)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.014, 0.165)
    >>> wilson(0, 0).why
    'no line was examined'
    """
    if not 0 <= hits <= examined:
        raise ValueError(f"hits must be between 0 and examined, found {hits} of {examined}")
    if examined == 0:
        return Interval(None, None, "no line was examined")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, scale = hits / examined, 1 + z**2 / examined
    centre = (share + z**2 / (2 * examined)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / examined + z**2 / (4 * examined**2))
    return Interval(max(min(centre - half, share), 0.0), min(max(centre + half, share), 1.0))


def too_few(days: int, found: float, missed: float) -> str:
    """Say why resampling by day would mislead, or nothing when it would not.

    With no hit, or nothing but hits, every resample looks alike and the interval would have no
    width: false certainty.

    Parameters
    ----------
    days
        Days with an examined line.
    found, missed
        Lines on either side of the share in question: opened hits and opened clear lines, or
        hits opened and hits not opened.

    Examples
    --------
    >>> too_few(30, 40, 60)
    ''
    >>> too_few(4, 40, 60)
    'no interval: 4 days with an examined line, at least 10 are needed'
    """
    if days < MIN_DAYS:
        return f"no interval: {days} days with an examined line, at least {MIN_DAYS} are needed"
    if min(found, missed) < MIN_LINES:
        return (
            f"no interval: the share is {found:,.4g} of {found + missed:,.4g}; "
            f"at least {MIN_LINES} on either side are needed"
        )
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class DayResamples:
    """Draws of whole days with replacement, the same draws for every figure of an evaluation.

    Parameters
    ----------
    counts
        Shape (replicates, days). How often each day was drawn.
    """

    counts: NDArray[np.int64]

    @classmethod
    def draw(cls, *, days: int, lines: int, seed: int) -> DayResamples:
        """Draw the days; fewer replicates for very many lines, never below 200.

        Parameters
        ----------
        days, lines
            Days and examined lines of the evaluation.
        seed
            Same seed, same draws.
        """
        if days < MIN_DAYS:
            return cls(np.zeros((0, days), dtype=np.int64))
        replicates = int(np.clip(_WORK // max(lines, 1), MIN_REPLICATES, REPLICATES))
        chance = np.full(days, 1 / days)
        return cls(np.random.default_rng(seed).multinomial(days, chance, size=replicates))

    @property
    def replicates(self) -> int:
        """Number of draws; 0 when there are too few days to draw from."""
        return len(self.counts)

    def totals(self, amount: Floats, day: NDArray[np.intp]) -> Floats:
        """Sum of an amount in each draw.

        Parameters
        ----------
        amount
            Shape (n,).
        day
            Shape (n,). Position of each amount's day, in [0, days).

        Returns
        -------
        ndarray
            Shape (replicates,).
        """
        per_day = np.bincount(day, weights=amount, minlength=self.counts.shape[1])
        return self.counts @ per_day.astype(np.float64)

    def interval(self, values: Floats) -> Interval:
        """Take the expanded percentile interval of a figure's replicates.

        Parameters
        ----------
        values
            Shape (replicates,). NaN or inf where a draw held nothing to divide by.

        Returns
        -------
        Interval
            Without bounds when more than 1 % of the draws are not numbers.

        Notes
        -----
        Cluster bootstrap by day (Davison and Hinkley, Bootstrap Methods, 1997, section 3.8) with
        the percentiles widened for few clusters by Student's t (the expanded percentile interval
        of Hesterberg, American Statistician 69, 2015).
        """
        from scipy.special import stdtrit

        usable = values[np.isfinite(values)]
        if len(usable) < 0.99 * max(self.replicates, 1):
            return Interval(None, None, "no interval: too many resamples hold no hit")
        days = self.counts.shape[1]
        t = float(stdtrit(days - 1, (1 + CONFIDENCE) / 2)) * math.sqrt(days / (days - 1))
        tail = NormalDist().cdf(-t)
        low, high = np.quantile(usable, (tail, 1 - tail))
        return Interval(float(low), float(high))


@dataclass(frozen=True, slots=True, eq=False)
class RankingReplicates:
    """Figures of a ranking, recomputed in each draw of days.

    Parameters
    ----------
    opened, found
        Shape (replicates, shares). Lines opened at each share, and hits among them.
    examined, hits
        Shape (replicates,).
    auc, average_precision
        Shape (replicates,); NaN where a draw held one outcome only.
    """

    opened: Floats
    found: Floats
    examined: Floats
    hits: Floats
    auc: Floats
    average_precision: Floats

    @property
    def precision(self) -> Floats:
        """Shape (replicates, shares)."""
        return _ratio(self.found, self.opened)

    @property
    def recall(self) -> Floats:
        """Shape (replicates, shares)."""
        return _ratio(self.found, self.hits[:, None])

    @property
    def lift(self) -> Floats:
        """Shape (replicates, shares)."""
        return _ratio(self.precision, _ratio(self.hits, self.examined)[:, None])


def resample_ranking(
    ranking: Ranking, day: NDArray[np.intp], draws: DayResamples, *, shares: Floats
) -> RankingReplicates:
    """Recompute a ranking's figures in each draw of days.

    Parameters
    ----------
    ranking
        Examined lines, best first.
    day
        Shape (n,). Position of each line's day, in the order of `ranking.rows`.
    draws
        The draws of days.
    shares
        Shape (s,). Shares of the examined lines opened, in (0, 1].
    """
    found = np.empty((draws.replicates, len(shares)))
    opened = np.empty_like(found)
    rest = np.empty((draws.replicates, 4))
    for at, counts in enumerate(draws.counts):
        weight = counts[day].astype(np.float64)
        lines, hits = ranking.running(weight), ranking.running(weight * ranking.hit)
        opened[at] = lines_at_share(shares, lines[-1])
        found[at] = np.interp(opened[at], lines, hits)
        rest[at] = (lines[-1], hits[-1], *_areas(lines, hits))
    return RankingReplicates(opened, found, *rest.T)


def _areas(lines: Floats, hits: Floats) -> tuple[float, float]:
    """AUC and average precision from running counts at the ends of groups of equal scores."""
    clear = lines - hits
    if hits[-1] == 0 or clear[-1] == 0:
        return math.nan, math.nan
    middle = (hits[1:] + hits[:-1]) / 2
    auc = float(np.diff(clear) @ middle) / (hits[-1] * clear[-1])
    precision = hits[1:] / np.maximum(lines[1:], 1)
    return auc, float(np.diff(hits) @ precision) / float(hits[-1])


def _ratio(upper: Floats, lower: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return upper / lower
