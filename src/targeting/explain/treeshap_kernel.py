"""Contributions of rows to the sum of trees, compiled: many rows at once, or one.

For a row, an edge of a tree is closed, when an edge above on the same feature was not met; unmet;
or met. What that does to the product over the features of a path, and what the edge's own feature
gets of the leaves below, depends on the tree alone and is worked out once for a block of rows.
`treeshap.py` says why the sums are Shapley values. Rows go through a tree side by side, as a
processor multiplies several numbers at once; a row alone goes the same way without the loop over
rows. Both do the same operations in the same order: the results are equal to the bit.
"""

from __future__ import annotations

import numba
import numpy as np

from targeting.training.forest_kernel import block_of, goes_left

BLOCK = 64
"""Rows that go through a tree together."""

FEW = 4
"""Rows fewer than this go through alone."""

_CLOSED, _UNMET, _MET = range(3)


@numba.njit(cache=True, nogil=True)
def explained(trees, bits, asked, rules, matrix, out):
    """Tell what each feature contributes to the sum of all trees.

    Parameters
    ----------
    trees
        Vertices, edges and roots, as `targeting.training.forest.Forest` holds them.
    bits
        The words of all sets of categories.
    asked
        Features of each tree, and where those of each begin, as `Forest` holds them.
    rules
        How many points are taken of each tree, shape (trees,); and for each number of points from 0
        on, the points and their weights, shape (most + 1, 2, most).
    matrix
        Shape (n, features), float32.
    out
        Shape (n, features). Filled in.
    """
    vertices, edges, roots = trees
    sizes, rule = rules
    lanes, width = (BLOCK if len(matrix) >= FEW else 1), rule.shape[2]
    most = 0
    for tree in range(len(sizes)):
        most = max(most, roots[tree + 1] - roots[tree])
    times, gain = np.zeros((3 * most, width)), np.zeros((3 * most, width))
    product, added = np.empty((most, width, lanes)), np.zeros((most, width, lanes))
    one_product, one_added = (
        product.reshape(most, width * lanes),
        added.reshape(most, width * lanes),
    )
    state = np.zeros((most, lanes), dtype=np.int8)
    rows = np.empty((lanes, matrix.shape[1]), dtype=np.float32)
    total = np.empty((matrix.shape[1], lanes))
    for start in range(0, len(matrix), lanes):
        count = min(lanes, len(matrix) - start)
        block_of(matrix, start, start + count, rows)
        total[:] = 0.0
        for tree in range(len(sizes)):
            run = vertices[roots[tree] : roots[tree + 1]]
            leads = edges[roots[tree] : roots[tree + 1]]
            size = sizes[tree]
            points, weights = rule[size, 0, :size], rule[size, 1, :size]
            _moves(leads, points, times, gain)
            _meet(run, leads, bits, rows, count, state)
            if lanes == 1:
                _go_down_alone(run, weights, times, state, one_product)
                _come_up_alone(run, size, gain, state, one_product, one_added)
            else:
                _go_down(run, weights, count, times, state, product)
                _come_up(run, size, count, gain, state, product, added)
            _hand_over(asked, tree, size, count, added, total)
        for at in range(count):
            for column in range(len(total)):
                out[start + at, column] = total[column, at]


@numba.njit(cache=True, nogil=True)
def _moves(edges, points, times, gain):
    """Work out what each state of each edge does at each point, in rows 3 * edge + state.

    `times` is the factor of the product, `gain` that of what the feature gets of the leaves below.
    """
    away = -1.0 / (1.0 - points)
    for at in range(1, len(edges)):
        share, same = edges[at].share, edges[at].same
        unmet, met = 3 * at + _UNMET, 3 * at + _MET
        for point in range(len(points)):
            left_out = share * (1.0 - points[point])
            now = points[point] + left_out
            times[unmet, point], times[met, point] = left_out, now
            gain[unmet, point], gain[met, point] = away[point], (1.0 - share) / now
        if same < 0:
            continue
        earlier = edges[same].share  # what this feature did above is taken back
        for point in range(len(points)):
            before = points[point] + earlier * (1.0 - points[point])
            had = (1.0 - earlier) / before
            times[3 * at, point], gain[3 * at, point] = edges[at].ratio, 0.0
            times[unmet, point] /= before
            times[met, point] /= before
            gain[unmet, point] -= had
            gain[met, point] -= had


@numba.njit(cache=True, nogil=True)
def _meet(vertices, edges, bits, rows, count, state):
    """Find the state of each edge for each row."""
    for at in range(len(vertices)):
        vertex = vertices[at]
        if vertex.feature < 0:
            continue
        near, far, same = at + 1, vertex.right, edges[at + 1].same
        for lane in range(count):
            left = goes_left(vertex, np.float64(rows[lane, vertex.feature]), bits)
            state[near, lane] = _MET if left else _UNMET
            state[far, lane] = _UNMET if left else _MET
        if same >= 0:
            for lane in range(count):
                if state[same, lane] != _MET:
                    state[near, lane] = state[far, lane] = _CLOSED


@numba.njit(cache=True, nogil=True)
def _three(factor, edge, point):
    edge *= 3
    return factor[edge, point], factor[edge + 1, point], factor[edge + 2, point]


@numba.njit(cache=True, nogil=True)
def _of(three, state):
    """Choose among three without a jump: all rows do the same."""
    return three[2] if state == _MET else (three[1] if state == _UNMET else three[0])


@numba.njit(cache=True, nogil=True)
def _go_down(vertices, weights, count, times, state, product):
    """Work out the product at each vertex, along all branches of a tree, at each point and row."""
    for point in range(len(weights)):
        product[0, point, :count] = weights[point]
    for at in range(len(vertices)):
        near, far, value = at + 1, vertices[at].right, vertices[at].number
        inner = vertices[at].feature >= 0
        for point in range(len(weights)):
            if not inner:
                for lane in range(count):
                    product[at, point, lane] *= value
                continue
            left, right = _three(times, near, point), _three(times, far, point)
            for lane in range(count):
                above = product[at, point, lane]
                product[near, point, lane] = above * _of(left, state[near, lane])
                product[far, point, lane] = above * _of(right, state[far, lane])


@numba.njit(cache=True, nogil=True)
def _come_up(vertices, size, count, gain, state, product, added):
    """Add up the leaves below each vertex, and what each feature gets of them."""
    for at in range(len(vertices) - 1, -1, -1):
        if vertices[at].feature < 0:
            continue
        near, far, slot = at + 1, vertices[at].right, vertices[at].slot
        for point in range(size):
            left, right = _three(gain, near, point), _three(gain, far, point)
            for lane in range(count):
                below, beside = product[near, point, lane], product[far, point, lane]
                gained = below * _of(left, state[near, lane])
                added[slot, point, lane] += gained + beside * _of(right, state[far, lane])
                product[at, point, lane] = below + beside


@numba.njit(cache=True, nogil=True)
def _go_down_alone(vertices, weights, times, state, product):
    """Do as `_go_down`, for one row."""
    for point in range(len(weights)):
        product[0, point] = weights[point]
    for at in range(len(vertices)):
        if vertices[at].feature < 0:
            value = vertices[at].number
            for point in range(len(weights)):
                product[at, point] *= value
            continue
        near, far = at + 1, vertices[at].right
        left, right = 3 * near + state[near, 0], 3 * far + state[far, 0]
        for point in range(len(weights)):
            above = product[at, point]
            product[near, point] = above * times[left, point]
            product[far, point] = above * times[right, point]


@numba.njit(cache=True, nogil=True)
def _come_up_alone(vertices, size, gain, state, product, added):
    """Do as `_come_up`, for one row."""
    for at in range(len(vertices) - 1, -1, -1):
        if vertices[at].feature < 0:
            continue
        near, far, slot = at + 1, vertices[at].right, vertices[at].slot
        left, right = 3 * near + state[near, 0], 3 * far + state[far, 0]
        for point in range(size):
            below, beside = product[near, point], product[far, point]
            gained = below * gain[left, point]
            added[slot, point] += gained + beside * gain[right, point]
            product[at, point] = below + beside


@numba.njit(cache=True, nogil=True)
def _hand_over(asked, tree, size, count, added, total):
    """Add up the points, and leave nothing for the next tree."""
    features, first_asked = asked
    for slot in range(first_asked[tree + 1] - first_asked[tree]):
        column = features[first_asked[tree] + slot]
        for point in range(1, size):
            for lane in range(count):
                added[slot, 0, lane] += added[slot, point, lane]
                added[slot, point, lane] = 0.0
        for lane in range(count):
            total[column, lane] += added[slot, 0, lane]
            added[slot, 0, lane] = 0.0
