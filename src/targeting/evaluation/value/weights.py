"""How many lines each examined line speaks for, by four ways of thinking about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from targeting.evaluation.metrics import Floats
    from targeting.evaluation.value.lines import PolicyLines


@dataclass(frozen=True, slots=True, eq=False)
class Weighing:
    """One way of reading the results of a period.

    Parameters
    ----------
    weight
        Shape (n,). Lines of the period each examined line speaks for; 0 where it is not used.
    luck
        Shape (n,). As much of the weight as was left to the draw: a line taken with a chance of
        nearly 1 speaks for itself alone, and so does a tip, whoever it fell on.
    base
        Shape (n,). What is expected of each line before its result is looked at; zeros unless
        an outcome model is used.
    """

    weight: Floats
    luck: Floats
    base: Floats


def among_examined(lines: PolicyLines) -> Weighing:
    """Let every examined line speak for one: what most reports print.

    Parameters
    ----------
    lines
        All lines of the period.
    """
    examined = lines.examined.astype(np.float64)
    return Weighing(examined, examined, np.zeros(len(lines)))


def of_the_lot(lines: PolicyLines) -> Weighing:
    """Let lines the lot drew speak for one over their chance, and no other line at all.

    Parameters
    ----------
    lines
        All lines of the period.
    """
    chance = _lot_chance(lines, _lot_share(lines))
    weight = lines.by_lot / chance
    return Weighing(weight, weight * np.sqrt(1 - chance), np.zeros(len(lines)))


def by_propensity(lines: PolicyLines) -> Weighing:
    """Let every examined line speak for like lines, the lot and the others joined.

    Parameters
    ----------
    lines
        All lines of the period.

    Notes
    -----
    Two samples tell of the same lines. The lot, with its known chance p. And the rest: of what
    neither the lot nor a tip took, officers, rules and orders took a line with chance e; the
    lines the lot and tips took speak for themselves in it. A share a of the first and 1 - a of
    the second is unbiased for any a that does not depend on results (Hartley's multiple frames,
    1962); with a = p / (p + (1 - p) e), of the office's mean p, every line drawn by either
    weighs about one over its chance of being examined at all. Where officers never look, the
    lot speaks alone: no weight can exceed that of the lot.
    """
    lot_share = _lot_share(lines)
    return joined(lines, lot_share / (lot_share + (1 - lot_share) * lines.propensity))


def joined(lines: PolicyLines, share: Floats) -> Weighing:
    """Join the lot and the others, each with its share in what is said of a line.

    Parameters
    ----------
    lines
        All lines of the period.
    share
        Shape (n,). Share of the lot, in [0, 1]; it must not depend on results.
    """
    chance = _lot_chance(lines, _lot_share(lines))
    rest = lines.examined & ~lines.by_lot & ~lines.by_tip
    drawn = lines.by_lot * share / chance
    taken = rest * (1 - share) / lines.propensity
    return Weighing(
        weight=drawn + taken + (lines.by_lot | lines.by_tip) * (1 - share),
        luck=drawn * np.sqrt(1 - chance) + taken * np.sqrt(1 - lines.propensity),
        base=np.zeros(len(lines)),
    )


def doubly_robust(lines: PolicyLines) -> Weighing:
    """Expect of each line what the outcome model says, and correct it by weighted results.

    Parameters
    ----------
    lines
        All lines of the period.
    """
    return replace(by_propensity(lines), base=lines.expected)


def _lot_share(lines: PolicyLines) -> Floats:
    """Return the share of its office's lines that the lot drew, for each line."""
    office, _ = pd.factorize(lines.office)
    office = office + 1  # an unknown office is the first
    drawn = np.bincount(office, weights=lines.by_lot)
    return (drawn / np.maximum(np.bincount(office), 1))[office]


def _lot_chance(lines: PolicyLines, share: Floats) -> Floats:
    """Return the recorded chance; where the lot drew without one, its office's share."""
    return np.where(np.isnan(lines.chance), np.maximum(share, 1e-9), lines.chance)
