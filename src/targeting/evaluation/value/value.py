"""What a policy would have caught: four estimates of the same thing, and which to trust."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.measures import Measure
from targeting.evaluation.value.reading import (
    MIN_HITS,
    Mean,
    few_hits,
    kish,
    precision,
    share,
    total,
    variance,
)
from targeting.evaluation.value.weights import (
    among_examined,
    by_propensity,
    doubly_robust,
    of_the_lot,
)

if TYPE_CHECKING:
    from targeting.evaluation.value.lines import PolicyLines
    from targeting.evaluation.value.reading import Codes
    from targeting.evaluation.value.weights import Weighing


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a policy would have caught, by one way of reading the results.

    Parameters
    ----------
    name
        `naive`, `random_only`, `inverse_propensity` or `doubly_robust`.
    precision
        Hits per line the policy opens.
    hits
        Hits it would have found.
    revenue
        Revenue it would have recovered.
    recall
        Share of the hits that opening every line would have found.
    used
        Examined lines that bear on the precision.
    effective
        As many equally weighted lines.
    """

    name: str
    precision: Measure
    hits: Measure
    revenue: Measure
    recall: Measure
    used: int
    effective: float


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """What a policy would have caught in a period.

    Parameters
    ----------
    lines
        Lines lodged in the period.
    opened
        Lines the policy opens.
    naive
        Every examined line speaks for one.
    random_only
        Lines of the lot alone, one over their chance.
    inverse_propensity
        Every examined line speaks for like lines (Hajek).
    doubly_robust
        The same as a correction to what an outcome model expects.
    """

    lines: int
    opened: float
    naive: Estimate
    random_only: Estimate
    inverse_propensity: Estimate
    doubly_robust: Estimate

    @property
    def recommended(self) -> Estimate:
        """The one to trust; docs/estimators.md says why."""
        return self.doubly_robust

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """All four, the least to be trusted first."""
        return (self.naive, self.random_only, self.inverse_propensity, self.doubly_robust)


def policy_value(lines: PolicyLines, *, seed: int) -> PolicyValue:
    """Estimate what a policy would have caught, had it opened these lines.

    Parameters
    ----------
    lines
        All lines lodged in the period.
    seed
        Kept for estimators that draw; today's do not.

    Notes
    -----
    Assumptions, formulas and sources: docs/estimators.md.
    """
    del seed
    clusters = lines.clusters
    return PolicyValue(
        lines=len(lines),
        opened=float(lines.opened.sum()),
        naive=_estimate("naive", lines, among_examined(lines), clusters),
        random_only=_estimate("random_only", lines, of_the_lot(lines), clusters),
        inverse_propensity=_estimate("inverse_propensity", lines, by_propensity(lines), clusters),
        doubly_robust=_estimate("doubly_robust", lines, doubly_robust(lines), clusters),
    )


def _estimate(
    name: str, lines: PolicyLines, weighing: Weighing, clusters: tuple[Codes, ...]
) -> Estimate:
    mean = Mean(lines.opened, weighing, lines.hit)
    share_of_hits = precision(mean, clusters)
    return Estimate(
        name,
        precision=share_of_hits,
        hits=_times(share_of_hits, float(lines.opened.sum())),
        revenue=_revenue(lines, weighing, clusters),
        recall=_recall(mean, clusters),
        used=mean.used,
        effective=mean.effective,
    )


def _revenue(lines: PolicyLines, weighing: Weighing, clusters: tuple[Codes, ...]) -> Measure:
    """Sum up revenue; a hit without a recorded amount adds nothing."""
    base = np.nan_to_num(lines.expected_revenue) if weighing.base.any() else weighing.base
    amount = np.nan_to_num(lines.revenue) * lines.hit
    mean = Mean(lines.opened, replace(weighing, base=base), amount)
    return total(mean, clusters, "what revenue it would have recovered")


def _recall(opened: Mean, clusters: tuple[Codes, ...]) -> Measure:
    """Hold the hits of a policy against those of opening every line."""
    everything = Mean(np.ones(len(opened.opened)), opened.weighing, opened.outcome)
    hits = kish(opened.weighing.weight * opened.outcome)
    if opened.shortage or hits < MIN_HITS or everything.value <= 0:
        return Measure(None, why=opened.shortage or few_hits(hits, "what share of all it is"))
    part = float(opened.opened.sum()) / len(opened.opened)
    value = part * max(opened.value, 0.0) / everything.value
    moved = (part * opened.influence - value * everything.influence) / everything.value
    return share(value, max(variance(moved, clusters), 1e-12), hits)


def _times(measure: Measure, factor: float) -> Measure:
    if measure.value is None or measure.low is None or measure.high is None:
        return measure
    return Measure(measure.value * factor, measure.low * factor, measure.high * factor)
