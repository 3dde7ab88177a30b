"""Baselines: strictly as of their moment, the same for every order of rows, and honest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.small_world import LAST, PLAN, small_world

from targeting.config import ExpertSettings, FeatureSettings, KeySettings, SplitSettings
from targeting.errors import InputError
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted
from targeting.features.spec import FeatureSpec, learn_spec, registry
from targeting.training.baselines import (
    BASELINES,
    EarlierHitRates,
    ExpertScore,
    Fitted,
    NewestConsignee,
    OddOnesOut,
    RandomOrder,
    Ranker,
    RawLightGBM,
    RegularisedLogistic,
    Scored,
)
from targeting.training.baselines.draw import lot
from targeting.training.baselines.learners import RAW_COLUMNS
from targeting.training.baselines.tidy import FURTHEST, Tidy
from targeting.training.block import Block, Known
from targeting.training.expert import Expert
from targeting.training.labels import examined
from targeting.training.learn import Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.small_world import World

MOMENT = Moment(datetime(2024, 4, 15, tzinfo=UTC), SplitSettings(gap_days=7, calibration_days=25))
each = pytest.mark.parametrize("ranker", BASELINES, ids=lambda one: one.name)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def known(world: World) -> Known:
    """Every line ever examined, those known only after the moment too."""
    labels = examined(world.tables)
    spec = learn_spec(world.tables, PLAN.features)
    ids = pa.array(labels["declaration_id"], pa.string())
    rows, matrix = matrix_of(world.tables, spec, Wanted(ids=ids), until=LAST)
    return Known(Block(rows, matrix, spec), labels)


@pytest.fixture(scope="module")
def later(known: Known) -> Block:
    lodged = known.block.rows["lodged_at"]
    return known.block.take((lodged >= MOMENT.at).to_numpy())


@pytest.fixture(scope="module")
def fitted(known: Known) -> Callable[[Ranker], Fitted]:
    """Let a baseline learn once, for all tests that only look at what it says."""
    learnt: dict[str, Fitted] = {}

    def of(ranker: Ranker) -> Fitted:
        if ranker.name not in learnt:
            learnt[ranker.name] = ranker.learn(known, MOMENT)
        return learnt[ranker.name]

    return of


def same(left: Scored, right: Scored) -> None:
    for name in ("score", "probability", "expected_revenue"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))


def turned(block: Block) -> Block:
    rows = block.rows.iloc[::-1].reset_index(drop=True)
    return Block(rows, np.ascontiguousarray(block.matrix[::-1]), block.spec)


def with_labels(known: Known, **columns: Any) -> Known:
    return Known(known.block, known.labels.assign(**columns))


def test_the_baselines_of_the_reports() -> None:
    assert [one.name for one in BASELINES] == [
        "random",
        "newest consignee",
        "expert score",
        "earlier hit rates",
        "logistic regression",
        "isolation forest",
        "raw LightGBM",
    ]


@each
def test_figures_are_sound(ranker: Ranker, fitted: Callable, later: Block) -> None:
    scored = fitted(ranker).score(later)

    assert scored.score.shape == (len(later),)
    assert np.isfinite(scored.score).all()
    assert len(np.unique(scored.score)) > 5
    for figures in (scored.probability, scored.expected_revenue):
        assert figures is None or (figures >= 0).all()
    assert scored.probability is None or (scored.probability <= 1).all()


@each
def test_each_line_is_scored_by_itself(ranker: Ranker, fitted: Callable, later: Block) -> None:
    made = fitted(ranker)
    whole, some = made.score(later), np.arange(len(later)) % 7 == 3

    np.testing.assert_array_equal(made.score(later.take(some)).score, whole.score[some])
    np.testing.assert_array_equal(made.score(turned(later)).score[::-1], whole.score)
    assert made.score(later.take(np.zeros(len(later), dtype=bool))).score.shape == (0,)


@each
def test_learning_again_gives_the_same_and_uses_nothing_known_later(
    ranker: Ranker, known: Known, fitted: Callable, later: Block
) -> None:
    before = (known.labels["known_at"] < MOMENT.at).to_numpy()
    other = np.where(before, known.hit, ~known.hit)
    worth = np.where(before, known.revenue, 1e6)
    changed = with_labels(known, hit=other, revenue_recovered=worth)
    lodged = (known.labels["lodged_at"] < MOMENT.at).to_numpy()

    assert not before.all()
    changed = changed.take(lodged)
    same(ranker.learn(changed, MOMENT).score(later), fitted(ranker).score(later))


@each
def test_a_unit_that_has_found_nothing_gets_an_order_all_the_same(
    ranker: Ranker, known: Known, later: Block
) -> None:
    nothing = with_labels(known, hit=np.zeros(len(known), dtype=bool))
    scored = ranker.learn(nothing, MOMENT).score(later)

    assert np.isfinite(scored.score).all()
    assert len(np.unique(scored.score)) > 5


@pytest.mark.parametrize("ranker", [RegularisedLogistic(), RawLightGBM()], ids=lambda r: r.name)
def test_those_that_learn_draw_by_lot_while_results_are_few(
    ranker: Ranker, known: Known, later: Block
) -> None:
    few = with_labels(known, hit=known.hit & (np.cumsum(known.hit) <= 19))

    same(ranker.learn(few, MOMENT).score(later), RandomOrder().score(later))


@each
def test_no_lines_at_all_can_be_learnt_from(ranker: Ranker, known: Known, later: Block) -> None:
    empty = known.take(np.zeros(len(known), dtype=bool))

    assert np.isfinite(ranker.learn(empty, MOMENT).score(later).score).all()


# Rules


def test_a_lot_belongs_to_the_id_and_the_seed() -> None:
    drawn = np.array([lot(1, f"D{at}") for at in range(2_000)])
    again = np.array([lot(2, f"D{at}") for at in range(2_000)])

    assert abs(drawn.mean() - 0.5) < 0.03
    assert abs(np.corrcoef(drawn, again)[0, 1]) < 0.1


def block_of(spec_columns: tuple[str, ...], **values: list[float]) -> Block:
    """Lines of which only some features are known."""
    settings = FeatureSettings(
        keys=tuple(KeySettings(columns=(name,)) for name in spec_columns), links=(), categories=()
    )
    spec = FeatureSpec(settings, registry(settings), {})
    count = len(next(iter(values.values())))
    matrix = np.full((count, len(spec.features)), np.nan, dtype=np.float32)
    for name, column in values.items():
        matrix[:, spec.names.index(name)] = column
    ids = [f"D{at}" for at in range(count)]
    return Block(pd.DataFrame({"declaration_id": ids}), matrix, spec)


def test_the_newest_consignee_comes_first_and_one_not_stated_last() -> None:
    unknown = float("nan")
    block = block_of(
        ("consignee_id",),
        consignee_declarations=[4, 0, unknown, 2, 90],
        consignee_days_since_first=[20, unknown, unknown, 3, 900],
    )
    scored = NewestConsignee().score(block)

    assert np.argsort(-scored.score).tolist() == [1, 3, 0, 4, 2]
    assert scored.probability is None


def test_the_mean_of_the_hit_rates_leaves_out_what_is_not_known(known: Known) -> None:
    unknown = float("nan")
    block = block_of(
        ("consignee_id", "hs6"),
        consignee_hit_rate=[0.2, 0.4, unknown],
        hs6_hit_rate=[0.4, unknown, unknown],
    )
    labels = known.labels.iloc[:3].assign(hit=[True, False, False]).reset_index(drop=True)
    scored = EarlierHitRates().learn(Known(block, labels), MOMENT).score(block)

    rates = 1 / (1 + np.exp(-scored.score))
    assert rates.round(6).tolist() == [0.3, 0.4, round(2 / 23, 6)]


@pytest.mark.parametrize("ranker", [NewestConsignee(), EarlierHitRates()], ids=lambda r: r.name)
def test_features_that_cannot_carry_a_rule_are_refused(ranker: Ranker, known: Known) -> None:
    bare = block_of(("office_id",), office_declarations=[1.0])

    with pytest.raises(InputError, match=r"do not hold what this baseline ranks by.*consignee"):
        ranker.learn(Known(bare, known.labels.iloc[:1]), MOMENT)


def test_the_expert_baseline_is_the_expert_score(known: Known, later: Block) -> None:
    few = ExpertSettings(indicators=ExpertSettings().indicators[:1])
    scored = ExpertScore(few).learn(known, MOMENT).score(later)
    expert = Expert.over(few, later.spec.names)

    assert scored.score.tolist() == expert.score(later.matrix).tolist()
    assert len(np.unique(scored.score)) == 2


# Learners


def planted(rows: int = 1_600) -> Known:
    """Lines of which a feature with gaps, huge values and infinities tells the hits."""
    settings = FeatureSettings(keys=(), links=(), categories=("flow",))
    spec = FeatureSpec(settings, registry(settings), {"flow_level": ("import", "export")})
    draw = np.random.default_rng(8)
    matrix = draw.normal(size=(rows, len(spec.features))).astype(np.float32)
    matrix[:, -1] = draw.integers(0, 3, rows)
    risk = draw.normal(size=rows)
    matrix[:, 0] = np.sign(risk) * 10 ** (6 * np.abs(risk))
    matrix[draw.random(rows) < 0.1, 0] = np.nan
    matrix[:5, 1] = [np.inf, -np.inf, 3e38, -3e38, np.nan]
    matrix[:, 2], matrix[:, 3] = np.nan, 7.0
    hit = draw.random(rows) < 1 / (1 + np.exp(2 - 2 * risk))
    lodged = (
        pd.Timestamp(MOMENT.at)
        - timedelta(days=100)
        + pd.to_timedelta(np.arange(rows) / rows * 200, unit="D")
    )
    ids = [f"D{at}" for at in range(rows)]
    labels = pd.DataFrame(
        {
            "declaration_id": ids, "lodged_at": lodged, "known_at": lodged + timedelta(days=1),
            "hit": hit, "revenue_recovered": np.where(hit, 500.0, np.nan),
        }
    )  # fmt: skip
    rows_of = pd.DataFrame({"declaration_id": ids, "lodged_at": lodged})
    return Known(Block(rows_of, matrix, spec), labels)


def test_logistic_regression_learns_what_was_planted_and_is_calibrated() -> None:
    told = planted()
    later = told.take((told.labels["lodged_at"] >= MOMENT.at).to_numpy())
    scored = RegularisedLogistic().learn(told, MOMENT).score(later.block)
    score, probability = scored.score, scored.probability

    above = (score[later.hit][:, None] > score[~later.hit][None, :]).mean()
    assert above > 0.7  # chance gives 0.5
    assert probability is not None
    assert probability.mean() == pytest.approx(later.hit.mean(), abs=0.05)
    assert scored.expected_revenue is not None
    np.testing.assert_allclose(scored.expected_revenue, 500 * probability)


def test_the_isolation_forest_finds_the_odd_line() -> None:
    told = planted()
    told.block.matrix[17, 4:30] = 50.0
    scored = OddOnesOut().learn(told, MOMENT).score(told.block)

    assert scored.score.argmax() == 17
    assert scored.probability is None


def test_to_the_isolation_forest_unexamined_lines_are_lines_too() -> None:
    told = planted()
    half = np.arange(len(told)) % 2 == 0
    split = Known(told.block.take(half), told.take(half).labels, told.block.take(~half))

    some = OddOnesOut().learn(told.take(half), MOMENT).score(told.block).score
    more = OddOnesOut().learn(split, MOMENT).score(told.block).score
    assert some.tolist() != more.tolist()


def test_a_tidy_matrix_has_no_gaps_and_nothing_huge() -> None:
    told = planted()
    tidy = Tidy.learn(told.block.matrix, told.block.spec)
    made = tidy.of(told.block.matrix)
    wild = np.full((3, told.block.matrix.shape[1]), 3e38, dtype=np.float32)
    wild[1], wild[2] = -np.inf, np.nan

    assert np.isfinite(made).all()
    assert np.abs(tidy.of(wild)).max() <= FURTHEST
    levels = made[:, -3:]  # import, export, any other
    np.testing.assert_array_equal(levels.argmax(axis=1), told.block.matrix[:, -1])
    assert levels.sum(axis=1).tolist() == [1.0] * len(made)
    assert tidy.of(wild)[:, -3:].sum() == 0


def test_raw_columns_are_the_declarations_own_and_none_that_names_a_person() -> None:
    assert {"consignee_id", "hs_code", "customs_value", "container_id"} <= set(RAW_COLUMNS)
    assert not {"declaration_id", "consignee_name", "lodged_at"} & set(RAW_COLUMNS)


def test_raw_lightgbm_looks_at_no_feature(known: Known, fitted: Callable, later: Block) -> None:
    blind = Known(
        Block(known.block.rows, np.zeros_like(known.block.matrix), known.block.spec), known.labels
    )

    usual = fitted(RawLightGBM()).score(later)
    same(RawLightGBM().learn(blind, MOMENT).score(later), usual)


def test_to_raw_lightgbm_all_codes_it_never_saw_are_one(fitted: Callable, later: Block) -> None:
    one, other = (
        Block(later.rows.assign(consignee_id=code), later.matrix, later.spec)
        for code in ("NEVER-1", "AAA-NEVER-2")
    )

    trees = fitted(RawLightGBM())
    same(trees.score(one), trees.score(other))
