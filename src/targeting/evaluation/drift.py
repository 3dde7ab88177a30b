"""What moved between the lines a model learnt from and those it is judged on.

The population stability index of a feature sums, over bins, the change of a bin's share times the
logarithm of its ratio: 0 when nothing moved. Bins are deciles of the earlier lines; a value that
many lines share stays in one bin, and a missing value has a bin of its own.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.evaluation.plots import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    canvas,
    figure_of,
    say_instead,
)
from targeting.evaluation.words import shorten

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from targeting.evaluation.metrics import Floats
    from targeting.evaluation.plots import Axes, Figure
    from targeting.training.block import Block

BINS = 10
NOTICEABLE, LARGE = 0.10, 0.25
"""Customary bounds of the index (Siddiqi, Credit Risk Scorecards, 2006)."""
SCORE = "score"
_SURE = 0.95
_HALF_A_LINE = 0.5
"""Added to each bin, so that an empty one does not make the index infinite."""
_MISSING, _OTHER_LEVELS, _UNKNOWN_LEVEL = "missing", "any other", "unknown in training"


@dataclass(frozen=True, slots=True)
class Shift:
    """How one feature, or the score, moved.

    Parameters
    ----------
    name
        Of the feature, or `score`.
    index
        Population stability index.
    by_chance
        What the index would stay below, had nothing moved: with 95 % confidence for all features
        compared together, lines taken as independent.
    missing_before, missing_now
        Share of lines without a value.
    most_moved
        The bin whose share changed most: its values, or `missing`.
    share_before, share_now
        Share of the lines in that bin.
    """

    name: str
    index: float
    by_chance: float
    missing_before: float
    missing_now: float
    most_moved: str
    share_before: float
    share_now: float

    @property
    def moved(self) -> bool:
        """Whether it moved noticeably, and more than chance would move it."""
        return self.index > max(NOTICEABLE, self.by_chance)


@dataclass(frozen=True, slots=True)
class Drift:
    """What moved between two blocks of lines.

    Parameters
    ----------
    before, now
        Lines of each block.
    features
        Every feature, those that moved most first.
    score
        The score; None when it was not compared.
    """

    before: int
    now: int
    features: tuple[Shift, ...]
    score: Shift | None = None

    def flat_metrics(self) -> dict[str, float]:
        """Figures under stable names, for MLflow and DVC."""
        named = {
            "drift_features": float(len(self.features)),
            "drift_features_moved": float(sum(one.moved for one in self.features)),
        }
        if self.features:
            named["drift_largest"] = self.features[0].index
        if self.score is not None:
            named["drift_score"] = self.score.index
        return named


def drift(before: Block, now: Block, *, scores: tuple[Floats, Floats] | None = None) -> Drift:
    """Compare the lines a model learnt from with those it is judged on.

    Parameters
    ----------
    before
        Lines the bins are learnt on.
    now
        Later lines, with the same features.
    scores
        Scores of the earlier and of the later lines, if they are to be compared. A model's scores
        of lines it learnt from are more extreme than those of other lines: give scores of lines
        that the model which scored them had not seen.

    Returns
    -------
    Drift
        Every feature, the most moved first.

    Raises
    ------
    ValueError
        If the two blocks do not have the same features.
    """
    names = before.spec.names
    if names != now.spec.names:
        raise ValueError("the two blocks do not have the same features")
    levels = before.spec.levels
    compared = len(names) + (scores is not None)
    shifts = (
        _shift(name, (before.matrix[:, at], now.matrix[:, at]), compared, levels.get(name))
        for at, name in enumerate(names)
    )
    ordered = sorted(shifts, key=lambda one: (-one.index, one.name))
    score = None if scores is None else _shift(SCORE, scores, compared)
    return Drift(len(before), len(now), tuple(ordered), score)


def _shift(
    name: str,
    values: tuple[NDArray[np.floating], NDArray[np.floating]],
    compared: int,
    levels: tuple[str, ...] | None = None,
) -> Shift:
    before, now = values
    bins = _decile_bins(before) if levels is None else _level_bins(before, levels)
    counts = np.array([bins.counts(before), bins.counts(now)], dtype=np.float64)
    index, change = _index(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    most = int(np.argmax(change))
    return Shift(
        name=name,
        index=index,
        by_chance=_by_chance(counts, compared),
        missing_before=float(shares[0, -1]),
        missing_now=float(shares[1, -1]),
        most_moved=bins.words(most),
        share_before=float(shares[0, most]),
        share_now=float(shares[1, most]),
    )


def _index(counts: Floats) -> tuple[float, Floats]:
    """Compute the index, and what each bin adds to it; a bin empty in both adds nothing."""
    used = counts.sum(axis=0) > 0
    smooth = np.where(used, counts + _HALF_A_LINE, 0.0)
    shares = smooth / np.maximum(smooth.sum(axis=1, keepdims=True), _HALF_A_LINE)
    change = np.zeros(counts.shape[1])
    change[used] = (shares[1, used] - shares[0, used]) * np.log(shares[1, used] / shares[0, used])
    return float(change.sum()), change


def _by_chance(counts: Floats, compared: int) -> float:
    """Bound of the index had nothing moved; Yurdakul and Naranjo, J. Risk Model Validation, 2020.

    The index times n m / (n + m) is then about chi-squared with a degree less than bins.
    """
    from scipy.special import chdtri

    lines = counts.sum(axis=1)
    bins = int((counts.sum(axis=0) > 0).sum())
    if bins < 2 or not lines.all():
        return 0.0
    return float(chdtri(bins - 1, (1 - _SURE) / compared) * (1 / lines).sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Bins:
    """Bins of a feature: numbers cut at `edges`, or category codes; the last is `missing`."""

    edges: Floats
    levels: Floats | None = None
    names: tuple[str, ...] = ()

    def counts(self, values: NDArray[np.floating]) -> NDArray[np.intp]:
        """Count the lines in each bin."""
        known = values[~np.isnan(values)].astype(np.float64)
        if self.levels is None:
            code = np.searchsorted(self.edges, known, side="left")
            last = len(self.edges)
        else:
            last = len(self.levels)
            code = np.full(len(known), last)
            for at, level in enumerate(self.levels):
                code[known == level] = at
        counts = np.bincount(code, minlength=last + 1)
        return np.append(counts, len(values) - len(known))

    def words(self, at: int) -> str:
        """Name a bin."""
        if self.levels is not None:
            known = [*self.names, _UNKNOWN_LEVEL]
            return [*(known[int(level)] for level in self.levels), _OTHER_LEVELS, _MISSING][at]
        if at > len(self.edges):
            return _MISSING
        if not len(self.edges):
            return "any value"
        if at == 0:
            return f"up to {self.edges[0]:.4g}"
        above = f"above {self.edges[at - 1]:.4g}"
        return above if at == len(self.edges) else f"{above} up to {self.edges[at]:.4g}"


def _decile_bins(values: NDArray[np.floating]) -> _Bins:
    """Put each value in the tenth its middle rank falls in, so equal values never part."""
    distinct, count = np.unique(values[~np.isnan(values)].astype(np.float64), return_counts=True)
    if not len(distinct):
        return _Bins(np.zeros(0))
    upto = np.cumsum(count)
    tenth = np.floor(BINS * (upto - count / 2) / upto[-1])
    last = np.flatnonzero(np.diff(tenth))
    # Halfway to the next value: a later value between the two goes to the nearer bin.
    return _Bins((distinct[last] + distinct[last + 1]) / 2)


def _level_bins(codes: NDArray[np.floating], names: tuple[str, ...]) -> _Bins:
    """Give the most frequent levels a bin each; the rest share one."""
    distinct, count = np.unique(codes[~np.isnan(codes)].astype(np.float64), return_counts=True)
    order = np.lexsort((distinct, -count))[: BINS - 1]
    return _Bins(np.zeros(0), np.sort(distinct[order]), names)


def write_drift(found: Drift, folder: Path) -> None:
    """Write what moved as `plots/drift.csv` of an evaluation's folder.

    Parameters
    ----------
    found
        From `drift`.
    folder
        The folder `write_evaluation` wrote, before it gets its name.
    """
    shifts = [] if found.score is None else [found.score]
    rows = [asdict(one) | {"moved": one.moved} for one in (*shifts, *found.features)]
    if not rows:
        return
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    with (folder / "plots" / "drift.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def drift_plot(found: Drift, *, most: int = 15) -> Figure:
    """Show the features that moved most, and the score, against what chance would do.

    Parameters
    ----------
    found
        From `drift`.
    most
        Features shown.
    """
    shifts = ([] if found.score is None else [found.score]) + list(found.features[:most])
    with canvas(1.5 + 0.27 * max(len(shifts), 3)) as axes:
        axes.set_title("What has moved since training")
        if shifts:
            _bars(axes, shifts)
        else:
            say_instead(axes, "No feature was compared")
    return figure_of(axes)


def _bars(axes: Axes, shifts: list[Shift]) -> None:
    rows = range(len(shifts))
    colours = [ORANGE if one.moved else BLUE for one in shifts]
    axes.barh(rows, [one.index for one in shifts], color=colours, height=0.7)
    chance = [one.by_chance for one in shifts]
    axes.plot(chance, rows, "|", color=INK, ms=15, mew=1.6, label="Chance alone stays below this")
    for bound, style, words in ((NOTICEABLE, ":", "worth a look"), (LARGE, "--", "large")):
        axes.axvline(bound, color=GREY, lw=1, ls=style, label=f"{bound:g}: {words}")
    axes.set_yticks(rows, [shorten(one.name) for one in shifts])
    axes.invert_yaxis()
    axes.yaxis.grid(visible=False)
    axes.set_xlabel("Population stability index; orange: moved noticeably, and more than by chance")
    axes.legend(loc="lower right")
