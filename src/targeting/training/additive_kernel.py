"""Additive and expert scores, compiled: what each value adds, for one row as for millions.

What a row adds up to is the sum of its terms in the order of the features, so a score does not
depend on the rows beside it.
"""

from __future__ import annotations

import math

import numba
import numpy as np

TERM = np.dtype(
    [
        ("mean", np.float64),
        ("scale", np.float64),
        ("slope", np.float64),
        ("if_stated", np.float64),
        ("if_missing", np.float64),
        ("first", np.int64),
        ("stop", np.int64),
        ("is_level", np.bool_),
    ],
    align=True,
)
"""What a feature adds; of a category, where its levels stand among all, and what any other adds as
`if_missing`."""

LEVEL = np.dtype([("code", np.float64), ("adds", np.float64)])
"""A level of a category, by code, and what it adds."""

CONDITION = np.dtype(
    [("low", np.float32), ("high", np.float32), ("column", np.int32), ("missing", np.bool_)],
    align=True,
)
"""Bounds on one column, themselves included, and whether a missing value meets them too."""

INDICATOR = np.dtype([("points", np.float64), ("first", np.int32), ("stop", np.int32)], align=True)
"""Points of an indicator, and where its conditions stand among all."""


@numba.njit(cache=True, nogil=True)
def _of_level(levels, first, stop, value, otherwise):
    """Return what a level adds; they are in the order of their codes."""
    end = stop
    while first < end:
        middle = (first + end) // 2
        if levels[middle].code < value:
            first = middle + 1
        else:
            end = middle
    if first < stop and levels[first].code == value:
        return levels[first].adds
    return otherwise


@numba.njit(cache=True, nogil=True)
def _adds(term, levels, value, farthest):
    """Return what a value adds."""
    if term.is_level:
        return _of_level(levels, term.first, term.stop, value, term.if_missing)
    if np.isnan(value):
        return term.if_missing
    if term.slope == 0.0:
        return term.if_stated
    squeezed = math.copysign(math.log1p(abs(value)), value)
    known = min(max((squeezed - term.mean) / term.scale, -farthest), farthest)
    return term.slope * known + term.if_stated


@numba.njit(cache=True, nogil=True)
def summed(terms, levels, farthest, bias, matrix, out):
    """Add up all terms of each row.

    Parameters
    ----------
    terms, levels
        `TERM`, one per feature; `LEVEL`, those of each category in order.
    farthest
        Standard deviations beyond which a number says no more.
    bias
        Where the sum starts.
    matrix
        Shape (n, features), float32.
    out
        Shape (n,). Filled in.
    """
    for at in range(len(matrix)):
        total = bias
        for column in range(len(terms)):
            total += _adds(terms[column], levels, np.float64(matrix[at, column]), farthest)
        out[at] = total


@numba.njit(cache=True, nogil=True)
def spread(terms, levels, farthest, matrix, out):
    """Tell each term of each row.

    Parameters
    ----------
    terms, levels, farthest, matrix
        As for `summed`.
    out
        Shape (n, features). Filled in.
    """
    for at in range(len(matrix)):
        for column in range(len(terms)):
            value = np.float64(matrix[at, column])
            out[at, column] = _adds(terms[column], levels, value, farthest)


@numba.njit(cache=True, nogil=True)
def _meets(condition, value):
    return (condition.low <= value <= condition.high) or (condition.missing and np.isnan(value))


@numba.njit(cache=True, nogil=True)
def _holds(indicator, conditions, row):
    """Tell whether all conditions of an indicator are met."""
    for at in range(indicator.first, indicator.stop):
        if not _meets(conditions[at], row[conditions[at].column]):
            return False
    return True


@numba.njit(cache=True, nogil=True)
def points_summed(indicators, conditions, bias, matrix, out):
    """Add up the points of the indicators each row meets.

    Parameters
    ----------
    indicators, conditions
        `INDICATOR` and `CONDITION`.
    bias
        Where the sum starts.
    matrix
        Shape (n, features), float32.
    out
        Shape (n,). Filled in.
    """
    for at in range(len(matrix)):
        total = bias
        for each in range(len(indicators)):
            if _holds(indicators[each], conditions, matrix[at]):
                total += indicators[each].points
        out[at] = total


@numba.njit(cache=True, nogil=True)
def points_spread(indicators, conditions, into, matrix, out):
    """Add the points of the indicators each row meets to a column of theirs.

    Parameters
    ----------
    indicators, conditions
        As for `points_summed`.
    into
        Shape (indicators,). Column of each.
    matrix
        Shape (n, features), float32.
    out
        Shape (n, columns). Added to.
    """
    for at in range(len(matrix)):
        for each in range(len(indicators)):
            if _holds(indicators[each], conditions, matrix[at]):
                out[at, into[each]] += indicators[each].points
