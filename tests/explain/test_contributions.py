"""Contributions are exact: they add up to the raw score, whatever the row holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from targeting.bundle.bundle import load_bundle
from targeting.errors import BundleError
from targeting.explain import contributions as module
from targeting.explain.contributions import (
    TOLERANCE,
    contributions,
    contributions_by_chunk,
    require_lightgbms_own,
)
from targeting.training.additive import Linear
from targeting.training.expert import Blend
from targeting.training.model import HitHead
from targeting.training.rows import SHARED_ROWS

if TYPE_CHECKING:
    import numpy.typing as npt
    from tests.small_world import World

    from targeting.training.model import Model


@pytest.fixture(scope="module")
def model(world: World) -> Model:
    return load_bundle(world.bundle).model


@pytest.fixture(scope="module")
def matrix(model: Model) -> npt.NDArray[np.float32]:
    """Rows of every kind: numbers, missing values, known, rare and impossible categories."""
    draw = np.random.default_rng(3)
    assert model.hit.trees is not None
    width = model.hit.trees.num_feature()
    rows = draw.normal(10, 40, (600, width)).astype(np.float32)
    rows[:, -12:] = draw.integers(0, 80, (600, 12))
    rows[draw.random(rows.shape) < 0.3] = np.nan
    rows[0] = np.nan
    rows[1] = np.float32(3e38)
    rows[2] = 0
    rows[3, -12:] = -1
    return rows


def test_they_add_up_to_the_raw_score(model: Model, matrix: npt.NDArray[np.float32]) -> None:
    explained = contributions(model, matrix)

    assert explained.values.shape == matrix.shape
    total = explained.base + explained.values.sum(axis=1)
    np.testing.assert_allclose(total, model.score(matrix), rtol=0, atol=TOLERANCE)


def test_some_category_carries_some_of_it(model: Model, matrix: npt.NDArray[np.float32]) -> None:
    assert np.abs(contributions(model, matrix).values[:, -12:]).max() > 0


def test_rows_are_explained_alike_alone_and_together(
    model: Model, matrix: npt.NDArray[np.float32]
) -> None:
    together = contributions(model, matrix)
    alone = contributions(model, matrix[300:301])

    assert alone.values.tolist() == together.values[300:301].tolist()
    assert alone.base == together.base


def test_progress_ends_at_the_last_row(model: Model, matrix: npt.NDArray[np.float32]) -> None:
    told: list[int] = []
    contributions(model, matrix, progress=told.append)

    assert told == [600]


def test_it_is_told_chunk_by_chunk(
    model: Model, matrix: npt.NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = contributions(model, matrix)
    told: list[int] = []
    monkeypatch.setattr(module, "CHUNK", 256)
    again = contributions(model, matrix, progress=told.append)

    assert told == [256, 512, 600]
    assert again.values.tolist() == whole.values.tolist()


@pytest.mark.parametrize("rows", [1, 3, 64, 1000])
def test_chunks_change_nothing_but_memory(
    model: Model, matrix: npt.NDArray[np.float32], rows: int
) -> None:
    some = matrix[:130]
    parts = list(contributions_by_chunk(model, some, rows=rows))

    whole = contributions(model, some)
    assert [start for start, _ in parts] == list(range(0, len(some), rows))
    assert {part.base for _, part in parts} == {whole.base}
    together = np.concatenate([part.values for _, part in parts])
    assert together.tolist() == whole.values.tolist()


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_nothing_but_the_time(
    model: Model, matrix: npt.NDArray[np.float32], threads: int
) -> None:
    rows = np.resize(matrix, (5 * SHARED_ROWS + 9, matrix.shape[1]))

    alone = contributions(replace(model, threads=1), rows)
    together = contributions(replace(model, threads=threads), rows)

    assert together.values.tolist() == alone.values.tolist()


@pytest.mark.parametrize("members", ["trees", "trees and additive", "all", "expert", "none"])
def test_they_add_up_to_the_score_of_any_members(
    model: Model, matrix: npt.NDArray[np.float32], members: str
) -> None:
    head = model.hit
    assert head.blend is not None
    kept = {
        "trees": HitHead(head.trees),
        "trees and additive": replace(head, blend=None),
        "all": head,
        "expert": HitHead(blend=replace(head.blend, hits=0)),
        "none": HitHead(),
    }[members]
    some = replace(model, hit=kept)

    told = contributions(some, matrix)

    np.testing.assert_allclose(
        told.values.sum(axis=1) + told.base, some.score(matrix), rtol=0, atol=1e-9
    )
    assert (np.abs(told.values).sum() > 0) == (members != "none")


def test_those_of_the_trees_are_those_of_lightgbm(
    model: Model, matrix: npt.NDArray[np.float32]
) -> None:
    trees = model.hit.trees
    assert trees is not None
    told = contributions(replace(model, hit=HitHead(trees)), matrix)

    theirs = np.asarray(trees.predict(matrix, pred_contrib=True, num_threads=1))
    np.testing.assert_allclose(told.values, theirs[:, :-1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(told.base, theirs[0, -1], rtol=0, atol=1e-12)


def test_no_rows_have_no_contributions(model: Model, matrix: npt.NDArray[np.float32]) -> None:
    assert contributions(model, matrix[:0]).values.shape == (0, matrix.shape[1])


@pytest.mark.parametrize("member", ["tree_contributions", "linear", "blend"])
@pytest.mark.parametrize(("off", "found"), [(1e-4, "log-odds"), (float("nan"), "nan log-odds")])
def test_an_explanation_that_does_not_add_up_is_refused(
    model: Model,
    matrix: npt.NDArray[np.float32],
    monkeypatch: pytest.MonkeyPatch,
    member: str,
    off: float,
    found: str,
) -> None:
    """A member whose explanation is off by a constant from what it says."""
    holder: Any = {"linear": Linear, "blend": Blend}.get(member, module)
    name = "contributions" if holder is not module else member
    honest = getattr(holder, name)
    monkeypatch.setattr(holder, name, lambda *told, **how: honest(*told, **how) + off)

    with pytest.raises(BundleError, match=f"do not add up.*{found}"):
        contributions(model, matrix[:5])


def test_trees_that_lightgbm_reads_otherwise_are_refused(
    model: Model, matrix: npt.NDArray[np.float32]
) -> None:
    head = replace(model.hit)
    forest = head.forest
    assert forest is not None
    require_lightgbms_own(head, matrix[:4])
    require_lightgbms_own(HitHead(), matrix[:4])

    other = forest.vertices.copy()
    other["number"][other["feature"] < 0] *= 1.0001
    vars(head)["forest"] = replace(forest, vertices=other)

    with pytest.raises(BundleError, match=r"otherwise than they are read here.*log-odds"):
        require_lightgbms_own(head, matrix[:4])


@pytest.mark.filterwarnings("ignore")  # shap imports plotting libraries that warn
def test_contributions_are_those_of_the_shap_package_where_it_can_be_trusted() -> None:
    """On numeric splits; on native categorical ones the shap package is not safe."""
    import lightgbm as lgb
    import shap

    from targeting.training.calibrate import Calibrator
    from targeting.training.model import HitHead, Model, RevenueHead

    draw = np.random.default_rng(0)
    rows = draw.normal(size=(400, 6)).astype(np.float32)
    rows[draw.random(rows.shape) < 0.1] = np.nan
    hit = np.nansum(rows[:, :2], axis=1) + draw.normal(size=400) > 0
    settings = {"objective": "binary", "num_leaves": 7, "verbose": -1}
    trees = lgb.train(settings, lgb.Dataset(rows, hit.astype(float)), 30)
    ours = contributions(Model(HitHead(trees), Calibrator(), RevenueHead()), rows[:20])
    theirs = shap.TreeExplainer(trees).shap_values(rows[:20])
    np.testing.assert_allclose(ours.values, np.asarray(theirs), atol=1e-9)
