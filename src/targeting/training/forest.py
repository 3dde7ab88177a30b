"""LightGBM's trees laid out for one row as for millions: the same leaves, added in the same order.

A call of LightGBM costs more than the walk of a few rows through its trees. Here the walk is
compiled, and a row's score does not depend on how many others are scored with it, or by how many
threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import BundleError
from targeting.training.forest_kernel import (
    CATEGORY,
    EDGE,
    MISSING_LEFT,
    MISSING_RIGHT,
    VERTEX,
    ZERO_LEFT,
    ZERO_RIGHT,
    connect,
    placed,
    scored,
)
from targeting.training.forest_text import read_text
from targeting.training.rows import as_rows, shared

if TYPE_CHECKING:
    import lightgbm as lgb
    import numpy.typing as npt

    from targeting.training.forest_text import Cuts, Grown

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Records = npt.NDArray[np.void]
    Matrix = npt.NDArray[np.float32]

_LOG_LINKS = ("tweedie", "poisson", "gamma")
_ZERO_IS_MISSING, _NAN_IS_MISSING = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees as arrays.

    Parameters
    ----------
    objective
        What they were grown for, in LightGBM's words.
    features
        Columns of a row.
    vertices, edges
        Shape (v,). All trees, each from its root down; `forest_kernel.VERTEX` and `EDGE`.
    roots
        Shape (trees + 1,). Where each begins, and the end.
    bits
        The words of all sets of categories.
    asked
        The features of each tree, tree by tree.
    first_asked
        Shape (trees + 1,). Where those of each tree begin, and the end.
    asked_on_path
        Shape (trees,). How many of them the path of each tree asks that asks most.
    base
        What the trees say of a row before any feature is looked at.
    """

    objective: str
    features: int
    vertices: Records
    edges: npt.NDArray[np.void]
    roots: Ints
    bits: npt.NDArray[np.uint32]
    asked: Ints
    first_asked: Ints
    asked_on_path: Ints
    base: float

    @classmethod
    def of(cls, booster: lgb.Booster) -> Forest:
        """Lay out the trees of a booster.

        Parameters
        ----------
        booster
            With one score a row: boosted trees, no random forest and no linear leaves.

        Raises
        ------
        BundleError
            If its trees are of another kind, or no row could walk them.
        """
        return laid_out(read_text(booster.model_to_string()))

    @property
    def trees(self) -> int:
        """How many there are."""
        return len(self.roots) - 1

    def score(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Return the sum of each row's leaves, LightGBM's raw score to the bit, shape (n,).

        Parameters
        ----------
        matrix
            Shape (n, features).
        threads
            Threads used; they change nothing but the time.
        """
        rows = as_rows(matrix, self.features)
        out = np.empty(len(rows))

        def _some(start: int, stop: int) -> None:
            scored(self.vertices, self.roots[:-1], self.bits, rows[start:stop], out[start:stop])

        shared(_some, len(rows), threads=threads)
        return out

    def expected(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Return what trees grown for an amount expect of each row, shape (n,).

        Parameters
        ----------
        matrix
            Shape (n, features).
        threads
            Threads used.

        Raises
        ------
        BundleError
            If they were not grown for an amount.
        """
        if not self.objective.startswith(_LOG_LINKS):
            raise BundleError(
                "the trees were not grown for an amount",
                where="the trees of the revenue",
                found=f"objective {self.objective or 'not stated'}",
                do="Train again: the revenue of hits is learnt with the objective tweedie.",
            )
        return np.exp(self.score(matrix, threads=threads))


def laid_out(grown: Grown) -> Forest:
    """Lay trees out from the root down.

    Parameters
    ----------
    grown
        As LightGBM wrote them down.
    """
    sizes = 2 * grown.leaves - 1
    roots = np.append(0, np.cumsum(sizes))
    inner, leaf = _places(grown)
    vertices = np.zeros(int(roots[-1]), dtype=VERTEX)
    edges = np.ones(len(vertices), dtype=EDGE)
    asked, first_asked, slot = _asked(grown)
    at_leaf = leaf + np.repeat(roots[:-1], grown.leaves)
    _enter(vertices, inner + roots[grown.cuts.tree], grown, slot)
    vertices["number"][at_leaf], vertices["feature"][at_leaf] = grown.value, -1
    _lead(vertices, edges, (inner, leaf), roots, grown)
    most = [connect(vertices[one:end], edges[one:end]) for one, end in pairwise(roots)]
    return Forest(
        grown.objective, grown.features, vertices, edges, roots, grown.words, asked, first_asked,
        np.array(most, dtype=np.int64), _base(grown),
    )  # fmt: skip


def _places(grown: Grown) -> tuple[Ints, Ints]:
    """Find where inner vertices and leaves stand within their trees."""
    begins = np.append(0, np.cumsum(grown.leaves - 1))
    parts = [
        placed(grown.cuts.left[begin:end], grown.cuts.right[begin:end])
        for begin, end in pairwise(begins)
    ]
    none = np.zeros(0, dtype=np.int64)
    inner = np.concatenate([none, *(one[0] for one in parts)])
    return inner, np.concatenate([none, *(one[1] for one in parts)])


def _enter(vertices: npt.NDArray[np.void], inner: Ints, grown: Grown, slot: Ints) -> None:
    cuts = grown.cuts
    vertices["number"][inner], vertices["feature"][inner] = cuts.threshold, cuts.feature
    vertices["kind"][inner], vertices["slot"][inner] = _kinds(cuts), slot
    chosen = cuts.is_category
    which = grown.first_set[cuts.tree[chosen]] + cuts.threshold[chosen].astype(np.int64)
    vertices["first"][inner[chosen]] = grown.sets[which]
    vertices["words"][inner[chosen]] = np.diff(grown.sets)[which]


def _kinds(cuts: Cuts) -> Ints:
    missing = (cuts.decision >> 2) & 3
    left = (cuts.decision & 2) != 0
    # Where nothing was missing in training, LightGBM reads what is missing as zero.
    left = np.where(missing > 0, left, cuts.threshold >= 0)
    kind = np.where(left, MISSING_LEFT, MISSING_RIGHT)
    kind = np.where(missing == _ZERO_IS_MISSING, np.where(left, ZERO_LEFT, ZERO_RIGHT), kind)
    return np.where(cuts.is_category, CATEGORY, kind)


def _lead(
    vertices: npt.NDArray[np.void],
    edges: npt.NDArray[np.void],
    places: tuple[Ints, Ints],
    roots: Ints,
    grown: Grown,
) -> None:
    """Note what is above each vertex, and the share of its rows that came down."""
    (inner, leaf), cuts = places, grown.cuts
    root = roots[cuts.tree]
    first_inner = (np.cumsum(grown.leaves - 1) - (grown.leaves - 1))[cuts.tree]
    first_leaf = (np.cumsum(grown.leaves) - grown.leaves)[cuts.tree]
    for child in (cuts.left, cuts.right):
        is_inner = child >= 0
        own = np.where(is_inner, first_inner + child, 0)
        end = np.where(is_inner, 0, first_leaf - 1 - child)
        place = np.where(is_inner, inner[own], leaf[end])
        rows = np.where(is_inner, cuts.rows[own], grown.rows[end])
        edges["above"][root + place] = inner
        edges["ratio"][root + place] = rows / cuts.rows
        vertices["right"][root + inner] = place  # the left children first: the right ones stay


def _asked(grown: Grown) -> tuple[Ints, Ints, Ints]:
    """Find the features of each tree, and which of them each inner vertex looks at."""
    cuts, trees = grown.cuts, len(grown.leaves)
    pairs = cuts.tree * grown.features + cuts.feature
    found, number = np.unique(pairs, return_inverse=True)
    first = np.searchsorted(found, np.arange(trees + 1) * grown.features)
    return found % grown.features, first, number - first[cuts.tree]


def _base(grown: Grown) -> float:
    """Add up the mean of each tree over its training rows."""
    begin = np.cumsum(grown.leaves) - grown.leaves
    means = np.add.reduceat(grown.value * grown.rows, begin) / np.add.reduceat(grown.rows, begin)
    return float(means.sum()) if len(begin) else 0.0
