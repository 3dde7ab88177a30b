"""The random stratum: lines that chance picked, the only fair sample of what arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.intervals import resample_ranking, too_few, wilson
from targeting.evaluation.measures import Measure, RandomStratum
from targeting.evaluation.metrics import auc, rank
from targeting.evaluation.parts import MIN_EXAMINED, MIN_HITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.intervals import DayResamples
    from targeting.evaluation.lines import Lines
    from targeting.evaluation.metrics import Floats

RANDOM = "random"


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """Lines examined because chance picked them, with their weights.

    Parameters
    ----------
    hit, weight
        Shape (r,). Outcome, and one over the chance of being drawn (1 where it is not known of
        every line).
    score
        Shape (r,).
    day
        Shape (r,). Position of each line's day among the days of the evaluation.
    draws
        The draws of days.
    weighted
        Whether the weights differ from 1.
    """

    hit: Floats
    weight: Floats
    score: Floats
    day: NDArray[np.intp]
    draws: DayResamples
    weighted: bool

    @classmethod
    def of(cls, lines: Lines, day_code: NDArray[np.intp], draws: DayResamples) -> Stratum:
        """Take the random lines out of all lines.

        Parameters
        ----------
        lines
            Scores and results.
        day_code
            Shape (n,). Position of each line's day among the days of the evaluation.
        draws
            The draws of days.
        """
        rows = np.flatnonzero(lines.examined & (lines.parts["selected_by"] == RANDOM))
        chance = lines.chance[rows]
        weighted = bool(len(rows)) and bool(np.all(chance > 0))
        return cls(
            hit=lines.hit[rows].astype(np.float64),
            weight=1 / chance if weighted else np.ones(len(rows)),
            score=lines.score[rows],
            day=day_code[rows],
            draws=draws,
            weighted=weighted,
        )

    @property
    def hit_rate(self) -> float | None:
        """Weighted hit rate (Hajek's ratio estimate); None when the stratum is empty."""
        return float(self.weight @ self.hit / self.weight.sum()) if len(self.hit) else None

    @property
    def shortage(self) -> str:
        """Why the stratum cannot carry a comparison; empty when it can."""
        examined, hits = len(self.hit), int(self.hit.sum())
        if not examined:
            return "no line was examined at random"
        if examined < MIN_EXAMINED or hits < MIN_HITS:
            return (
                f"the random stratum is too small (lines: {examined}, hits: {hits}; "
                f"at least {MIN_EXAMINED} and {MIN_HITS} are needed)"
            )
        return ""

    def lift(self, precision: Measure, replicates: Floats) -> Measure:
        """Hold a precision against the hit rate of the random stratum.

        Parameters
        ----------
        precision
            The figure.
        replicates
            Shape (replicates,). The figure in each draw of days.

        Returns
        -------
        Measure
            Their ratio; its interval lets both vary with the days drawn.
        """
        if precision.value is None or self.shortage:
            return Measure(None, why=self.shortage or precision.why)
        rate = self.hit_rate or np.nan
        if precision.low is None:
            return Measure(precision.value / rate, why=precision.why)
        with np.errstate(divide="ignore", invalid="ignore"):
            interval = self.draws.interval(replicates / self._rates())
        return Measure(precision.value / rate, interval.low, interval.high, interval.why)

    def _rates(self) -> Floats:
        hits = self.draws.totals(self.weight * self.hit, self.day)
        return hits / self.draws.totals(self.weight, self.day)


def judge_random(stratum: Stratum) -> RandomStratum:
    """Estimate from the random lines what arrives, and how well scores order it.

    Parameters
    ----------
    stratum
        The random lines.

    Notes
    -----
    With unequal weights, Wilson's interval takes Kish's effective number of lines,
    (sum w)^2 / sum w^2 (Kish, Survey Sampling, 1965).
    """
    return RandomStratum(
        examined=len(stratum.hit),
        hits=int(stratum.hit.sum()),
        weighted=stratum.weighted,
        hit_rate=_hit_rate(stratum),
        auc=_auc(stratum),
    )


def _hit_rate(stratum: Stratum) -> Measure:
    rate = stratum.hit_rate
    if rate is None:
        return Measure(None, why=stratum.shortage)
    effective = float(stratum.weight.sum() ** 2 / (stratum.weight @ stratum.weight))
    interval = wilson(rate * effective, effective)
    return Measure(rate, interval.low, interval.high, interval.why)


def _auc(stratum: Stratum) -> Measure:
    if stratum.shortage:
        return Measure(None, why=stratum.shortage)
    label = stratum.hit.astype(np.int64)
    value = auc(stratum.score, label)
    if value is None:
        return Measure(None, why="hits and clear lines are both needed")
    hits = float(label.sum())
    few = too_few(len(np.unique(stratum.day)), hits, len(label) - hits)
    if few:
        return Measure(value, why=few)
    ranking = rank(stratum.score, label)
    replicates = resample_ranking(
        ranking, stratum.day[ranking.rows], stratum.draws, shares=np.ones(1)
    )
    interval = stratum.draws.interval(replicates.auc)
    return Measure(value, interval.low, interval.high, interval.why)
