"""Dependence: how the value of a feature moves the score, with the lines behind each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from targeting.features.registry import Feature

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

BINS = 8
THIN = 30
"""Below so many lines a step says little; evaluation ranks no smaller part either."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Lines whose feature has nearly the same value.

    Parameters
    ----------
    label
        The values, as a reader knows them.
    lines
        How many lines.
    mean
        Mean contribution, in log-odds.
    low, high
        Between which eight of ten contributions lie.
    """

    label: str
    lines: int
    mean: float
    low: float
    high: float

    @property
    def is_thin(self) -> bool:
        """Whether there are too few lines to say much."""
        return self.lines < THIN


@dataclass(frozen=True, slots=True)
class Dependence:
    """How one feature moves the score over its range.

    Parameters
    ----------
    feature, subject, meaning
        Which feature, what it speaks of, and what it is.
    bins
        From low to high values; lines that do not state it come last.
    """

    feature: str
    subject: str
    meaning: str
    bins: tuple[Bin, ...]


def bins_of(values: Floats, contribution: Floats, *, levels: Sequence[str] = ()) -> tuple[Bin, ...]:
    """Sum contributions up by the value of their feature.

    Parameters
    ----------
    values
        Shape (n,). NaN where not stated.
    contribution
        Shape (n,), in log-odds.
    levels
        Names of the codes of a category, in their order; one code past the last is any other.

    Returns
    -------
    tuple of Bin
        At most `BINS` of stated values, as many lines in each as the values allow; one bin a
        value where there are no more values than bins. Of a category, the most frequent levels.

    Examples
    --------
    >>> found = bins_of(np.array([0.0, 1.0, 1.0, np.nan]), np.array([-0.1, 0.4, 0.6, 0.0]))
    >>> [(one.label, one.lines, one.mean) for one in found]
    [('0', 1, -0.1), ('1', 2, 0.5), ('not stated', 1, 0.0)]
    """
    parts = _levels(values, levels) if levels else _ranges(values)
    known = [(label, which) for label, which in parts if which.any()]
    missing = ~np.isfinite(values)
    whole = [*known, *([("not stated", missing)] if missing.any() else [])]
    return tuple(_bin(label, contribution[which]) for label, which in whole)


def _bin(label: str, moved: Floats) -> Bin:
    low, high = np.quantile(moved, (0.1, 0.9))
    return Bin(label, len(moved), float(moved.mean()), float(low), float(high))


def _levels(values: Floats, levels: Sequence[str]) -> Iterator[tuple[str, Bools]]:
    named = np.where(values >= len(levels), len(levels), values)
    codes, count = np.unique(named[np.isfinite(named)], return_counts=True)
    often = np.lexsort((codes, -count))[:BINS]
    for code in codes[often].astype(int).tolist():
        label = str(levels[code]) if code < len(levels) else "any other"
        yield label, named == code


def _ranges(values: Floats) -> Iterator[tuple[str, Bools]]:
    known = values[np.isfinite(values)]
    each = np.unique(known)
    if len(each) <= BINS:
        for value in each.tolist():
            yield f"{value:.4g}", values == value
        return
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1), method="lower"))
    for at, (low, high) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        last = at == len(edges) - 2
        which = (values >= low) & ((values <= high) if last else (values < high))
        yield f"{low:.3g} to {high:.3g}", which


def main_features(size: Floats, features: Sequence[Feature], *, most: int) -> list[int]:
    """Choose the strongest feature of each of the subjects that move scores most.

    Parameters
    ----------
    size
        Shape (features,). Mean size of each feature's contribution.
    features
        In the order of the matrix.
    most
        How many.

    Returns
    -------
    list of int
        Places in the matrix, the strongest subject's first.
    """
    total: dict[str, float] = {}
    best: dict[str, int] = {}
    for at, feature in enumerate(features):
        subject = feature.group or feature.name
        total[subject] = total.get(subject, 0.0) + float(size[at])
        if subject not in best or size[at] > size[best[subject]]:
            best[subject] = at
    ranked = sorted(total, key=lambda name: (-total[name], name))
    return [best[name] for name in ranked[:most]]
