"""Figures of one list, and what it truly finds where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.intervals import DayResamples, too_few
from targeting.evaluation.measures import Measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.backtest.traffic import Traffic
    from targeting.evaluation.metrics import Floats


@dataclass(frozen=True, slots=True)
class Figures:
    """What a list finds, by one way of telling.

    Parameters
    ----------
    precision
        Share of the opened lines that are hits.
    recall
        Share of all hits that are opened.
    hits
        Hits among the opened lines.
    revenue
        Amount recovered from the opened lines.
    revenue_share
        Share of all that could be recovered.
    lift_over_random
        `precision` over the hit rate of random checks, or of a blind draw of as many lines of
        the same days where the truth is known.
    lift_over_base
        `precision` over the hit rate of the lines examined in practice.
    attainable
        `precision` of a perfect order; None when it cannot be said.
    """

    precision: Measure
    recall: Measure
    hits: Measure
    revenue: Measure
    revenue_share: Measure
    lift_over_random: Measure
    lift_over_base: Measure
    attainable: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """One amount over another, over all days and in each draw of days.

    Parameters
    ----------
    upper, lower
        Amounts over all days.
    upper_drawn, lower_drawn
        Shape (replicates,). The same in each draw.
    """

    upper: float
    lower: float
    upper_drawn: Floats
    lower_drawn: Floats

    @property
    def value(self) -> float | None:
        """The ratio; None when there is nothing below the line."""
        return self.upper / self.lower if self.lower > 0 else None

    @property
    def drawn(self) -> Floats:
        """Shape (replicates,). The ratio in each draw."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.upper_drawn / self.lower_drawn


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """Draws of whole days, the same for every version, so that figures can be held together.

    Parameters
    ----------
    day
        Shape (n,). Number of each line's day.
    draws
        The draws.
    """

    day: NDArray[np.intp]
    draws: DayResamples

    @classmethod
    def of(cls, traffic: Traffic, *, seed: int) -> Bench:
        """Draw the days of some traffic.

        Parameters
        ----------
        traffic
            One entry per line or consignment.
        seed
            Same seed and days, same draws.
        """
        days, code = np.unique(traffic.day, return_inverse=True)
        return cls(code, DayResamples.draw(days=len(days), lines=len(days), seed=seed))

    @property
    def days(self) -> int:
        """Number of days."""
        return self.draws.counts.shape[1]

    def sums(self, upper: Floats, lower: Floats) -> Sums:
        """Add two amounts up, over all days and in each draw.

        Parameters
        ----------
        upper, lower
            Shape (n,).
        """
        return Sums(
            float(upper.sum()),
            float(lower.sum()),
            self.draws.totals(upper, self.day),
            self.draws.totals(lower, self.day),
        )

    def share(self, sums: Sums, *, nothing: str) -> Measure:
        """State a share of lines, with its interval unless there is too little.

        Parameters
        ----------
        sums
            Lines of one kind over all lines.
        nothing
            What to say when there is nothing below the line.
        """
        few = too_few(self.days, sums.upper, sums.lower - sums.upper)
        return self.measure(sums.value, sums.drawn, why="" if sums.lower else nothing, few=few)

    def measure(self, value: float | None, drawn: Floats, *, why: str, few: str) -> Measure:
        """State a figure: with its interval, or why there is none.

        Parameters
        ----------
        value
            The figure; None when it could not be computed.
        drawn
            Shape (replicates,). The figure in each draw.
        why
            Why it could not be computed.
        few
            Why there is no interval; empty when there is one.
        """
        if value is None:
            return Measure(None, why=why)
        if few:
            return Measure(value, why=few)
        interval = self.draws.interval(drawn)
        return Measure(value, interval.low, interval.high, interval.why)


@dataclass(frozen=True, slots=True, eq=False)
class TrueResults:
    """The truth about all lines, and the rates a list is held against.

    Parameters
    ----------
    hit, revenue
        Shape (n,). What an examination would find, and the amount recovered.
    by_chance
        Hits over lines of a blind draw.
    in_practice
        Hits over lines of what was examined, as it was found.
    """

    hit: Floats
    revenue: Floats
    by_chance: Sums
    in_practice: Sums


def real(traffic: Traffic, bench: Bench, blind: Floats) -> TrueResults | None:
    """Take the truth about all lines; None outside simulated worlds.

    Parameters
    ----------
    traffic
        One entry per line or consignment.
    bench
        Draws of its days.
    blind
        Shape (n,). Chance with which a blind draw of as many lines opens each.
    """
    if traffic.real is None:
        return None
    examined = traffic.examined.astype(np.float64)
    return TrueResults(
        hit=traffic.real.hit,
        revenue=traffic.real.revenue,
        by_chance=bench.sums(blind * traffic.real.hit, blind),
        in_practice=bench.sums(traffic.hit, examined),
    )


def counted(bench: Bench, opened: Floats, truth: TrueResults, attainable: float | None) -> Figures:
    """Count what a list truly finds.

    Parameters
    ----------
    bench
        Draws of the days.
    opened
        Shape (n,). Chance with which each line is opened.
    truth
        About all lines.
    attainable
        Precision of a perfect order.
    """
    hits = bench.sums(opened * truth.hit, opened)
    of_all = bench.sums(opened * truth.hit, truth.hit)
    revenue = bench.sums(opened * truth.revenue, truth.revenue)
    few = too_few(bench.days, hits.upper, hits.lower - hits.upper)
    return Figures(
        precision=bench.share(hits, nothing="no line is opened"),
        recall=bench.share(of_all, nothing="no hit"),
        hits=bench.measure(hits.upper, hits.upper_drawn, why="", few=few),
        revenue=bench.measure(revenue.upper, revenue.upper_drawn, why="", few=few),
        revenue_share=bench.measure(
            revenue.value, revenue.drawn, why="no revenue was recorded", few=few
        ),
        lift_over_random=lift(bench, hits, truth.by_chance, "a blind draw", few),
        lift_over_base=lift(bench, hits, truth.in_practice, "examined lines", few),
        attainable=attainable,
    )


def lift(bench: Bench, hits: Sums, base: Sums, of: str, few: str) -> Measure:
    """State how many times better a hit rate is than another one of the same days.

    Parameters
    ----------
    bench
        Draws of the days.
    hits
        Hits over opened lines.
    base
        Hits over lines of what it is held against.
    of
        What that is called.
    few
        Why there is no interval; empty when there is one.
    """
    if hits.value is None or not base.value:
        return Measure(None, why=f"no hit among {of}" if base.lower else f"no {of}")
    few = few or too_few(bench.days, base.upper, base.lower - base.upper)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = hits.drawn / base.drawn
    return bench.measure(hits.value / base.value, drawn, why="", few=few)
