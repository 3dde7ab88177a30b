"""LightGBM's own text of trees, read to the last letter.

LightGBM trusts its text: a child that points back at its parent never ends, a length that is not
what it says ends the process. So a text from elsewhere is read here first, and whatever LightGBM
would not have written itself is refused.

Source: LightGBM 4, `Tree::ToString` and `GBDT::SaveModelToString`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

MOST_LEAVES = 4096
"""Of one tree: as many as `configs/train.yaml` may ask for."""

MOST_TREES = 20_000
DEEPEST = 1024
"""Splits above a leaf: LightGBM explains a tree by itself calling itself so often."""

MOST_WORDS = 128
"""Words of 32 bits that name the categories of one split; 33 hold the most levels there can be."""

OBJECTIVES = re.compile(r"binary sigmoid:1|tweedie( tweedie_variance_power:[\d.]+)?")

CATEGORICAL, DEFAULT_LEFT = 1, 2
"""Bits of a split's `decision_type`; two more tell what counts as missing."""

_HEAD = (
    "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective",
    "feature_names", "monotone_constraints", "feature_infos", "tree_sizes",
)  # fmt: skip
_OPTIONAL = frozenset({"monotone_constraints"})
_FIXED = {"version": "v4", "num_class": "1", "num_tree_per_iteration": "1", "label_index": "0"}

_SPLITS = (
    "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
    "internal_value", "internal_weight", "internal_count",
)  # fmt: skip
_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_TREE = (
    "num_leaves", "num_cat", *_SPLITS[:6], *_LEAVES, *_SPLITS[6:],
    "cat_boundaries", "cat_threshold", "is_linear", "shrinkage",
)  # fmt: skip
_OF_CATEGORIES = ("cat_boundaries", "cat_threshold")
_WHOLE = frozenset(
    {
        "num_leaves", "num_cat", "split_feature", "decision_type", "left_child", "right_child",
        "leaf_count", "internal_count", "cat_boundaries", "cat_threshold", "is_linear",
    }
)  # fmt: skip
_INTEGER = r"-?\d{1,10}"
_NUMBER = r"-?\d{1,20}(?:\.\d{1,25})?(?:e[+-]?\d{1,3})?"
_INTEGERS = re.compile(rf"(?:{_INTEGER}(?: {_INTEGER})*)?")
_NUMBERS = re.compile(rf"(?:{_NUMBER}(?: {_NUMBER})*)?")
_CUTS = re.compile(rf"(?:(?:{_NUMBER}|inf)(?: (?:{_NUMBER}|inf))*)?")
_SIGNS = re.compile(r"-?[01](?: -?[01])*")
_SIZES = re.compile(r"\d{1,9}(?: \d{1,9})*|")
_IMPORTANCE = re.compile(r"[^\s=]+=\d{1,12}")
_PARAMETER = re.compile(r"\[\w{1,60}: [ -~]*\]")


@dataclass(frozen=True, slots=True)
class TreeText:
    """One tree as its text tells it; every index in it has been checked.

    Parameters
    ----------
    split_feature, threshold, decision_type
        Shape (leaves - 1,). What each split asks.
    left_child, right_child
        Shape (leaves - 1,). A split by its number, always higher than the parent's; a leaf by
        minus its number minus one.
    internal_value, internal_count
        Shape (leaves - 1,). Mean score and rows at each split.
    leaf_value, leaf_count
        Shape (leaves,). Score and rows of each leaf; rows are zero in a tree of one leaf.
    cat_boundaries, cat_threshold
        Of splits on categories: words of bits, and where each split's begin.
    """

    split_feature: Integers
    threshold: Floats
    decision_type: Integers
    left_child: Integers
    right_child: Integers
    internal_value: Floats
    internal_count: Integers
    leaf_value: Floats
    leaf_count: Integers
    cat_boundaries: Integers
    cat_threshold: Integers


@dataclass(frozen=True, slots=True)
class ForestText:
    """Trees and what they look at.

    Parameters
    ----------
    feature_names
        In order of the matrix.
    objective
        What the scores stand for, as `binary sigmoid:1`.
    trees
        In the order they are added up.
    """

    feature_names: tuple[str, ...]
    objective: str
    trees: tuple[TreeText, ...]


def parse_forest(text: str) -> ForestText:
    """Read the text of `Booster.model_to_string`, or refuse it.

    Parameters
    ----------
    text
        The whole text.

    Raises
    ------
    ValueError
        If anything in it is not as LightGBM writes it. Says what, and in which tree.
    """
    if not text.replace("\n", "").isprintable():
        raise ValueError("it is not plain text")
    head, first, rest = text.partition("\n\nTree=0\n")
    body, last, tail = (first[2:] + rest).partition("end of trees\n")
    if not (first and last and body.isascii()):
        raise ValueError("the trees have no beginning or no end")
    known = _head(head)
    _require_tail(tail)
    names = tuple(known["feature_names"].split(" "))
    trees = []
    for at, part in enumerate(_parts(body, known["tree_sizes"])):
        try:
            trees.append(_tree(part, at, len(names)))
        except ValueError as error:
            raise ValueError(f"tree {at}: {error}") from None
    return ForestText(names, known["objective"], tuple(trees))


def _head(text: str) -> dict[str, str]:
    first, *lines = text.split("\n")
    known = _pairs(lines, _HEAD, _OPTIONAL)
    names = known["feature_names"].split(" ")
    wrong = [name for name, value in _FIXED.items() if known[name] != value]
    if first != "tree" or wrong:
        raise ValueError(f"the head is of another kind of model {' '.join(wrong)}".rstrip())
    if not OBJECTIVES.fullmatch(known["objective"]):
        raise ValueError("the objective is not one of ours")
    if known["max_feature_idx"] != str(len(names) - 1) or len(set(names)) < len(names):
        raise ValueError("the features are not as many as it says, or not distinct")
    if not _SIZES.fullmatch(known["tree_sizes"]):
        raise ValueError("tree_sizes are not whole numbers")
    for name in ("monotone_constraints", "feature_infos"):
        if name in known and len(known[name].split(" ")) != len(names):
            raise ValueError(f"{name} are not one a feature")
    if not _SIGNS.fullmatch(known.get("monotone_constraints", "0")):
        raise ValueError("monotone_constraints are not -1, 0 or 1")
    return known


def _pairs(lines: list[str], names: tuple[str, ...], optional: frozenset[str]) -> dict[str, str]:
    """Read `name=value` lines that stand in a fixed order."""
    cut = [line.partition("=") for line in lines]
    found = [name for name, _, _ in cut]
    wanted = [name for name in names if name in found or name not in optional]
    if found != wanted:
        odd = next((a for a, b in zip(found, wanted, strict=False) if a != b), "")
        raise ValueError(f"lines are missing, repeated or out of order near '{odd[:40]}'")
    return {name: value for name, _, value in cut}


def _parts(body: str, sizes: str) -> Iterator[str]:
    """Cut the trees apart where their stated lengths end, as LightGBM will."""
    lengths = [int(size) for size in sizes.split()]
    if sum(lengths) != len(body) or not 0 < len(lengths) <= MOST_TREES:
        raise ValueError("the trees are not as long, or as many, as it says")
    start = 0
    for length in lengths:
        yield body[start : start + length]
        start += length


def _tree(part: str, at: int, features: int) -> TreeText:
    begin, end = f"Tree={at}\n", "\n\n\n"
    if not (part.startswith(begin) and part.endswith(end)):
        raise ValueError("it is not as long as it says")
    lines = part[len(begin) : -len(end)].split("\n")
    texts = _pairs(lines, _TREE, frozenset(_OF_CATEGORIES))
    values = {name: _numbers(name, texts.get(name, "")) for name in (*_SPLITS, *_LEAVES)}
    values |= {name: _numbers(name, texts.get(name, "")) for name in _OF_CATEGORIES}
    leaves, categories = _one(texts, "num_leaves"), _one(texts, "num_cat")
    _require_lengths(values, leaves)
    if texts["is_linear"] != "0" or not _NUMBERS.fullmatch(texts["shrinkage"]):
        raise ValueError("its leaves are no plain numbers")
    tree = TreeText(**{name: values[name] for name in TreeText.__slots__})
    _require_shape(tree)
    _require_splits(tree, features)
    _require_categories(tree, categories)
    return tree


def _one(texts: dict[str, str], name: str) -> int:
    if not re.fullmatch(r"\d{1,9}", texts[name]):
        raise ValueError(f"{name} is not a whole number")
    return int(texts[name])


def _numbers(name: str, text: str) -> npt.NDArray[Any]:
    form = _INTEGERS if name in _WHOLE else _CUTS if name == "threshold" else _NUMBERS
    if not form.fullmatch(text):
        raise ValueError(f"{name} holds what is not a number")
    values = np.array(text.split(), dtype=np.int64 if name in _WHOLE else np.float64)
    if name != "threshold" and not np.isfinite(values).all():
        raise ValueError(f"{name} holds a number beyond all bounds")
    return values


def _require_lengths(values: dict[str, npt.NDArray[Any]], leaves: int) -> None:
    if not 1 <= leaves <= MOST_LEAVES:
        raise ValueError("it has no leaves, or too many")
    # Rows and weights of a tree that asks nothing may be left out.
    for name in _LEAVES[: 1 if leaves == 1 else 3]:
        if len(values[name]) != leaves:
            raise ValueError(f"{name} is not one a leaf")
    for name in _SPLITS:
        if len(values[name]) != leaves - 1:
            raise ValueError(f"{name} is not one a split")


def _require_shape(tree: TreeText) -> None:
    """Make sure the splits are one tree: everything has one parent, and that stands before it."""
    splits = len(tree.left_child)
    children = np.concatenate([tree.left_child, tree.right_child])
    if not np.array_equal(np.sort(children), _children(splits)):
        raise ValueError("a split or a leaf has no parent, or two")
    depth = np.ones(splits + 1, dtype=np.int64)
    for at, pair in enumerate(zip(tree.left_child, tree.right_child, strict=True)):
        for child in pair:
            if 0 <= child <= at:
                raise ValueError("a split leads back to itself")
            if child > 0:
                depth[child] = depth[at] + 1
    if depth.max() > DEEPEST:
        raise ValueError("it is too deep")


def _children(splits: int) -> Integers:
    """Return the numbers of all leaves and of all splits but the first, in order."""
    if not splits:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([np.arange(-splits - 1, 0), np.arange(1, splits)])


def _require_splits(tree: TreeText, features: int) -> None:
    kind = tree.decision_type
    if not ((tree.split_feature >= 0) & (tree.split_feature < features)).all():
        raise ValueError("a split asks for a feature there is not")
    if not ((kind >= 0) & (kind < 12)).all():
        raise ValueError("a split decides in a way there is not")
    counts = np.concatenate([tree.internal_count, tree.leaf_count])
    if len(kind) and not ((counts >= 1) & (counts < 2**31)).all():
        raise ValueError("a split or a leaf has no rows")


def _require_categories(tree: TreeText, categories: int) -> None:
    """Make sure every split on categories has its words of bits, and no word is left over."""
    at, words = tree.cat_boundaries, tree.cat_threshold
    of_words = tree.threshold[(tree.decision_type & CATEGORICAL) > 0]
    if not np.array_equal(of_words, np.arange(categories)):
        raise ValueError("its splits on categories are not numbered through")
    if not categories:
        if len(at) or len(words):
            raise ValueError("it has categories and no split on them")
        return
    fit = all(0 < after - before <= MOST_WORDS for before, after in pairwise(at.tolist()))
    if len(at) != categories + 1 or at[0] != 0 or at[-1] != len(words) or not fit:
        raise ValueError("cat_boundaries do not fit cat_threshold")
    if not ((words >= 0) & (words < 2**32)).all():
        raise ValueError("cat_threshold holds more than 32 bits")


def _require_tail(text: str) -> None:
    """Check what follows the trees; LightGBM keeps it and hands it back."""
    gains, first, rest = text.partition("\nparameters:\n")
    settings, last, end = rest.partition("\nend of parameters\n")
    if not (first and last) or end != "\npandas_categorical:null\n":
        raise ValueError("what follows the trees is not as LightGBM writes it")
    begin, *lines = gains.removeprefix("\n").split("\n")
    if begin != "feature_importances:" or lines[-1:] != [""]:
        raise ValueError("feature_importances are not as LightGBM writes them")
    if not all(_IMPORTANCE.fullmatch(line) for line in lines[:-1]):
        raise ValueError("feature_importances are not numbers")
    if not all(_PARAMETER.fullmatch(line) for line in settings.removesuffix("\n").split("\n")):
        raise ValueError("the parameters are not `[name: value]` lines")
