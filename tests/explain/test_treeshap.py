"""TreeSHAP of our own: LightGBM's numbers, and the definition of a Shapley value, on any trees."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.explain.treeshap import tree_contributions
from targeting.explain.treeshap_kernel import BLOCK, FEW
from targeting.training.forest import Forest
from targeting.training.forest_kernel import CATEGORY

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]

CLOSE = 1e-10
WIDTH = 7
CATEGORIES = (4, 5)


def rows_of(seed: int, count: int = 240) -> Matrix:
    """Numbers with ties, zeros and gaps, two categories, one constant column."""
    draw = np.random.default_rng(seed)
    matrix = draw.normal(size=(count, WIDTH)).astype(np.float32)
    matrix[:, 1] = np.round(matrix[:, 1])
    matrix[:, 2] = np.where(matrix[:, 2] > 0, matrix[:, 2], 0)
    matrix[:, 4] = draw.integers(0, 40, count)
    matrix[:, 5] = draw.integers(0, 4, count)
    matrix[:, 6] = 3.0
    matrix[draw.random(matrix.shape) < 0.15] = np.nan
    return matrix


def strange_rows(seed: int) -> Matrix:
    """Rows unlike those learnt from: unseen categories, huge and tiny numbers, nothing at all."""
    rows = rows_of(seed + 1000, 60)
    rows[0], rows[1], rows[2] = np.nan, np.float32(3e38), -np.inf
    rows[3], rows[4], rows[5] = 0.0, np.float32(1e-36), -0.5
    rows[6:12, CATEGORIES[0]] = [-1, 39, 40, 4096, 2.5, 3e9]
    return rows


def boosted(seed: int, **how: Any) -> lgb.Booster:
    matrix, draw = rows_of(seed), np.random.default_rng(seed)
    known = np.nan_to_num(matrix)
    hit = known[:, 0] + known[:, 1] * known[:, 2] + (known[:, 4] % 3 == 0) > draw.normal(size=240)
    params = {
        "objective": "binary", "num_leaves": 8, "min_data_in_leaf": 2, "verbose": -1, "seed": seed,
        "num_threads": 1, "min_data_per_group": 5, "cat_smooth": 1.0, "deterministic": True,
    } | how  # fmt: skip
    data = lgb.Dataset(
        matrix, hit.astype(float), categorical_feature=list(CATEGORIES),
        params={"feature_pre_filter": False, **how},
    )  # fmt: skip
    return lgb.train(params, data, params.pop("trees", 4))


def differs(booster: lgb.Booster, matrix: Matrix) -> float:
    """Largest difference from LightGBM's own contributions and base."""
    forest = Forest.of(booster)
    theirs = np.asarray(booster.predict(matrix, pred_contrib=True, num_threads=1))
    ours = tree_contributions(forest, matrix)
    base = np.abs(theirs[:, -1] - forest.base).max()
    return float(max(np.abs(ours - theirs[:, :-1]).max(), base))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    leaves=st.sampled_from([2, 5, 16, 40]),
    extra=st.booleans(),
    missing=st.sampled_from([{}, {"use_missing": False}, {"zero_as_missing": True}]),
    onehot=st.sampled_from([1, 64]),
)
def test_any_trees_are_explained_and_scored_as_by_lightgbm(
    seed: int, leaves: int, extra: bool, missing: dict[str, bool], onehot: int
) -> None:
    booster = boosted(
        seed, num_leaves=leaves, extra_trees=extra, max_cat_to_onehot=onehot, **missing
    )
    rows = strange_rows(seed)

    assert differs(booster, rows) < CLOSE
    raw = np.asarray(booster.predict(rows, raw_score=True, num_threads=1))
    assert Forest.of(booster).score(rows).tolist() == raw.tolist()


def test_the_trees_of_these_tests_have_what_they_are_to_show() -> None:
    """Sets of categories, and features asked again and again on one path."""
    forest = Forest.of(boosted(0, num_leaves=40, max_cat_to_onehot=1))

    assert (forest.vertices["kind"] == CATEGORY).sum() >= 3
    assert (forest.edges["same"] > 0).sum() >= 20
    assert forest.asked_on_path.max() >= 5


def test_deep_paths_of_many_features_are_exact() -> None:
    """The first feature that stands out says all: each cut leaves the rest to the next."""
    draw = np.random.default_rng(1)
    matrix = draw.normal(size=(3000, 40)).astype(np.float32)
    stands_out = np.column_stack([matrix > 1.5, np.ones(3000, dtype=bool)])
    target = 0.9 ** stands_out.argmax(axis=1)
    params = {"num_leaves": 40, "min_data_in_leaf": 1, "verbose": -1, "num_threads": 1}
    booster = lgb.train(params, lgb.Dataset(matrix, target), 3)

    assert Forest.of(booster).asked_on_path.max() >= 24
    assert differs(booster, matrix[:20]) < 1e-9


def value_of(tree: dict[str, Any], row: Floats, known: frozenset[int]) -> float:
    """What a tree says when only some features are known: read plainly off LightGBM's dump."""
    if "leaf_value" in tree:
        return float(tree["leaf_value"])
    left, right = tree["left_child"], tree["right_child"]
    if tree["split_feature"] in known:
        return value_of(left if goes_left(tree, row) else right, row, known)
    counts = [one.get("internal_count", one.get("leaf_count")) for one in (left, right)]
    values = [value_of(one, row, known) for one in (left, right)]
    return float(np.average(values, weights=counts))


def goes_left(tree: dict[str, Any], row: Floats) -> bool:
    value = row[tree["split_feature"]]
    if tree["decision_type"] == "==":
        return str(int(value)) in tree["threshold"].split("||") if value >= 0 else False
    if np.isnan(value):
        return tree["default_left"] if tree["missing_type"] == "NaN" else tree["threshold"] >= 0
    return value <= tree["threshold"]


def shapley(trees: list[dict[str, Any]], row: Floats) -> Floats:
    """The definition: the mean gain of a feature over all orders in which features become known."""
    found = np.zeros(WIDTH)
    for feature in range(WIDTH):
        rest = [one for one in range(WIDTH) if one != feature]
        for size in range(WIDTH):
            weight = factorial(size) * factorial(WIDTH - size - 1) / factorial(WIDTH)
            for chosen in map(frozenset, combinations(rest, size)):
                gains = [
                    value_of(tree, row, chosen | {feature}) - value_of(tree, row, chosen)
                    for tree in trees
                ]
                found[feature] += weight * sum(gains)
    return found


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_they_are_shapley_values_by_the_definition(seed: int) -> None:
    booster = boosted(seed, num_leaves=7, trees=2, max_cat_to_onehot=1)
    trees = [one["tree_structure"] for one in booster.dump_model()["tree_info"]]
    rows = rows_of(seed + 7, 3)

    told = tree_contributions(Forest.of(booster), rows)

    expected = [shapley(trees, row.astype(np.float64)) for row in rows]
    np.testing.assert_allclose(told, expected, rtol=0, atol=CLOSE)
    assert np.abs(told).max() > 0.01


def test_a_feature_no_tree_asks_adds_nothing() -> None:
    told = tree_contributions(Forest.of(boosted(3)), rows_of(4))

    assert np.abs(told[:, 6]).max() == 0  # the constant column
    assert np.abs(told[:, 0]).max() > 0


def test_trees_that_found_nothing_to_cut_add_nothing() -> None:
    booster = boosted(0, min_data_in_leaf=10_000)
    forest = Forest.of(booster)

    assert np.abs(tree_contributions(forest, rows_of(0))).max() == 0
    assert forest.score(rows_of(0)).tolist() == [forest.base] * 240
    assert differs(booster, rows_of(0)) < CLOSE


@pytest.mark.parametrize("count", [1, FEW - 1, FEW, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_rows_are_explained_alike_alone_and_together(count: int) -> None:
    forest, rows = Forest.of(boosted(5, num_leaves=30, trees=20)), rows_of(6, 2 * BLOCK)

    together = tree_contributions(forest, rows)

    parts = [
        tree_contributions(forest, rows[start : start + count])
        for start in range(0, len(rows), count)
    ]
    assert np.concatenate(parts).tolist() == together.tolist()


def test_the_order_of_memory_does_not_matter() -> None:
    forest, rows = Forest.of(boosted(5)), rows_of(6)

    turned = np.asfortranarray(rows)
    assert tree_contributions(forest, turned).tolist() == tree_contributions(forest, rows).tolist()


def test_no_rows_have_no_contributions() -> None:
    assert tree_contributions(Forest.of(boosted(0)), rows_of(0)[:0]).shape == (0, WIDTH)
