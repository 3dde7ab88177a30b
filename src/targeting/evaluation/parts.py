"""Parts of the traffic: where the list works, where it does not, and where nobody can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from targeting.evaluation.intervals import wilson
from targeting.evaluation.lines import NOT_STATED
from targeting.evaluation.measures import Measure, ReasonRow, Slice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from targeting.evaluation.lines import Lines
    from targeting.evaluation.metrics import Floats

MIN_EXAMINED = 30
MIN_HITS = 5
OFFENCE = "offence"


def wilson_measure(hits: float, examined: float) -> Measure:
    """Give a share with Wilson's interval, or the reason why there is none.

    Parameters
    ----------
    hits
        Number of hits.
    examined
        Number of lines they are a share of.

    Examples
    --------
    >>> wilson_measure(0, 0)
    Measure(value=None, low=None, high=None, why='no line was examined')
    """
    interval = wilson(hits, examined)
    value = hits / examined if examined else None
    return Measure(value, interval.low, interval.high, interval.why)


def judge_reasons(lines: Lines) -> tuple[ReasonRow, ...]:
    """Hit rate of examined lines by why they were examined, in alphabetical order.

    Parameters
    ----------
    lines
        Scores and results.
    """
    reasons = lines.parts["selected_by"][lines.examined]
    hit = lines.hit[lines.examined]
    rows = ((str(reason), hit[reasons == reason]) for reason in np.unique(reasons))
    return tuple(
        ReasonRow(reason, len(hit), int(hit.sum()), wilson_measure(int(hit.sum()), len(hit)))
        for reason, hit in rows
    )


def judge_parts(lines: Lines, within: Floats) -> tuple[Slice, ...]:
    """Figures for each part of each dimension.

    Parameters
    ----------
    lines
        Scores and results.
    within
        Shape (n,). Chance with which each line is opened at capacity.

    Returns
    -------
    tuple of Slice
        By dimension; within one, those large enough come first, the highest share of hits among
        opened lines on top, then those too small to be ranked, in alphabetical order.
    """
    found: list[Slice] = []
    for dimension, part in lines.parts.items():
        found += sorted(_of_dimension(lines, within, dimension, part), key=_order)
    return tuple(found)


def _order(part: Slice) -> tuple[bool, float, str]:
    figure = part.recall.value if part.dimension == OFFENCE else part.precision.value
    return (bool(part.too_small), -(figure or 0.0), part.value)


def _of_dimension(lines: Lines, within: Floats, dimension: str, part: NDArray[Any]) -> list[Slice]:
    # A clear line has no offence, so a part "not stated" of the clear lines would say nothing.
    use = lines.hit if dimension == OFFENCE else lines.examined
    values, code = np.unique(part[use].astype(str), return_inverse=True)
    hit, opened = lines.hit[use].astype(np.float64), within[use]
    table = zip(
        values,
        np.bincount(code, minlength=len(values)),
        np.bincount(code, weights=hit, minlength=len(values)),
        np.bincount(code, weights=opened, minlength=len(values)),
        np.bincount(code, weights=opened * hit, minlength=len(values)),
        np.bincount(code, weights=lines.probability[use], minlength=len(values)),
        strict=True,
    )
    return [_slice(dimension, str(value), _Sums(*map(float, sums))) for value, *sums in table]


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over the examined lines of a part; of an offence, over its hits."""

    examined: float
    hits: float
    opened: float
    found: float
    probability: float


def _slice(dimension: str, value: str, sums: _Sums) -> Slice:
    examined, hits, opened = sums.examined, sums.hits, sums.opened
    # Sums of fractions may pass their total by a hair.
    found = min(sums.found, opened, hits)
    rates = (wilson_measure(hits, examined), _of_opened(found, opened))
    if dimension == OFFENCE:
        rates = (Measure(None, why="an offence is known of hits only"),) * 2
    return Slice(
        dimension=dimension,
        value=value,
        examined=int(examined),
        hits=int(hits),
        hit_rate=rates[0],
        opened=opened,
        found=found,
        precision=rates[1],
        recall=_of_hits(found, hits),
        too_small=too_small(dimension, value, int(examined), int(hits)),
        mean_probability=None if dimension == OFFENCE else sums.probability / examined,
    )


def _of_opened(found: float, opened: float) -> Measure:
    return wilson_measure(found, opened) if opened else Measure(None, why="no line within capacity")


def _of_hits(found: float, hits: float) -> Measure:
    return wilson_measure(found, hits) if hits else Measure(None, why="no hit")


def too_small(dimension: str, value: str, examined: int, hits: int) -> str:
    """Say why a part is too small to be ranked against others; empty when it is not.

    Parameters
    ----------
    dimension, value
        Which part of the traffic.
    examined, hits
        Examined lines and hits among them.

    Examples
    --------
    >>> too_small("office_id", "AZALA", 12, 9), too_small("offence", "drugs", 9, 9)
    ('12 examined, 30 needed', '')
    """
    wrong: list[str] = []
    if value == NOT_STATED:
        wrong.append(NOT_STATED)
    if dimension != OFFENCE and examined < MIN_EXAMINED:
        wrong.append(f"{examined} examined, {MIN_EXAMINED} needed")
    if hits < MIN_HITS:
        wrong.append(f"{hits} hits, {MIN_HITS} needed")
    return "; ".join(wrong)
