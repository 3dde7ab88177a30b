"""LightGBM's own text of its trees, read into arrays and checked before any row walks them.

A child that is not there, or a vertex reached twice, would lead a walk astray: such trees are
refused, as is every kind of tree this package does not grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from targeting.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Fields = Mapping[str, str]

_TOO_FEW = "not as many numbers as vertices"


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """The inner vertices of all trees, one tree after the other.

    Parameters
    ----------
    feature
        Column it looks at.
    threshold
        Values up to it go left; of a category, the number of its set.
    decision
        LightGBM's decision type: bit 0 a category, bit 1 missing goes left, bits 2 and 3 what is
        missing (nothing, zero, NaN).
    left, right
        Children: inner vertices of its tree from 0, leaves from -1 downwards.
    rows
        Training rows that came here.
    tree
        Number of its tree.
    """

    feature: Ints
    threshold: Floats
    decision: Ints
    left: Ints
    right: Ints
    rows: Ints
    tree: Ints

    @property
    def is_category(self) -> Bools:
        """Which of them ask for a category, shape (inner,)."""
        return (self.decision & 1).astype(bool)


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """Trees as LightGBM writes them down.

    Parameters
    ----------
    objective
        What they were grown for.
    features
        Columns a row has.
    leaves
        Shape (trees,). Leaves of each tree; one for a constant.
    cuts
        Inner vertices of all trees.
    value
        Value of every leaf, one tree after the other.
    rows
        Training rows in every leaf; one for a tree of one leaf.
    sets
        Shape (sets + 1,). Where the words of each set of categories begin, of all trees.
    first_set
        Shape (trees,). Number of the first set of each tree.
    words
        The words of all sets, 32 categories each.
    """

    objective: str
    features: int
    leaves: Ints
    cuts: Cuts
    value: Floats
    rows: Ints
    sets: Ints
    first_set: Ints
    words: npt.NDArray[np.uint32]


def read_text(text: str) -> Grown:
    """Read trees from the text of `Booster.model_to_string`, and check that they are trees.

    Parameters
    ----------
    text
        The whole of it.

    Raises
    ------
    BundleError
        If they are of a kind not grown here, or no row could walk them.
    """
    head, *trees = text.partition("\nend of trees")[0].split("\nTree=")
    header, blocks = _fields(head), [_fields(tree) for tree in trees]
    _refuse_other_kinds(header, blocks)
    try:
        grown = _grown(header, blocks)
    except (KeyError, ValueError, IndexError, OverflowError) as error:
        raise _unsound(f"{type(error).__name__} in LightGBM's text") from error
    faults = [words for words, found in _faults(grown) if found]
    if faults:
        raise _unsound("; ".join(faults))
    return grown


def _fields(block: str) -> Fields:
    pairs = (line.partition("=") for line in block.splitlines())
    return {name: value for name, _, value in pairs}


def _refuse_other_kinds(header: Fields, blocks: Sequence[Fields]) -> None:
    kinds = [
        ("several scores a row", header.get("num_tree_per_iteration", "1") != "1"),
        ("trees that are averaged (a random forest)", "average_output" in header),
        ("leaves with a linear model", any(one.get("is_linear", "0") != "0" for one in blocks)),
    ]
    found = [words for words, there in kinds if there]
    if found:
        raise BundleError(
            "trees of this kind are not scored here",
            where="the trees",
            found=", ".join(found),
            do="Train with the settings of configs/train.yaml.",
        )


def _grown(header: Fields, blocks: Sequence[Fields]) -> Grown:
    cut = [one for one in blocks if int(one["num_leaves"]) > 1]
    value, counts = _floats(blocks, "leaf_value"), [int(one["num_leaves"]) for one in blocks]
    if sum(counts) != len(value) or min(counts, default=1) < 1:  # before room is made for them
        raise _unsound(_TOO_FEW)
    leaves = np.array(counts, dtype=np.int64)
    by_category = [one for one in blocks if int(one.get("num_cat", "0"))]
    own = [_ints([one], "cat_boundaries") for one in by_category]
    ends = np.concatenate([np.zeros(1, dtype=np.int64), *(np.diff(each) for each in own)])
    sets = np.array([int(one.get("num_cat", "0")) for one in blocks], dtype=np.int64)
    single = np.where(leaves == 1)[0]
    return Grown(
        objective=header.get("objective", ""),
        features=int(header["max_feature_idx"]) + 1,
        leaves=leaves,
        cuts=_cuts(cut, np.repeat(np.arange(len(leaves)), leaves - 1)),
        value=value,
        rows=np.insert(
            _ints(cut, "leaf_count"),
            (np.cumsum(leaves) - leaves)[single] - np.arange(len(single)),
            1,
        ),
        sets=np.cumsum(ends),
        first_set=np.cumsum(sets) - sets,
        words=np.array(_whole(by_category, "cat_threshold"), dtype=np.uint32),
    )


def _cuts(blocks: Sequence[Fields], tree: Ints) -> Cuts:
    return Cuts(
        feature=_ints(blocks, "split_feature"),
        threshold=_floats(blocks, "threshold"),
        decision=_ints(blocks, "decision_type"),
        left=_ints(blocks, "left_child"),
        right=_ints(blocks, "right_child"),
        rows=_ints(blocks, "internal_count"),
        tree=tree,
    )


def _whole(blocks: Sequence[Fields], name: str) -> list[int]:
    return [int(one) for block in blocks for one in block[name].split()]


def _ints(blocks: Sequence[Fields], name: str) -> Ints:
    return np.array(_whole(blocks, name), dtype=np.int64)


def _floats(blocks: Sequence[Fields], name: str) -> Floats:
    return np.array([float(one) for block in blocks for one in block[name].split()], dtype=float)


def _faults(grown: Grown) -> list[tuple[str, bool]]:
    """Say what may be wrong, and whether it is; what comes first makes the rest safe to ask."""
    cuts, inner, leaves = grown.cuts, int((grown.leaves - 1).sum()), int(grown.leaves.sum())
    columns = (cuts.feature, cuts.threshold, cuts.decision, cuts.left, cuts.right, cuts.rows)
    whole = (
        all(len(one) == inner for one in columns) and len(grown.value) == len(grown.rows) == leaves
    )
    if not whole:
        return [(_TOO_FEW, True)]
    known = (cuts.feature >= 0) & (cuts.feature < grown.features)
    # A threshold may be infinite: what is stated goes left, what is missing right.
    numbers = np.isfinite(grown.value).all() and not np.isnan(cuts.threshold).any()
    return [
        ("a feature that is not there", not known.all()),
        ("what is no number", not numbers),
        ("a vertex no row came to", not ((cuts.rows > 0).all() and (grown.rows >= 0).all())),
        ("a set of categories that is not there", not _has_sets(grown)),
        ("a vertex that is not reached once", not _reached_once(grown)),
    ]


def _has_sets(grown: Grown) -> bool:
    asked = grown.cuts.is_category
    each = grown.cuts.threshold[asked]
    count = np.diff(np.append(grown.first_set, len(grown.sets) - 1))[grown.cuts.tree[asked]]
    there = ((each >= 0) & (each < count)).all() and (np.diff(grown.sets) >= 0).all()
    return bool(there) and int(grown.sets[-1]) == len(grown.words)


def _reached_once(grown: Grown) -> bool:
    """Tell whether every child is there, comes after what is above it, and has one above it."""
    cuts, leaves = grown.cuts, grown.leaves[grown.cuts.tree]
    begin = np.cumsum(grown.leaves - 1) - (grown.leaves - 1)
    own = np.arange(len(cuts.left)) - begin[cuts.tree]
    child, at = np.concatenate([cuts.left, cuts.right]), np.tile(np.arange(len(own)), 2)
    after = np.where(child >= 0, child > own[at], child < 0)
    there = (child < leaves[at] - 1) & (child >= -leaves[at])
    if not (after & there).all():
        return False
    # Numbered over all trees: a tree of n leaves has 2n - 2 children, each another one.
    number = 2 * (np.cumsum(grown.leaves) - grown.leaves)[cuts.tree[at]] + child + leaves[at]
    return len(np.unique(number)) == len(number)


def _unsound(found: str) -> BundleError:
    return BundleError(
        "the trees cannot be walked",
        where="the trees",
        found=found,
        do="Take the bundle again from where it was trained.",
    )
