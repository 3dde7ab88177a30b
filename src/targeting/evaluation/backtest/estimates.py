"""Figures of a list as the estimators tell them, with lifts over random checks and practice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.backtest.figures import Figures
from targeting.evaluation.intervals import CONFIDENCE
from targeting.evaluation.measures import Measure
from targeting.evaluation.parts import wilson_measure
from targeting.evaluation.value import PolicyLines, PolicyValue, policy_difference, policy_value

if TYPE_CHECKING:
    from targeting.evaluation.backtest.traffic import Traffic
    from targeting.evaluation.metrics import Floats
    from targeting.evaluation.value import Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Estimator:
    """Estimates what lists of the same lines would find.

    Parameters
    ----------
    lines
        The lines, none of them opened.
    blind
        A blind draw of as many lines in the same offices and days.
    everything
        A list that opens every line.
    practice
        Hit rate of the lines examined in practice.
    seed
        Of what the estimators draw.
    """

    lines: PolicyLines
    blind: PolicyValue
    everything: PolicyValue
    practice: Measure
    seed: int

    @classmethod
    def of(cls, traffic: Traffic, blind: Floats, *, seed: int) -> Estimator:
        """Prepare what every list of the same lines is held against.

        Parameters
        ----------
        traffic
            One entry per line or consignment.
        blind
            Shape (n,). Chance with which a blind draw of as many lines opens each.
        seed
            Same seed, same estimates.
        """
        lines = traffic.policy_lines(blind)
        return cls(
            lines=lines,
            blind=policy_value(lines, seed=seed),
            everything=policy_value(lines.opening(np.ones(len(traffic))), seed=seed),
            practice=wilson_measure(float(traffic.hit.sum()), float(traffic.examined.sum())),
            seed=seed,
        )

    def value(self, opened: Floats) -> PolicyValue:
        """Estimate what a list would have caught.

        Parameters
        ----------
        opened
            Shape (n,). Chance with which it opens each line.
        """
        return policy_value(self.lines.opening(opened), seed=self.seed)

    def difference(self, opened: Floats, held: Floats) -> Measure:
        """Estimate how much more precise one list is than another, on the same days.

        Parameters
        ----------
        opened, held
            Shape (n,). Chance with which each list opens each line.
        """
        return policy_difference(self.lines.opening(opened), held, seed=self.seed)

    def naive(self, value: PolicyValue, *, attainable: float | None) -> Figures:
        """Give the figures as reports of examined lines have them.

        Parameters
        ----------
        value
            Of the list.
        attainable
            Precision of a perfect order among examined lines.
        """
        return self._figures(
            value.naive, self.everything.naive, self.everything.random_only, attainable
        )

    def recommended(self, value: PolicyValue, *, attainable: float | None) -> Figures:
        """Give the figures as the recommended estimator has them.

        Parameters
        ----------
        value
            Of the list.
        attainable
            Precision of a perfect order, at most.
        """
        every, blind = self.everything.recommended, self.blind.recommended
        return self._figures(value.recommended, every, blind, attainable)

    def _figures(
        self, own: Estimate, every: Estimate, blind: Estimate, attainable: float | None
    ) -> Figures:
        return Figures(
            precision=own.precision,
            recall=own.recall,
            hits=own.hits,
            revenue=own.revenue,
            revenue_share=_value_over(own.revenue, every.revenue),
            lift_over_random=times(own.precision, blind.precision),
            lift_over_base=times(own.precision, self.practice),
            attainable=attainable,
        )


def times(rate: Measure, base: Measure) -> Measure:
    """State how many times higher one rate is than another.

    Parameters
    ----------
    rate, base
        With their intervals where they have one.

    Notes
    -----
    The logarithms' variances, read off the intervals, are added as if the rates were independent.
    Rates of the same days rise and fall together, so the interval is rather too wide.

    Examples
    --------
    >>> lift = times(Measure(0.4, 0.3, 0.5), Measure(0.1, 0.08, 0.125))
    >>> round(lift.value, 2), round(lift.low, 2), round(lift.high, 2)
    (4.0, 2.85, 5.62)
    """
    if rate.value is None or not base.value:
        return Measure(None, why=rate.why or base.why or "no hit to hold it against")
    value = rate.value / base.value
    spread = math.hypot(_log_error(rate), _log_error(base))
    if not value or not math.isfinite(spread):
        return Measure(value, why=rate.why or base.why or "no interval: a rate may be 0")
    wide = math.exp(NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * spread)
    return Measure(value, value / wide, value * wide)


def _log_error(rate: Measure) -> float:
    """Return the standard error of a rate's logarithm; infinite where its interval reaches 0."""
    if not rate.low or rate.high is None:
        return math.inf
    return math.log(rate.high / rate.low) / (2 * NormalDist().inv_cdf((1 + CONFIDENCE) / 2))


def _value_over(some: Measure, every: Measure) -> Measure:
    if some.value is None or not every.value:
        return Measure(None, why=some.why or every.why or "no revenue")
    return Measure(some.value / every.value, why="no interval: a ratio of two estimates")
