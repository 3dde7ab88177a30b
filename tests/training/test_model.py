"""The trained heads: the same bytes for the same data, and honest about what they cannot say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from targeting.config import ExpertSettings, FeatureSettings, KeySettings, ModelSettings
from targeting.errors import InputError
from targeting.features.spec import FeatureSpec, registry
from targeting.training.calibrate import Calibrator
from targeting.training.expert import Blend, Expert
from targeting.training.model import (
    LEAST_HITS,
    LEAST_REVENUE_HITS,
    HitHead,
    Lesson,
    Model,
    RevenueHead,
    fit_hits,
    fit_revenue,
)
from targeting.training.rows import SHARED_ROWS

if TYPE_CHECKING:
    import numpy.typing as npt

    Matrix = npt.NDArray[np.float32]

SETTINGS = FeatureSettings(keys=(KeySettings(columns=("consignee_id",)),), categories=("flow",))
SPEC = FeatureSpec(SETTINGS, registry(SETTINGS), {"flow_level": ("import", "export")})
SMALL = ModelSettings(
    trees=20, leaves=7, min_rows_in_leaf=5, learning_rate=0.1, additive_penalty=10.0
)
TREES_ALONE = SMALL.model_copy(update={"additive_share": 0.0})
RISING = np.flatnonzero(SPEC.rising)


def data(rows: int = 600) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    draw = np.random.default_rng(5)
    matrix = draw.normal(size=(rows, len(SPEC.features))).astype(np.float32)
    matrix[:, -1] = draw.integers(0, 3, rows)
    matrix[draw.random(matrix.shape) < 0.1] = np.nan
    risk = np.nan_to_num(matrix[:, 0]) + (matrix[:, -1] == 1) - 1.5
    return matrix, draw.random(rows) < 1 / (1 + np.exp(-2 * risk))


def lesson(matrix: Matrix, hit: npt.NDArray[np.bool_]) -> Lesson:
    return Lesson(matrix, hit, np.ones(len(hit)), SPEC)


def written(head: HitHead) -> str:
    """Every number of a head: what a bundle writes down."""
    assert head.trees is not None
    linear = "" if head.linear is None else head.linear.model_dump_json()
    return head.trees.model_to_string() + linear


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(fit_hits(lesson(*data()), SMALL), Calibrator(), RevenueHead(1000.0))


def blended(head: HitHead, hits: int = 40) -> HitHead:
    return replace(
        head, blend=Blend(Expert.over(ExpertSettings(prior_hits=60), SPEC.names), hits, 0.25)
    )


def test_the_same_seed_and_data_give_the_same_bytes(model: Model) -> None:
    again = fit_hits(lesson(*data()), SMALL)
    other = fit_hits(lesson(*data()), SMALL.model_copy(update={"seed": 1}))

    assert written(again) == written(model.hit)
    assert written(other) != written(model.hit)


def test_one_row_scores_as_in_its_batch(model: Model) -> None:
    matrix, _ = data()
    for head in (model.hit, blended(model.hit)):
        one = replace(model, hit=head)
        single = np.concatenate([one.score(matrix[at : at + 1]) for at in range(100)])

        assert single.tolist() == one.score(matrix)[:100].tolist()


def test_threads_change_nothing_but_the_time(model: Model) -> None:
    matrix = np.resize(data()[0], (3 * SHARED_ROWS + 7, len(SPEC.features)))
    whole = replace(model, hit=blended(model.hit), threads=1)

    assert replace(whole, threads=3).score(matrix).tolist() == whole.score(matrix).tolist()


def test_the_model_learns_what_was_planted(model: Model) -> None:
    matrix, hit = data()
    score = model.score(matrix)

    above = (score[hit][:, None] > score[~hit][None, :]).mean()
    assert above > 0.8  # the area under the ROC curve; chance gives 0.5
    assert model.hit.trees is not None
    assert model.hit.trees.feature_name() == SPEC.names


def test_the_score_is_the_weighed_mean_of_its_members(model: Model) -> None:
    matrix, _ = data()
    trees, linear = model.hit.trees, model.hit.linear
    assert trees is not None
    assert linear is not None

    grown = np.asarray(trees.predict(matrix, raw_score=True, num_threads=1))
    learnt = 0.67 * grown + 0.33 * linear.score(matrix)

    np.testing.assert_allclose(model.score(matrix), learnt, rtol=0, atol=1e-12)
    head = blended(model.hit, hits=40)
    assert head.blend is not None
    expert = head.blend.expert.score(matrix) + 0.25
    np.testing.assert_allclose(
        head.score(matrix, threads=1), 0.4 * learnt + 0.6 * expert, rtol=0, atol=1e-12
    )  # 40 hits beside 60 of the prior


def test_the_expert_score_alone_is_the_score_where_nothing_was_learnt() -> None:
    matrix, _ = data()
    head = blended(HitHead(), hits=0)
    assert head.blend is not None

    expected = head.blend.expert.score(matrix) + 0.25

    assert not head.has_learnt
    assert head.score(matrix, threads=1).tolist() == expected.tolist()
    assert HitHead().score(matrix, threads=1).tolist() == [0.0] * len(matrix)


def against_the_rule() -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """Rows where, by chance, what can only raise the risk goes with clear results."""
    matrix, _ = data(800)
    draw = np.random.default_rng(11)
    for at in RISING:
        matrix[:, at] = draw.random(800)
    against = matrix[:, RISING].sum(axis=1) - 0.5 * len(RISING)
    return matrix, draw.random(800) < 1 / (1 + np.exp(3 * against))


def moves_when_raised(head: HitHead, matrix: Matrix) -> npt.NDArray[np.float64]:
    """What each raise of each rising feature adds to the score, shape (features, steps, n)."""
    moves = []
    for at in RISING:
        low = matrix.copy()
        steps = []
        for value in np.linspace(0, 1, 9):
            low[:, at] = value
            steps.append(head.score(low, threads=1))
        moves.append(np.diff(steps, axis=0))
    return np.array(moves)


@pytest.mark.parametrize("settings", [SMALL, TREES_ALONE])
def test_what_can_only_raise_the_risk_never_lowers_the_score(settings: ModelSettings) -> None:
    matrix, hit = against_the_rule()

    held = moves_when_raised(fit_hits(lesson(matrix, hit), settings), matrix[:50])
    loose = settings.model_copy(update={"monotone": False})
    free = moves_when_raised(fit_hits(lesson(matrix, hit), loose), matrix[:50])

    assert {"bad_check_digit", "net_above_gross"} <= {SPEC.names[at] for at in RISING}
    assert any("hit_rate" in SPEC.names[at] for at in RISING)
    assert held.min() >= -1e-12
    assert free.min() < -0.1  # the rows say otherwise: only the constraint holds the score


def test_the_expert_part_keeps_it_so_where_its_points_are_positive() -> None:
    matrix, hit = against_the_rule()
    head = blended(fit_hits(lesson(matrix, hit), SMALL))
    assert head.blend is not None
    on_rising = [
        one
        for one in head.blend.expert.indicators
        if {c.feature for c in one.conditions} & {SPEC.names[at] for at in RISING}
    ]

    assert on_rising
    assert all(one.points > 0 for one in on_rising)
    assert moves_when_raised(head, matrix[:50]).min() >= -1e-12


def test_no_rows_give_no_scores(model: Model) -> None:
    empty = np.zeros((0, len(SPEC.features)), dtype=np.float32)

    assert model.score(empty).shape == (0,)
    assert model.expected_revenue(empty, np.zeros(0)).shape == (0,)


def test_progress_is_told_tree_by_tree() -> None:
    told: list[int] = []
    fit_hits(lesson(*data()), SMALL, progress=told.append)

    assert told == list(range(1, 21))


def test_rows_that_weigh_nothing_teach_nothing() -> None:
    matrix, hit = data()
    weight = np.where(np.arange(len(hit)) % 2, 1.0, 1e-12)
    upside_down = np.where(weight < 1, ~hit, hit)

    weighed = fit_hits(Lesson(matrix, upside_down, weight, SPEC), SMALL)
    score = weighed.score(matrix, threads=1)

    kept = weight == 1
    above = (score[kept & hit][:, None] > score[kept & ~hit][None, :]).mean()
    assert above > 0.8  # every second row says the opposite, and is not heard


@pytest.mark.parametrize("flip", [False, True])
def test_too_few_results_are_refused(flip: bool) -> None:
    matrix, _ = data(100)
    few = np.arange(100) < LEAST_HITS - 1
    words = "81 hits and 19 clear" if flip else "19 hits and 81 clear"
    rows = lesson(matrix, ~few if flip else few)

    assert not rows.enough
    with pytest.raises(InputError, match=f"too few results.*{words}"):
        fit_hits(rows, SMALL)


@pytest.mark.parametrize("revenue", [[], [np.nan] * 80, [0.0] * 80])
def test_no_recorded_revenue_is_unknown_not_nothing(model: Model, revenue: list[float]) -> None:
    matrix, _ = data()
    head = fit_revenue(matrix[: len(revenue)], np.array(revenue, dtype=float), SPEC, SMALL)

    assert head == RevenueHead(None, None)
    unknown = Model(model.hit, model.calibrator, head)
    assert np.isnan(unknown.expected_revenue(matrix[:5], np.full(5, 0.5))).all()


def test_few_revenues_give_their_mean() -> None:
    matrix, _ = data()
    revenue = np.full(LEAST_REVENUE_HITS - 1 + 10, np.nan)
    revenue[10:] = np.tile([100.0, 300.0], LEAST_REVENUE_HITS)[: LEAST_REVENUE_HITS - 1]

    head = fit_revenue(matrix[: len(revenue)], revenue, SPEC, SMALL)

    assert head.trees is None
    assert head.mean == pytest.approx(np.nanmean(revenue))
    assert head.given_hit(matrix[:3], threads=1).tolist() == [head.mean] * 3


def test_enough_revenues_grow_trees_that_follow_them() -> None:
    matrix, _ = data()
    high = np.nan_to_num(matrix[:, 0]) > 0
    revenue = np.where(high, 10_000.0, 1_000.0)

    head = fit_revenue(matrix, revenue, SPEC, SMALL)
    expected = head.given_hit(matrix, threads=2)

    assert head.trees is not None
    assert head.mean == pytest.approx(revenue.mean())
    assert expected[high].mean() > 1.2 * expected[~high].mean()
    assert (expected > 0).all()


def test_expected_revenue_is_probability_times_revenue(model: Model) -> None:
    matrix, _ = data()

    assert model.expected_revenue(matrix[:2], np.array([0.25, 0.5])).tolist() == [250.0, 500.0]


def test_another_calibration_keeps_the_trees(model: Model) -> None:
    matrix, _ = data()
    moved = model.calibrated(Calibrator(kind="sigmoid", slope=0.5, intercept=-1.0))
    score = model.score(matrix)

    assert moved.score(matrix).tolist() == score.tolist()
    np.testing.assert_allclose(moved.probability(score), 1 / (1 + np.exp(1 - 0.5 * score)))
    assert model.calibrator == Calibrator()
