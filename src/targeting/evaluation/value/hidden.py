"""Whether officers see what no document holds: their results held against the lot's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.measures import Measure
from targeting.evaluation.value.reading import Mean, quantile, variance
from targeting.evaluation.value.weights import joined, of_the_lot

if TYPE_CHECKING:
    from targeting.evaluation.value.lines import PolicyLines


def hidden_selection(lines: PolicyLines) -> Measure:
    """Estimate how many more hits officers find than lines of such documents hold.

    Parameters
    ----------
    lines
        All lines lodged in the period; what the policy opens plays no part.

    Returns
    -------
    Measure
        Hits per line among lines of the kinds officers open: as their results say, minus as the
        lot says. Clearly above 0, officers act on something no column carries: inverse
        propensity and doubly robust estimates are then too high.

    Notes
    -----
    Lines count by their propensity: where both speak, both are surest (overlap weights: Li,
    Morgan and Zaslavsky, JASA 113, 2018).
    """
    alike = lines.propensity
    officers = Mean(alike, joined(lines, np.zeros(len(lines))), lines.hit)
    lot = Mean(alike, of_the_lot(lines), lines.hit)
    few = lot.shortage or officers.shortage
    if few:
        return Measure(None, why=few.replace("among the lines it opens", "to hold against"))
    spread = variance(officers.influence, lines.clusters) + variance(lot.influence, lines.clusters)
    value = officers.value - lot.value
    if spread <= 0:
        return Measure(value, why="no interval: every result is alike")
    half = quantile(lot.effective - 1) * math.sqrt(spread)
    return Measure(value, value - half, value + half)
