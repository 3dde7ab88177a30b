"""Trees as arrays, compiled: how a row finds its leaf in each of them.

A tree is the run of its vertices from the root down, the left branch before the right: the left
child of a vertex is the next one, the right child is named. Scores and contributions walk the same
vertices by the same decision, so they cannot disagree on where a row belongs.
"""

from __future__ import annotations

import numba
import numpy as np

VERTEX = np.dtype(
    [
        ("number", np.float64),
        ("feature", np.int32),
        ("right", np.int32),
        ("kind", np.int32),
        ("first", np.int32),
        ("words", np.int32),
        ("slot", np.int32),
    ],
    align=True,
)
"""A vertex: its threshold, or the value of a leaf; its feature, -1 for a leaf; its right child; how
it decides; where the bits of its categories begin and how many words they fill; and which of its
tree's features it looks at. Vertices are numbered within their tree."""

EDGE = np.dtype(
    [("ratio", np.float64), ("share", np.float64), ("above", np.int32), ("same", np.int32)],
    align=True,
)
"""What leads to a vertex: the share of the rows above that came this way; that share over all edges
on the way from the root that ask the same feature; the vertex above; and the nearest edge above
that asks the same feature. -1 stands for none."""

MISSING_RIGHT, MISSING_LEFT, ZERO_RIGHT, ZERO_LEFT, CATEGORY = range(5)
"""How a vertex decides: on a number, what is missing going right or left; the same where zero
counts as missing; on a category."""

ZERO = float(np.float32(1e-35))
"""LightGBM takes numbers no further than this from zero for zero."""

BLOCK = 64
"""Rows that go through a tree together, so that the tree stays near the processor."""

_INT_END = 2147483648.0


@numba.njit(cache=True, nogil=True)
def placed(left, right):
    """Find where each inner vertex and each leaf stands, the left branch before the right.

    Parameters
    ----------
    left, right
        Shape (inner,). Children as LightGBM numbers them: inner vertices from 0, each after the
        one above it; leaves from -1 downwards.

    Returns
    -------
    tuple of ndarray
        Places of the inner vertices, shape (inner,), and of the leaves, shape (inner + 1,).
    """
    inner = len(left)
    size = np.ones(inner, dtype=np.int64)
    for at in range(inner - 1, -1, -1):
        for child in (left[at], right[at]):
            size[at] += size[child] if child >= 0 else 1
    vertex = np.zeros(inner, dtype=np.int64)
    leaf = np.zeros(inner + 1, dtype=np.int64)
    for at in range(inner):
        place = vertex[at] + 1
        for child in (left[at], right[at]):
            if child >= 0:
                vertex[child] = place
                place += size[child]
            else:
                leaf[-1 - child] = place
                place += 1
    return vertex, leaf


@numba.njit(cache=True, nogil=True)
def connect(vertices, edges):
    """Note, for each edge, the nearest one above that asks the same feature, and their share.

    Parameters
    ----------
    vertices
        Shape (v,). One tree.
    edges
        Shape (v,). The ratio and the vertex above are there.

    Returns
    -------
    int
        How many different features the path asks that asks most.
    """
    edges[0].same = -1
    asked_to = np.zeros(len(edges), dtype=np.int64)
    for at in range(1, len(edges)):
        seen = edges[at].above
        asked = vertices[seen].feature
        while seen > 0 and vertices[edges[seen].above].feature != asked:
            seen = edges[seen].above
        edges[at].same = seen if seen > 0 else -1
        edges[at].share = edges[at].ratio * (edges[seen].share if seen > 0 else 1.0)
        asked_to[at] = asked_to[edges[at].above] + (seen == 0)
    return np.max(asked_to)


@numba.njit(cache=True, nogil=True)
def goes_left(vertex, value, bits):
    """Decide which way a value goes, as LightGBM does.

    Parameters
    ----------
    vertex
        An inner vertex.
    value
        Of its feature; NaN where missing.
    bits
        The words of all sets of categories.
    """
    kind = vertex.kind
    if kind <= MISSING_LEFT:
        return value <= vertex.number or (kind == MISSING_LEFT and np.isnan(value))
    if kind < CATEGORY:
        if value == 0.0 or np.isnan(value):
            return kind == ZERO_LEFT
        return value <= vertex.number
    if not -1.0 < value < _INT_END:  # below, beyond or missing: no category at all
        return False
    category = np.int64(value)
    word = category >> 5
    if word >= vertex.words:
        return False
    return (bits[vertex.first + word] >> np.uint32(category & 31)) & np.uint32(1) != 0


@numba.njit(cache=True, nogil=True)
def block_of(matrix, start, stop, rows):
    """Copy some rows, with zero where LightGBM reads zero.

    Parameters
    ----------
    matrix
        Shape (n, features), float32.
    start, stop
        The rows.
    rows
        Shape (at least stop - start, features). Filled in.
    """
    for at in range(start, stop):
        for column in range(matrix.shape[1]):
            value = matrix[at, column]
            rows[at - start, column] = np.float32(0.0) if abs(value) <= ZERO else value


@numba.njit(cache=True, nogil=True)
def scored(vertices, roots, bits, matrix, out):
    """Add up the leaves each row falls into, tree by tree in their order.

    Parameters
    ----------
    vertices
        Shape (v,). All trees.
    roots
        Shape (trees,). Where each begins.
    bits
        The words of all sets of categories.
    matrix
        Shape (n, features), float32.
    out
        Shape (n,). Filled in.
    """
    rows = np.empty((min(BLOCK, len(matrix)), matrix.shape[1]), dtype=np.float32)
    for start in range(0, len(matrix), BLOCK):
        stop = min(start + BLOCK, len(matrix))
        block_of(matrix, start, stop, rows)
        out[start:stop] = 0.0
        for root in roots:
            for at in range(stop - start):
                here = root
                while vertices[here].feature >= 0:
                    value = np.float64(rows[at, vertices[here].feature])
                    left = goes_left(vertices[here], value, bits)
                    here = here + 1 if left else root + vertices[here].right
                out[start + at] += vertices[here].number
