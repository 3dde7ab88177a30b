"""Known weak spots: parts of the traffic where the order or the probability is clearly worse.

Many parts are looked at, and by chance alone some look bad. So a part counts as a weak spot only
where an interval widened for the number of looks (Bonferroni) still lies on the wrong side, and
clear of that of the parts it is held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from targeting.evaluation.intervals import CONFIDENCE, wilson
from targeting.evaluation.parts import wilson_measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from targeting.evaluation.measures import Measure, Slice

Kind = Literal["precision", "recall", "promises too much", "promises too little"]
"""What is worse: the hits among opened lines, the share of hits found, or the probability."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One part of the traffic in which something is clearly worse than elsewhere.

    Parameters
    ----------
    dimension, value
        Which part.
    kind
        What is worse.
    examined, hits
        Its examined lines and hits.
    found, of
        What was counted: hits among so many opened lines, hits found among so many hits, or hits
        among so many examined lines.
    share
        The one over the other, with its 95 % interval.
    against
        What it is held against: the same figure of the other parts of the dimension, or the mean
        probability the model gave.
    """

    dimension: str
    value: str
    kind: Kind
    examined: int
    hits: int
    found: float
    of: float
    share: Measure
    against: float


@dataclass(frozen=True, slots=True)
class Failures:
    """Weak spots, and what could not be told.

    Parameters
    ----------
    found
        By dimension and part.
    looked_at
        Figures of parts that were looked at.
    too_small
        Parts with too few lines or hits to say anything of.
    """

    found: tuple[Failure, ...]
    looked_at: int
    too_small: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class _Look:
    """One figure of one part, and what it is held against: other parts, or a probability."""

    part: Slice
    kind: Literal["precision", "recall", "probability"]
    found: float
    of: float
    others_found: float = 0.0
    others_of: float = 0.0

    @property
    def against(self) -> float:
        if self.kind == "probability":
            return self.part.mean_probability or 0.0
        return self.others_found / self.others_of

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Return between which shares it may lie for nothing to be wrong."""
        if self.kind == "probability":
            return self.against, self.against
        others = wilson(self.others_found, self.others_of, confidence=confidence)
        return others.low or 0.0, 1.0


def failures(slices: Sequence[Slice]) -> Failures:
    """Find the parts of the traffic where the model is clearly worse than elsewhere.

    Parameters
    ----------
    slices
        Of an evaluation.
    """
    small = tuple(part for part in slices if part.too_small)
    looks = [look for part in slices if not part.too_small for look in _looks(part, slices)]
    confidence = 1 - (1 - CONFIDENCE) / max(len(looks), 1)
    found = (_failure(look, confidence) for look in looks)
    return Failures(tuple(one for one in found if one is not None), len(looks), small)


def _looks(part: Slice, slices: Sequence[Slice]) -> Iterator[_Look]:
    others = [one for one in slices if one.dimension == part.dimension and one is not part]
    opened, found, hits = (
        float(sum(getattr(one, name) for one in others)) for name in ("opened", "found", "hits")
    )
    if part.precision.value is not None and opened:
        yield _Look(part, "precision", part.found, part.opened, min(found, opened), opened)
    if part.recall.value is not None and hits:
        yield _Look(part, "recall", part.found, part.hits, min(found, hits), hits)
    if part.mean_probability is not None:
        yield _Look(part, "probability", part.hits, part.examined)


def _failure(look: _Look, confidence: float) -> Failure | None:
    sure = wilson(look.found, look.of, confidence=confidence)
    low, high = look.bounds(confidence)
    kind: Kind
    if sure.high is not None and sure.high < low:
        kind = "promises too much" if look.kind == "probability" else look.kind
    elif sure.low is not None and sure.low > high:
        kind = "promises too little"
    else:
        return None
    part, share = look.part, wilson_measure(look.found, look.of)
    return Failure(
        part.dimension, part.value, kind, part.examined, part.hits, look.found, look.of, share,
        look.against,
    )  # fmt: skip
