"""A ridge logistic score over the features: what each says by itself, added up.

Where hits are few, hundreds of shallow facts that each point the same way carry more than any rule
a tree can cut out of them; beside the trees it errs on other lines than they do. Every part of the
score belongs to one feature, so its contributions are exact.

Source: Hoerl and Kennard, Ridge regression (1970); le Cessie and van Houwelingen, Ridge estimators
in logistic regression (1992).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from threadpoolctl import threadpool_limits

from targeting.training.additive import FARTHEST, LevelTerm, Linear, NumberTerm

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from targeting.features.spec import FeatureSpec

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Matrix = npt.NDArray[np.float32]

AT_MOST = 200_000
"""Rows it learns from; more change its few hundred numbers by less than it errs."""

MIN_LEVEL_ROWS = 20
"""A level of a category on fewer rows counts as any other level."""

_CONSTANT = 1e-6
_HALF = 0.5  # flags are rarer and blunter than numbers: half their weight, as in Gelman (2008)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an additive score may do with each feature.

    Parameters
    ----------
    use
        Shape (features,). Whether it may look at it.
    rising
        Shape (features,). Whether more of it must not lower the score.
    """

    use: Bools
    rising: Bools

    @classmethod
    def free(cls, features: int) -> Rules:
        """Leave every feature free.

        Parameters
        ----------
        features
            How many there are.
        """
        return cls(np.ones(features, dtype=bool), np.zeros(features, dtype=bool))


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the design: values made of a feature, and how they were standardised."""

    feature: int
    kind: str  # number, missing, level
    mean: float
    scale: float
    level: int = -1


def fit_linear(
    matrix: Matrix,
    hit: Bools,
    weight: Floats,
    spec: FeatureSpec,
    *,
    strength: float,
    rules: Rules | None = None,
) -> Linear:
    """Learn the additive score.

    Parameters
    ----------
    matrix
        Shape (n, features).
    hit
        Shape (n,).
    weight
        Shape (n,). Weight of each row.
    spec
        Names and categories of the features.
    strength
        Ridge penalty: half of it times the sum of squared slopes is added to the weighted loss.
    rules
        What it may look at; None leaves all features free.
    """
    if len(matrix) > AT_MOST:
        kept = _thinned(hit)
        weight = np.where(hit, 1.0, (~hit).sum() / (~hit)[kept].sum()) * weight
        matrix, hit, weight = matrix[kept], hit[kept], weight[kept]
    rules = rules or Rules.free(len(spec.names))
    columns, design = _design(matrix, spec, np.flatnonzero(rules.use))
    bounded = [c.kind == "number" and bool(rules.rising[c.feature]) for c in columns]
    slope, bias = _ridge(design, hit, weight, strength=strength, bounded=np.array(bounded))
    return _told(columns, slope, bias, spec)


def _ridge(
    design: Matrix, hit: Bools, weight: Floats, *, strength: float, bounded: Bools
) -> tuple[Floats, float]:
    """Fit the slopes and the bias; those bounded are not negative."""
    sign = np.where(hit, 1.0, -1.0)

    def loss(beta: Floats) -> tuple[float, Floats]:
        margin = sign * (design @ beta[:-1].astype(np.float32) + beta[-1])
        pull = -weight * sign * expit(-margin)
        value = weight @ np.logaddexp(0.0, -margin) + strength / 2 * (beta[:-1] @ beta[:-1])
        slope = pull.astype(np.float32) @ design + strength * beta[:-1]
        return float(value), np.append(slope, pull.sum())

    rate = (weight @ hit) / weight.sum()
    start = np.append(np.zeros(design.shape[1]), np.log(rate / (1 - rate)))
    bounds = [(0.0 if one else None, None) for one in bounded] + [(None, None)]
    # One thread: the order in which sums are added must not depend on the machine's cores.
    with threadpool_limits(1):
        found = minimize(
            loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 500, "ftol": 1e-7},
        )
    # What another processor's arithmetic may change is beyond the digits kept.
    kept = np.array([float(f"{one:.5g}") for one in found.x])
    return kept[:-1], float(kept[-1])


def _thinned(hit: Bools) -> npt.NDArray[np.intp]:
    """Keep every hit and an even sample of the rest, so that both stay in order of time."""
    rest = np.flatnonzero(~hit)
    places = np.linspace(0, len(rest) - 1, max(AT_MOST - int(hit.sum()), 1)).astype(int)
    return np.sort(np.concatenate([np.flatnonzero(hit), rest[np.unique(places)]]))


def _signed_log(value: npt.NDArray[np.float32]) -> Floats:
    wide = value.astype(np.float64)
    return np.sign(wide) * np.log1p(np.abs(wide))


def _design(
    matrix: Matrix, spec: FeatureSpec, features: npt.NDArray[np.intp]
) -> tuple[list[_Column], Matrix]:
    """Make the columns of some features and their values, shape (n, columns).

    The values of a column lie together in memory: read so, they come several times as fast.
    """
    categories = set(spec.categories)
    wide = {int(at): np.ascontiguousarray(matrix[:, at]) for at in features}
    columns: list[_Column] = []
    for at, value in list(wide.items()):
        if spec.names[at] in categories:
            columns += _of_category(value, at)
        else:
            wide[at] = _signed_log(value).astype(np.float32)
            columns += _of_number(wide[at], at)
    design = np.empty((len(columns), len(matrix)), dtype=np.float32)
    for place, column in enumerate(columns):
        design[place] = _values(wide[column.feature], column)
    return columns, design.T


def _of_number(value: npt.NDArray[np.float32], at: int) -> list[_Column]:
    """Make the columns of a number from its signed logarithm."""
    missing = np.isnan(value)
    if missing.all():
        return []
    known = value[~missing].astype(np.float64)
    mean, scale = float(known.mean()), float(known.std())
    found = [_Column(at, "number", mean, scale)] if scale > _CONSTANT else []
    share = float(missing.mean())
    if min(share, 1 - share) * len(value) >= MIN_LEVEL_ROWS:
        found.append(_Column(at, "missing", share, (share * (1 - share)) ** 0.5 / _HALF))
    return found


def _of_category(value: npt.NDArray[np.float32], at: int) -> list[_Column]:
    levels, counts = np.unique(value[~np.isnan(value)], return_counts=True)
    found = []
    for level, count in zip(levels, counts, strict=True):
        share = count / len(value)
        if count >= MIN_LEVEL_ROWS and share < 1:
            scale = (share * (1 - share)) ** 0.5 / _HALF
            found.append(_Column(at, "level", float(share), float(scale), int(level)))
    return found


def _values(value: npt.NDArray[np.float32], column: _Column) -> npt.NDArray[np.float32]:
    """Standardise a feature, a number by its signed logarithm, for one column."""
    if column.kind == "number":
        standard = (value - np.float32(column.mean)) / np.float32(column.scale)
        return np.nan_to_num(np.clip(standard, -FARTHEST, FARTHEST), nan=0.0)
    raw = np.isnan(value) if column.kind == "missing" else value == column.level
    return (raw.astype(np.float32) - np.float32(column.mean)) / np.float32(column.scale)


def _told(columns: Sequence[_Column], slope: Floats, bias: float, spec: FeatureSpec) -> Linear:
    """Gather the columns of each feature into its one term."""
    categories = [at for at, name in enumerate(spec.names) if name in set(spec.categories)]
    numbers = {at: NumberTerm() for at in range(len(spec.names)) if at not in categories}
    levels: dict[int, dict[int, float]] = {at: {} for at in categories}
    otherwise: dict[int, float] = dict.fromkeys(categories, 0.0)
    for column, each in zip(columns, slope, strict=True):
        at, step = column.feature, float(each) / column.scale
        if column.kind == "number":
            change = {"mean": column.mean, "scale": column.scale, "slope": float(each)}
            numbers[at] = numbers[at].model_copy(update=change)
        elif column.kind == "missing":
            change = {"if_stated": -column.mean * step, "if_missing": (1 - column.mean) * step}
            numbers[at] = numbers[at].model_copy(update=change)
        else:
            otherwise[at] -= column.mean * step
            levels[at][column.level] = step
    terms: list[NumberTerm | LevelTerm] = [
        numbers[at] if at in numbers else _level_term(levels[at], otherwise[at])
        for at in range(len(spec.names))
    ]
    return Linear(bias=bias, terms=tuple(terms))


def _level_term(steps: dict[int, float], otherwise: float) -> LevelTerm:
    by_level = {level: otherwise + step for level, step in steps.items()}
    return LevelTerm(by_level=by_level, otherwise=otherwise)
