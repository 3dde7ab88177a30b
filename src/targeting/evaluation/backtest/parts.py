"""Parts of the traffic: what a list opens and finds in each, beside what was done in practice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.evaluation.intervals import wilson
from targeting.evaluation.lines import Lines
from targeting.evaluation.measures import Measure, Slice
from targeting.evaluation.parts import OFFENCE, judge_parts, wilson_measure
from targeting.evaluation.value import policy_value

if TYPE_CHECKING:
    from targeting.evaluation.backtest.traffic import Names, Traffic
    from targeting.evaluation.metrics import Floats

ORIGIN = "origin_country"
NOT_ASKED = Measure(None, why="not estimated for baselines")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the traffic under one version's list.

    Parameters
    ----------
    lines
        All lines of the part, examined or not; of an offence, its hits.
    opened
        Lines of it the list opens, examined or not.
    examined
        Its examined lines: counts, hit rate in practice, and what the list would have found of
        them. With the reason why it is not ranked when it is too small.
    estimated
        Share of the opened lines that are hits, by the recommended estimator.
    real
        The same by the truth; no value outside simulated worlds.
    """

    lines: int
    opened: float
    examined: Slice
    estimated: Measure
    real: Measure

    @property
    def dimension(self) -> str:
        """What the traffic is parted by, such as `office_id`."""
        return self.examined.dimension

    @property
    def value(self) -> str:
        """The part's own name, such as `AZALA`."""
        return self.examined.value

    @property
    def too_small(self) -> str:
        """Why it is not ranked; empty when it is."""
        return self.examined.too_small


@dataclass(frozen=True, slots=True)
class OriginRow:
    """How often lines of one origin are examined, and how often with a hit (WTO TFA 7.4).

    Parameters
    ----------
    origin
        Country code.
    lines
        Lines lodged.
    examined, hits
        Of them examined in practice, and hits among those.
    examined_share
        Share of its lines examined in practice.
    hit_rate
        Of its lines examined in practice.
    opened
        Lines the list opens.
    opened_share
        Share of its lines the list opens.
    found_rate
        Hit rate of the opened lines that were examined.
    estimated_rate
        Hit rate of all opened lines, by the recommended estimator.
    real_rate
        Hit rate of the opened lines by the truth; no value outside simulated worlds.
    too_small
        Why its hit rates are not held against others; empty when they are.
    """

    origin: str
    lines: int
    examined: int
    hits: int
    examined_share: Measure
    hit_rate: Measure
    opened: float
    opened_share: Measure
    found_rate: Measure
    estimated_rate: Measure
    real_rate: Measure
    too_small: str


def parts_of(traffic: Traffic, opened: Floats, *, estimate: bool, seed: int) -> tuple[Part, ...]:
    """Count what a list opens and finds in each part of the traffic.

    Parameters
    ----------
    traffic
        One entry per line.
    opened
        Shape (n,). Chance with which the list opens each.
    estimate
        Whether to estimate precision in each part that is large enough.
    seed
        Of what the estimators draw.

    Returns
    -------
    tuple of Part
        By dimension; parts too small to be ranked come last in theirs.
    """
    lines = Lines(
        score=opened,
        probability=traffic.expected,
        label=traffic.label.astype(np.int64),
        revenue=traffic.revenue,
        chance=traffic.chance,
        office=traffic.office,
        day=traffic.day,
        parts=traffic.parts,
        examined_not_scored=0,
    )
    known = {(part.dimension, part.value): part for part in judge_parts(lines, opened)}
    totals = {
        (name, value): total
        for name, part in traffic.parts.items()
        for value, total in _totals(traffic, opened, name, part).items()
    }
    # Parts nobody ever opened a line of are named too: there is the blind spot.
    blind = [_never_examined(*at) for at in sorted(totals) if at not in known]
    return tuple(
        Part(
            totals[one.dimension, one.value].lines,
            totals[one.dimension, one.value].opened,
            one,
            _estimated(traffic, opened, one, seed) if estimate else NOT_ASKED,
            _real(totals[one.dimension, one.value]),
        )
        for one in (*known.values(), *blind)
    )


def _estimated(traffic: Traffic, opened: Floats, part: Slice, seed: int) -> Measure:
    if part.dimension == OFFENCE:
        return Measure(None, why="an offence is known of hits only")
    if part.too_small:
        return Measure(None, why=f"too few results: {part.too_small}")
    inside = traffic.parts[part.dimension] == part.value
    lines = traffic.take(inside).policy_lines(opened[inside])
    return policy_value(lines, seed=seed).recommended.precision


@dataclass(frozen=True, slots=True)
class _Total:
    lines: int
    opened: float
    real: float | None


def _totals(traffic: Traffic, opened: Floats, name: str, part: Names) -> dict[str, _Total]:
    """Add up all lines of each part, examined or not; of an offence, its hits."""
    use = traffic.hit > 0 if name == OFFENCE else np.ones(len(traffic), dtype=bool)
    code, values = pd.factorize(part[use])
    size = len(values)
    lines = np.bincount(code, minlength=size)
    within = np.bincount(code, weights=opened[use], minlength=size)
    real = None
    if traffic.real is not None and name != OFFENCE:
        real = np.bincount(code, weights=(opened * traffic.real.hit)[use], minlength=size)
    return {
        str(value): _Total(
            int(lines[at]), float(within[at]), None if real is None else float(real[at])
        )
        for at, value in enumerate(values)
    }


def _real(total: _Total) -> Measure:
    if total.real is None:
        return Measure(None, why="the truth is not known")
    if not total.opened:
        return Measure(None, why="no line is opened")
    return wilson_measure(min(total.real, total.opened), total.opened)


def _never_examined(dimension: str, value: str) -> Slice:
    why = "no line was examined"
    none = Measure(None, why=why)
    return Slice(dimension, value, 0, 0, none, 0.0, 0.0, none, none, too_small=why)


def origins(parts: tuple[Part, ...]) -> tuple[OriginRow, ...]:
    """Hold practice and list against each other, origin by origin.

    Parameters
    ----------
    parts
        Of one version, from `parts_of`.

    Returns
    -------
    tuple of OriginRow
        The origin with most lines first.
    """
    rows = [_origin(part) for part in parts if part.dimension == ORIGIN]
    return tuple(sorted(rows, key=lambda row: (-row.lines, row.origin)))


def _origin(part: Part) -> OriginRow:
    own = part.examined
    return OriginRow(
        origin=part.value,
        lines=part.lines,
        examined=own.examined,
        hits=own.hits,
        examined_share=_share(own.examined, part.lines),
        hit_rate=own.hit_rate,
        opened=part.opened,
        opened_share=_share(part.opened, part.lines),
        found_rate=own.precision,
        estimated_rate=part.estimated,
        real_rate=part.real,
        too_small=own.too_small,
    )


def _share(some: float, lines: int) -> Measure:
    interval = wilson(min(some, lines), lines)
    return Measure(some / lines, interval.low, interval.high)
