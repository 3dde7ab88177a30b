"""Exact contributions of features to the sum of boosted trees: path-dependent TreeSHAP.

The value of a set of features is what the trees say on average when only these are known: where an
unknown feature is asked, both branches count by the training rows that went there. A leaf's part of
it is a product over the features of its path, so along the diagonal of its multilinear extension
every feature's Shapley value is the integral of a polynomial (Owen, Multilinear extensions of
games, 1972). A Gauss-Legendre rule gives that integral exactly, with half as many points as
the path asks features; all leaves of a tree share the products on their ways down and the sums on
their ways up, so a row costs a tree's vertices times points, not its leaves times squared depth
(Lundberg et al., 2020). The idea of sharing them is Yu et al., Linear TreeShap (2022).

LightGBM's own `pred_contrib` gives the same numbers, slower; loading a bundle compares the two.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from targeting.explain.treeshap_kernel import explained
from targeting.training.rows import as_rows, shared

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.training.forest import Forest

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]


def tree_contributions(forest: Forest, matrix: Matrix, *, threads: int = 1) -> Floats:
    """Return what each feature adds to the raw score of each row, shape (n, features).

    With `forest.base` they add up to the score.

    Parameters
    ----------
    forest
        The trees.
    matrix
        Shape (n, features).
    threads
        Threads used; they change nothing but the time.
    """
    rows = as_rows(matrix, forest.features)
    out = np.empty(rows.shape)
    points = (forest.asked_on_path + 1) // 2
    trees = (forest.vertices, forest.edges, forest.roots)
    asked, rules = (forest.asked, forest.first_asked), (points, _rules(int(points.max(initial=0))))

    def _some(start: int, stop: int) -> None:
        explained(trees, forest.bits, asked, rules, rows[start:stop], out[start:stop])

    shared(_some, len(rows), threads=threads)
    return out


@cache
def _rules(most: int) -> Floats:
    """Return the points and weights of Gauss-Legendre rules on (0, 1), by their number of points.

    Shape (most + 1, 2, most), zero beyond their number; a rule of n points is exact for polynomials
    of degree 2n - 1.
    """
    out = np.zeros((most + 1, 2, most))
    for count in range(1, most + 1):
        points, weights = np.polynomial.legendre.leggauss(count)
        out[count, 0, :count], out[count, 1, :count] = (points + 1) / 2, weights / 2
    return out
