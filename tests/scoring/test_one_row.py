"""A line scores to the bit as in any batch: what is asked of the trees, and of all beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.bundle.bundle import load_bundle
from targeting.explain.contributions import contributions
from targeting.scoring.numbers import score_matrix
from targeting.training.model import RevenueHead
from targeting.training.rows import SHARED_ROWS

if TYPE_CHECKING:
    import numpy.typing as npt
    from tests.small_world import World

    from targeting.training.model import Model

    Matrix = npt.NDArray[np.float32]

ODD = [np.nan, 0.0, -0.0, 1.0, -1.0, 2.5, 1e-36, 3e38, -np.inf, np.inf, 1e6, 4096.0]


@pytest.fixture(scope="module")
def model(world: World) -> Model:
    """The small world's model, with trees for the revenue whatever it found."""
    found = load_bundle(world.bundle).model
    assert found.hit.trees is not None
    assert found.hit.linear is not None
    assert found.hit.blend is not None
    assert found.views is not None
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, found.hit.trees.num_feature()))
    params = {"objective": "tweedie", "verbose": -1, "num_threads": 1, "num_leaves": 4}
    trees = lgb.train(params, lgb.Dataset(rows, np.exp(rows[:, 0])), 10)
    return replace(found, revenue=RevenueHead(1000.0, trees))


def rows_like(model: Model, seed: int, count: int) -> Matrix:
    """Numbers of every size, codes of categories, and what a line may oddly hold."""
    assert model.hit.trees is not None
    draw = np.random.default_rng(seed)
    matrix = draw.lognormal(2, 3, (count, model.hit.trees.num_feature()))
    matrix[:, -12:] = draw.integers(-1, 90, (count, 12))
    odd = draw.random(matrix.shape) < 0.3
    matrix[odd] = draw.choice(ODD, int(odd.sum()))
    return matrix.astype(np.float32)


def scores_of(model: Model, matrix: Matrix) -> pd.DataFrame:
    count = len(matrix)
    rows = pd.DataFrame(
        {"declaration_id": range(count), "lodged_at": [0] * count, "office_id": [""] * count}
    )
    return score_matrix(model, rows, matrix).drop(columns=["declaration_id"])


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), count=st.sampled_from([2, 3, 17, 64, 65, 200]))
def test_a_row_alone_is_the_row_of_its_batch_to_the_bit(
    model: Model, seed: int, count: int
) -> None:
    matrix = rows_like(model, seed, count)
    together, told = scores_of(model, matrix), contributions(model, matrix)

    for at in {0, count // 2, count - 1}:
        alone = scores_of(model, matrix[at : at + 1])
        pd.testing.assert_frame_equal(
            alone, together.iloc[at : at + 1].reset_index(drop=True), check_exact=True
        )
        one = contributions(model, matrix[at : at + 1])
        np.testing.assert_array_equal(one.values, told.values[at : at + 1])  # noqa: PD011
        assert one.base == told.base


def test_threads_and_order_change_no_bit(model: Model) -> None:
    matrix = rows_like(model, 1, 3 * SHARED_ROWS + 5)
    alone = scores_of(replace(model, threads=1), matrix)

    shared = scores_of(replace(model, threads=3), matrix)
    turned = scores_of(model, matrix[::-1])[::-1].reset_index(drop=True)

    pd.testing.assert_frame_equal(shared, alone, check_exact=True)
    pd.testing.assert_frame_equal(turned, alone, check_exact=True)


def test_the_trees_score_every_row_as_lightgbm_does_to_the_bit(model: Model) -> None:
    matrix, trees, forest = rows_like(model, 2, 700), model.hit.trees, model.hit.forest
    assert trees is not None
    assert forest is not None

    theirs = np.asarray(trees.predict(matrix, raw_score=True, num_threads=2))

    assert forest.score(matrix).tolist() == theirs.tolist()
    assert len(np.unique(theirs)) > 600
