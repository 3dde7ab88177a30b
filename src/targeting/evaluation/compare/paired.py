"""Paired differences and how sure they are: the same days and consignees drawn again for both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from targeting.evaluation.intervals import CONFIDENCE, MIN_DAYS, DayResamples
from targeting.evaluation.measures import Measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from targeting.evaluation.capacity import Days
    from targeting.evaluation.metrics import Floats

    Codes = NDArray[np.intp]
    Replicates = Callable[[DayResamples, Codes], Floats]

MIN_CONSIGNEES = 10
MOST_DRAWS, LEAST_DRAWS = 300, 200
_WORK = 20_000_000
_AT_ONCE = 50


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Which lines belong together: those of a day, those of a consignee, those of both.

    Parameters
    ----------
    day, consignee, both
        Shape (n,). Code of each line's day, of its consignee (a line without one stands alone),
        and of the two together.
    seed
        Same seed, same draws.
    """

    day: Codes
    consignee: Codes
    both: Codes
    seed: int

    @classmethod
    def of(cls, day: Days, consignee: NDArray[Any], *, seed: int) -> Clusters:
        """Code days and consignees.

        Parameters
        ----------
        day
            Shape (n,). Port-local day of each line.
        consignee
            Shape (n,). Code of the consignee; None or NaN where it is not known.
        seed
            Of the draws.
        """
        named = np.array(
            [f"c{name}" if isinstance(name, str) else f"-{at}" for at, name in enumerate(consignee)]
        )
        days, consignees = (_codes(each) for each in (day, named))
        both = _codes(days * (int(consignees.max(initial=0)) + 1) + consignees)
        return cls(days, consignees, both, seed)

    @property
    def draws(self) -> int:
        """How often lines are drawn again; fewer for very many lines, never below 200."""
        return int(np.clip(_WORK // max(len(self.day), 1), LEAST_DRAWS, MOST_DRAWS))

    @property
    def few(self) -> str:
        """Why drawing again would mislead; empty when it would not."""
        for what, found, least in (
            ("days", _count(self.day), MIN_DAYS),
            ("consignees", _count(self.consignee), MIN_CONSIGNEES),
        ):
            if found < least:
                return f"no interval: {found} {what}, at least {least} are needed"
        return ""

    def spread(self, replicates: Replicates) -> Floats:
        """Compute the standard error of figures, when whole days and whole consignees may vary.

        Parameters
        ----------
        replicates
            Computes the figures, shape (draws, f), from draws of some clusters and the cluster of
            each line.

        Returns
        -------
        ndarray
            Shape (f,); NaN where more than one draw in a hundred held nothing to divide by.

        Notes
        -----
        Variance by day plus variance by consignee less that by both together (Cameron, Gelbach
        and Miller, Journal of Business and Economic Statistics 29, 2011), each from a cluster
        bootstrap; never less than the larger of the first two.
        """
        day, consignee, both = (
            _variance(replicates, codes, draws=self.draws, seed=self.seed + at)
            for at, codes in enumerate((self.day, self.consignee, self.both))
        )
        return np.sqrt(np.maximum(day + consignee - both, np.maximum(day, consignee)))

    def measure(self, value: float, error: float) -> Measure:
        """Give a difference with its 95 % interval.

        Parameters
        ----------
        value
            The difference.
        error
            Its standard error; NaN when it could not be computed.

        Notes
        -----
        Student's t with as many degrees of freedom as the fewer of days and consignees, less one.
        """
        from scipy.special import stdtrit

        if self.few:
            return Measure(value, why=self.few)
        if not math.isfinite(error):
            return Measure(value, why="no interval: too many resamples hold no hit")
        freedom = min(_count(self.day), _count(self.consignee)) - 1
        half = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
        return Measure(value, value - half, value + half)


def _codes(values: NDArray[Any]) -> Codes:
    return np.unique(values, return_inverse=True)[1].astype(np.intp)


def _count(codes: Codes) -> int:
    return int(codes.max(initial=-1)) + 1


def _variance(replicates: Replicates, codes: Codes, *, draws: int, seed: int) -> Floats:
    values = np.concatenate([replicates(each, codes) for each in _drawn(codes, draws, seed)])
    usable = np.isfinite(values)
    enough = usable.mean(axis=0) >= 0.99
    kept = np.where(usable, values, 0.0)
    count = np.maximum(usable.sum(axis=0), 2)
    mean = kept.sum(axis=0) / count
    squares = np.where(usable, (values - mean) ** 2, 0.0).sum(axis=0)
    return np.where(enough, squares / (count - 1), np.nan)


def _drawn(codes: Codes, draws: int, seed: int) -> Iterator[DayResamples]:
    """Draw clusters in small lots: one for each line of a year would not fit in memory."""
    clusters, generator = _count(codes), np.random.default_rng(seed)
    chance = np.full(clusters, 1 / clusters)
    for _ in range(0, draws, _AT_ONCE):
        yield DayResamples(generator.multinomial(clusters, chance, size=_AT_ONCE))


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """A figure that is a sum over lines divided by another, for both versions.

    Parameters
    ----------
    upper, lower
        Shape (n,) each, first version then second.
    whole
        Denominator of the least uncertainty, such as the lines opened: see `floor`. 0 for none.
    disputed
        Hits on which the versions' lists differ.
    """

    upper: tuple[Floats, Floats]
    lower: tuple[Floats, Floats]
    whole: float = 0.0
    disputed: float = 0.0

    @property
    def values(self) -> tuple[float | None, float | None]:
        """The figure of each version; None where there is nothing to divide by."""
        sums = (
            (float(u.sum()), float(v.sum())) for u, v in zip(self.upper, self.lower, strict=True)
        )
        first, second = (upper / lower if lower else None for upper, lower in sums)
        return first, second

    @property
    def floor(self) -> float:
        """Least standard error: resampling is blind to what no line has shown yet.

        Half a hit is added to either side, after Agresti and Min (Biometrics 61, 2005) for the
        difference of paired shares. Two lists that never differ may still differ tomorrow.
        """
        return math.sqrt(self.disputed + 1) / (self.whole + 2) if self.whole else 0.0

    def replicates(self, draws: DayResamples, codes: Codes) -> Floats:
        """Second less first in each draw, shape (draws,).

        Parameters
        ----------
        draws
            How often each cluster was drawn.
        codes
            Shape (n,). The cluster of each line.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            first, second = (
                draws.totals(upper, codes) / draws.totals(lower, codes)
                for upper, lower in zip(self.upper, self.lower, strict=True)
            )
        return second - first


def share_of(opened: tuple[Floats, Floats], amount: Floats, *, over: Floats | None = None) -> Ratio:
    """Share of what is opened, or of `over`, that an amount makes up.

    Parameters
    ----------
    opened
        Shape (n,) each. Chance with which each version opens a line.
    amount
        Shape (n,). Such as 1 for a hit.
    over
        Shape (n,). The whole it is a share of; None takes what is opened.

    Examples
    --------
    >>> first, second = np.array([1.0, 0, 0, 1]), np.array([1.0, 1, 0, 0])
    >>> share_of((first, second), np.array([1.0, 0, 0, 1])).values
    (1.0, 0.5)
    """
    lower = opened if over is None else (over, over)
    return Ratio(
        upper=(opened[0] * amount, opened[1] * amount),
        lower=lower,
        whole=float(max(each.sum() for each in lower)),
        disputed=float(np.abs(opened[1] - opened[0]) @ amount),
    )


def differences(
    ratios: Sequence[Ratio], clusters: Clusters, *, why: str
) -> list[tuple[float | None, float | None, Measure]]:
    """Value of each ratio for both versions, and second less first with its interval.

    Parameters
    ----------
    ratios
        The figures.
    clusters
        What is drawn again together.
    why
        Said where a figure has nothing to divide by.
    """
    errors = np.full(len(ratios), np.nan)
    if ratios and not clusters.few:
        errors = clusters.spread(partial(_all, ratios))
    found: list[tuple[float | None, float | None, Measure]] = []
    for ratio, error in zip(ratios, errors, strict=True):
        first, second = ratio.values
        if first is None or second is None:
            found.append((first, second, Measure(None, why=why)))
        else:
            # NaN stays NaN: what could not be drawn again has no interval, floor or not.
            widest = float(np.maximum(error, ratio.floor))
            found.append((first, second, _of_shares(clusters.measure(second - first, widest))))
    return found


def _of_shares(measure: Measure) -> Measure:
    """Keep the interval of a difference of shares within what such a difference can be."""
    if measure.low is None or measure.high is None:
        return measure
    return Measure(measure.value, max(measure.low, -1.0), min(measure.high, 1.0))


def _all(ratios: Sequence[Ratio], draws: DayResamples, codes: Codes) -> Floats:
    return np.column_stack([ratio.replicates(draws, codes) for ratio in ratios])
