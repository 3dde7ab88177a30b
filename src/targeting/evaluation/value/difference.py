"""Whether one policy would have caught more than another, on the same lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.measures import Measure
from targeting.evaluation.value.reading import (
    Mean,
    expected_variance,
    kish,
    quantile,
    shortage,
    steadied,
    variance,
)
from targeting.evaluation.value.weights import doubly_robust

if TYPE_CHECKING:
    from targeting.evaluation.metrics import Floats
    from targeting.evaluation.value.lines import PolicyLines


def policy_difference(lines: PolicyLines, other_opened: Floats, *, seed: int) -> Measure:
    """Estimate by how much the precision of one policy exceeds that of another.

    Parameters
    ----------
    lines
        All lines lodged in the period, with what the one policy opens.
    other_opened
        Shape (n,). Chance with which the other opens each line.
    seed
        Kept for estimators that draw; today's do not.

    Returns
    -------
    Measure
        Precision of the one minus precision of the other, by the recommended estimator. Lines
        both open cancel out, so the interval is that of the lines they differ in. Both opening
        the same, it is 0 with an interval of no width.

    Notes
    -----
    Assumptions, formulas and sources: docs/estimators.md.
    """
    del seed
    other = lines.opening(other_opened)
    weighing = doubly_robust(lines)
    ours, theirs = (Mean(one.opened, weighing, lines.hit) for one in (lines, other))
    if not (lines.opened.any() and other.opened.any()):
        return Measure(None, why="one of the two opens no line")
    apart = np.abs(lines.opened / lines.opened.sum() - other.opened / other.opened.sum())
    if apart.max() < 1e-12:
        return Measure(0.0, 0.0, 0.0)
    few = ours.shortage or theirs.shortage
    if few:
        return Measure(None, why=few)
    differs = weighing.weight * np.abs(lines.opened - other.opened)
    few = shortage(differs, "among the lines they differ in")
    if few:
        return Measure(None, why=f"{few}. They can differ by {apart.sum() / 2:.1%} at most")
    return _interval(ours, theirs, lines)


def _interval(ours: Mean, theirs: Mean, lines: PolicyLines) -> Measure:
    luck = ours.luck - theirs.luck
    spread = steadied(
        variance(ours.influence - theirs.influence, lines.clusters),
        expected_variance(luck, (ours.value + theirs.value) / 2),
        kish(np.abs(luck) * lines.hit),
    )
    value = ours.value - theirs.value
    half = quantile(kish(np.abs(luck)) - 1) * math.sqrt(spread)
    return Measure(value, max(value - half, -1.0), min(value + half, 1.0))
