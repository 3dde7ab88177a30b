"""Trees as arrays: LightGBM's score to the bit, and no walk through what is no tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pytest

from targeting.errors import BundleError, InputError
from targeting.training.forest import Forest
from targeting.training.forest_text import read_text

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Matrix = npt.NDArray[np.float32]


def rows(count: int = 300) -> Matrix:
    draw = np.random.default_rng(2)
    matrix = draw.normal(size=(count, 4)).astype(np.float32)
    matrix[:, 3] = draw.integers(0, 70, count)
    matrix[draw.random(matrix.shape) < 0.2] = np.nan
    return matrix


def grown(**how: Any) -> lgb.Booster:
    matrix = rows()
    target = np.nan_to_num(matrix[:, 0]) + (matrix[:, 3] % 2 == 0)
    trees = how.pop("trees", 5)
    params = {
        "verbose": -1, "num_leaves": 6, "min_data_in_leaf": 3, "min_data_per_group": 1,
        "cat_smooth": 1.0, "num_threads": 1, "max_cat_to_onehot": 1,
    } | how  # fmt: skip
    if how.get("objective") in ("multiclass", "binary"):
        target = (target > 0.5).astype(float)
    if how.get("objective") == "tweedie":
        target = np.exp(target)
    return lgb.train(params, lgb.Dataset(matrix, target, categorical_feature=[3]), trees)


@pytest.mark.parametrize("objective", ["regression", "binary", "tweedie"])
@pytest.mark.parametrize("boosting", ["gbdt", "dart"])
def test_the_score_is_lightgbms_to_the_bit(objective: str, boosting: str) -> None:
    booster = grown(objective=objective, boosting=boosting, trees=30)
    theirs = np.asarray(booster.predict(rows(), raw_score=True, num_threads=1))

    forest = Forest.of(booster)

    assert forest.trees == 30
    assert forest.score(rows()).tolist() == theirs.tolist()


def test_an_amount_is_what_lightgbm_expects() -> None:
    booster = grown(objective="tweedie")
    theirs = np.asarray(booster.predict(rows(), num_threads=1))

    np.testing.assert_allclose(Forest.of(booster).expected(rows()), theirs, rtol=1e-14)


def test_an_amount_of_trees_that_know_none_is_refused() -> None:
    with pytest.raises(BundleError, match=r"not grown for an amount.*objective binary"):
        Forest.of(grown(objective="binary")).expected(rows())


def test_only_the_trees_kept_by_early_stopping_count() -> None:
    booster = grown(trees=9)
    booster.best_iteration = 4

    forest = Forest.of(booster)

    assert forest.trees == 4
    theirs = np.asarray(booster.predict(rows(), num_threads=1))
    assert forest.score(rows()).tolist() == theirs.tolist()


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({"objective": "multiclass", "num_class": 2}, "several scores a row"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "a random forest"),
        ({"linear_tree": True}, "a linear model"),
    ],
)
def test_trees_of_another_kind_are_refused_by_name(how: dict[str, Any], found: str) -> None:
    with pytest.raises(BundleError, match=f"not scored here.*{found}"):
        Forest.of(grown(**how))


def test_rows_of_other_features_are_refused() -> None:
    with pytest.raises(InputError, match=r"shape \(300, 3\), for 4 features"):
        Forest.of(grown()).score(rows()[:, :3])


def changed(name: str, change: Callable[[list[str]], None]) -> str:
    """The text of good trees, with the numbers of one line of the first tree changed."""
    text = grown().model_to_string()
    found = re.search(rf"^{name}=(.*)$", text, flags=re.MULTILINE)
    assert found is not None
    words = found[1].split()
    change(words)
    return text[: found.start(1)] + " ".join(words) + text[found.end(1) :]


def put(at: int, word: str) -> Callable[[list[str]], None]:
    return lambda words: words.__setitem__(at, word)


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("split_feature", put(0, "4"), "a feature that is not there"),
        ("split_feature", put(1, "-1"), "a feature that is not there"),
        ("threshold", put(0, "nan"), "what is no number"),
        ("leaf_value", put(0, "nan"), "what is no number"),
        ("leaf_value", put(0, "inf"), "what is no number"),
        ("leaf_value", put(0, "one"), "ValueError"),
        ("left_child", put(0, "99"), "not reached once"),
        ("left_child", put(0, "-99"), "not reached once"),
        ("left_child", put(0, "0"), "not reached once"),
        ("right_child", put(-1, "-1"), "not reached once"),
        ("right_child", put(-1, "1"), "not reached once"),
        ("internal_count", put(0, "0"), "a vertex no row came to"),
        ("leaf_count", put(0, "-1"), "a vertex no row came to"),
        ("leaf_count", lambda words: words.pop(), "not as many numbers as vertices"),
        ("leaf_value", lambda words: words.append("1"), "not as many numbers as vertices"),
        ("num_leaves", put(0, "7"), "not as many numbers as vertices"),
        ("num_leaves", put(0, "0"), "not as many numbers as vertices"),
        ("num_leaves", put(0, "9" * 18), "not as many numbers as vertices"),
        ("cat_boundaries", put(-1, "1000"), "a set of categories that is not there"),
        ("cat_threshold", put(0, "-1"), "OverflowError"),
    ],
)
def test_text_that_is_no_trees_is_refused_before_a_row_walks(
    name: str, change: Callable[[list[str]], None], found: str
) -> None:
    with pytest.raises(BundleError, match=f"cannot be walked.*({found})"):
        read_text(changed(name, change))


def test_text_without_a_line_is_refused() -> None:
    text = grown().model_to_string().replace("\nleaf_count=", "\nleaf_weights=")

    with pytest.raises(BundleError, match="KeyError"):
        read_text(text)
