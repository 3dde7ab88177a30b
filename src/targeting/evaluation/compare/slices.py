"""Parts of the traffic: where the second version finds more, and where less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.compare.findings import AT_CAPACITY, Difference, SliceDifference
from targeting.evaluation.compare.paired import Clusters, Ratio, differences, share_of
from targeting.evaluation.measures import Measure
from targeting.evaluation.parts import OFFENCE, too_small

if TYPE_CHECKING:
    from targeting.evaluation.compare.pair import Opened, Pair
    from targeting.evaluation.metrics import Floats

HITS_ONLY = "an offence is known of hits only"
NONE_OPENED = "no line within capacity"


def judge_slices(pair: Pair, *, seed: int) -> tuple[SliceDifference, ...]:
    """Hold both lists at capacity against each other in each part of the examined lines.

    Parameters
    ----------
    pair
        Both versions' scores.
    seed
        Of the draws.

    Returns
    -------
    tuple of SliceDifference
        By dimension; within one, those large enough come first, the largest fall of the share of
        hits found on top, then those too small, in alphabetical order.
    """
    known = pair.take(pair.first.examined)
    opened = known.at_capacity()
    found: list[SliceDifference] = []
    for dimension in known.first.parts:
        found += sorted(_of_dimension(known, opened, dimension, seed=seed), key=_order)
    return tuple(found)


def _order(part: SliceDifference) -> tuple[bool, float, str]:
    return (bool(part.too_small), part.recall.difference.value or 0.0, part.value)


def _of_dimension(
    pair: Pair, opened: Opened, dimension: str, *, seed: int
) -> list[SliceDifference]:
    part = pair.first.parts[dimension].astype(str)
    use = pair.first.hit if dimension == OFFENCE else np.ones(len(part), dtype=bool)
    return [
        _slice(pair.take(rows), (opened[0][rows], opened[1][rows]), (dimension, str(value)), seed)
        for value in np.unique(part[use])
        for rows in [(part == value) & use]
    ]


def _slice(pair: Pair, opened: Opened, named: tuple[str, str], seed: int) -> SliceDifference:
    dimension, value = named
    hit = pair.first.hit.astype(np.float64)
    examined, hits = len(hit), int(hit.sum())
    small = too_small(dimension, value, examined, hits)
    precision, recall = _rates(pair, opened, hit, seed=seed, drawn=not small)
    if dimension == OFFENCE:
        precision = Difference("precision", AT_CAPACITY, None, None, Measure(None, why=HITS_ONLY))
    return SliceDifference(dimension, value, examined, hits, precision, recall, small)


def _rates(
    pair: Pair, opened: Opened, hit: Floats, *, seed: int, drawn: bool
) -> tuple[Difference, Difference]:
    ratios = share_of(opened, hit), share_of(opened, hit, over=hit)
    if drawn:
        clusters = Clusters.of(pair.first.day, pair.consignee, seed=seed)
        found = differences(ratios, clusters, why=NONE_OPENED)
    else:
        found = [(*ratio.values, _plain(ratio)) for ratio in ratios]
    precision, recall = (
        Difference(figure, AT_CAPACITY, *each)
        for figure, each in zip(("precision", "recall"), found, strict=True)
    )
    return precision, recall


def _plain(ratio: Ratio) -> Measure:
    first, second = ratio.values
    if first is None or second is None:
        return Measure(None, why=NONE_OPENED)
    return Measure(second - first, why="too small")
