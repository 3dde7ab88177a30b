"""Numbers for keys, compiled: what pandas and Arrow do by hashing text, done by sorting numbers.

A column that is a dictionary already is numbers; two of them are joined by walking the rows of one
level after the other, so that no table of pairs is ever hashed.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def first_appearance(codes, levels):
    """Return codes numbered anew, in the order they first appear.

    Parameters
    ----------
    codes
        Shape (n,). From 0 to `levels`, exclusive; below zero where the key is missing.
    levels
        Number of levels.

    Returns
    -------
    tuple of ndarray
        The new codes, -1 where the key is missing; and the old code behind each new one.
    """
    number = np.full(levels, -1, np.int32)
    behind = np.empty(levels, np.int32)
    out = np.full(len(codes), -1, np.int32)
    count = 0
    for at in range(len(codes)):
        code = codes[at]
        if code < 0:
            continue
        if number[code] < 0:
            number[code] = count
            behind[count] = code
            count += 1
        out[at] = number[code]
    return out, behind[:count].copy()


@numba.njit(cache=True, nogil=True)
def _by_level(left, right, levels):
    """Put the rows that have both codes side by side by the left one: a counting sort."""
    starts = np.zeros(levels + 1, np.int32)
    for at in range(len(left)):
        if left[at] >= 0 and right[at] >= 0:
            starts[left[at] + 1] += 1
    for level in range(levels):
        starts[level + 1] += starts[level]
    place = starts[:-1].copy()
    rows = np.empty(starts[levels], np.int32)
    others = np.empty(starts[levels], np.int32)
    for at in range(len(left)):
        if left[at] >= 0 and right[at] >= 0:
            to = place[left[at]]
            place[left[at]] = to + 1
            rows[to] = at
            others[to] = right[at]
    return starts, rows, others


@numba.njit(cache=True, nogil=True)
def pairs(left, right, left_levels, right_levels):
    """Return numbers for the pairs of two codes, level by level of the left one.

    Parameters
    ----------
    left, right
        Shape (n,). Codes; below zero where the part is missing, and with it the pair.
    left_levels, right_levels
        Number of levels of each.

    Returns
    -------
    tuple of ndarray
        The pair's code of each row or -1, and the left and the right code behind each pair.
    """
    starts, rows, others = _by_level(left, right, left_levels)
    mark = np.full(right_levels, -1, np.int32)
    number = np.empty(right_levels, np.int32)
    out = np.full(len(left), -1, np.int32)
    lefts = np.empty(len(rows), np.int32)
    rights = np.empty(len(rows), np.int32)
    count = 0
    for level in range(left_levels):
        for at in range(starts[level], starts[level + 1]):
            other = others[at]
            if mark[other] != level:
                mark[other] = level
                number[other] = count
                lefts[count] = level
                rights[count] = other
                count += 1
            out[rows[at]] = number[other]
    return out, lefts[:count].copy(), rights[:count].copy()


@numba.njit(cache=True, nogil=True)
def only_wanted(codes, levels, wanted):
    """Drop the codes no wanted row has, and rows after the last wanted one of their code.

    Parameters
    ----------
    codes
        Shape (n,). Codes; below zero where the key is missing.
    levels
        Number of levels.
    wanted
        Shape (m,). Whether each of the first m rows is wanted. The rows after them are another
        table's, and are dropped with their code only.

    Returns
    -------
    ndarray
        The codes, -1 for those dropped: what nobody asks about need not be followed.
    """
    last = np.full(levels, -1, np.int32)
    for at in range(len(wanted)):
        if wanted[at] and codes[at] >= 0:
            last[codes[at]] = at
    out = np.full(len(codes), -1, np.int32)
    for at in range(len(codes)):
        code = codes[at]
        if code >= 0 and last[code] >= (at if at < len(wanted) else 0):
            out[at] = code
    return out
