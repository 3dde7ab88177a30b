"""A model is made one way: of what was known at its moment, of results and ordinary traffic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from targeting.config import (
    ExpertSettings,
    FeatureSettings,
    KeySettings,
    ModelSettings,
    SplitSettings,
    TrainSettings,
    UnexaminedSettings,
)
from targeting.errors import InputError
from targeting.features.spec import FeatureSpec, registry
from targeting.training.block import Block, Known
from targeting.training.expert import Expert
from targeting.training.learn import Moment, calibrated, fit, learn, lesson, score_known
from targeting.training.model import LEAST_HITS

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.training.model import HitHead, Model

    Bools = npt.NDArray[np.bool_]
    Matrix = npt.NDArray[np.float32]

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
FEATURES = FeatureSettings(keys=(KeySettings(columns=("consignee_id",)),), links=(), categories=())
SPEC = FeatureSpec(FEATURES, registry(FEATURES), {})
WIDTH = len(SPEC.names)
MODEL = ModelSettings(trees=5, leaves=4, min_rows_in_leaf=5, learning_rate=0.2, threads=1)
SETTINGS = TrainSettings(model=MODEL)
MOMENT = Moment(
    FIRST + timedelta(days=90), SplitSettings(test_days=20, gap_days=5, calibration_days=20)
)


def block(count: int, seed: int, *, document: str = "B") -> Block:
    """Lines of a hundred days, three to a document, its lines lodged together."""
    draw = np.random.default_rng(seed)
    lodged = [FIRST + timedelta(hours=24 * 100 * (at // 3) * 3 / count) for at in range(count)]
    rows = pd.DataFrame(
        {
            "declaration_id": [f"{document}{at:05}" for at in range(count)],
            "lodged_at": pd.to_datetime(lodged, utc=True),
            "office_id": "O1",
            "consignee_id": "C1",
            "transport_document_id": [f"{document}{at // 3}" for at in range(count)],
        }
    )
    matrix = draw.normal(size=(count, WIDTH)).astype(np.float32)
    matrix[draw.random(matrix.shape) < 0.1] = np.nan
    return Block(rows, matrix, SPEC)


def known(count: int = 900, *, rate: float = 0.5, rest: int = 300) -> Known:
    """Results known two days after lodging; the first feature tells hits; some lines beside."""
    lines = block(count, 1)
    draw = np.random.default_rng(2)
    lift = 2 * np.nan_to_num(lines.matrix[:, 0])
    labels = pd.DataFrame(
        {
            "declaration_id": lines.rows["declaration_id"],
            "lodged_at": lines.rows["lodged_at"],
            "office_id": "O1",
            "hit": draw.random(count) < rate / (rate + (1 - rate) * np.exp(-lift)),
            "known_at": lines.rows["lodged_at"] + timedelta(days=2),
            "selected_by": "officer",
            "selection_probability": np.nan,
            "offence": None,
            "revenue_recovered": np.nan,
        }
    )
    return Known(lines, labels, block(rest, 3, document="U") if rest else None)


def with_hits(of: Known, hit: Bools) -> Known:
    return replace(of, labels=of.labels.assign(hit=hit))


def written(head: HitHead) -> tuple[str, str, str]:
    """Every number of a head."""
    return (
        "" if head.trees is None else head.trees.model_to_string(),
        "" if head.linear is None else head.linear.model_dump_json(),
        "" if head.blend is None else head.blend.record.model_dump_json(),
    )


@pytest.fixture(scope="module")
def whole() -> Model:
    return learn(known(), SETTINGS, MOMENT)


def test_two_trainings_give_the_same_numbers(whole: Model) -> None:
    again = learn(known(), SETTINGS, MOMENT)

    assert written(again.hit) == written(whole.hit)
    assert again.calibrator == whole.calibrator
    assert not again.calibrator.why


def test_what_became_known_at_the_moment_or_later_changes_nothing(whole: Model) -> None:
    """The rows after it are turned round, and those beside them are other rows."""
    rows = known()
    assert rows.unexamined is not None
    late = (
        (rows.labels["lodged_at"] >= MOMENT.at - MOMENT.gap)
        | (rows.labels["known_at"] >= MOMENT.at)
    ).to_numpy()
    assert 10 < late.sum() < 200
    matrix, beside = rows.block.matrix.copy(), rows.unexamined.matrix.copy()
    matrix[late] = 7.0
    beside[(rows.unexamined.rows["lodged_at"] >= MOMENT.at - MOMENT.gap).to_numpy()] = 7.0
    other = replace(
        with_hits(rows, rows.hit ^ late),
        block=replace(rows.block, matrix=matrix),
        unexamined=replace(rows.unexamined, matrix=beside),
    )

    model = learn(other, SETTINGS, MOMENT)

    assert written(model.hit) == written(whole.hit)
    assert model.calibrator == whole.calibrator


def test_what_was_known_before_it_does_change_it(whole: Model) -> None:
    rows = known()
    flipped = rows.hit.copy()
    flipped[0] = ~flipped[0]

    assert written(learn(with_hits(rows, flipped), SETTINGS, MOMENT).hit) != written(whole.hit)


def test_a_lesson_is_results_and_lines_beside_them_of_a_stated_weight() -> None:
    rows = known(300, rest=90)
    assert rows.unexamined is not None
    settings = SETTINGS.model_copy(update={"unexamined": UnexaminedSettings(weight=0.5)})

    found = lesson(rows, settings)

    assert found.hit.tolist() == [*rows.hit.tolist(), *[False] * 90]
    assert found.weight[:300].tolist() == [1.0] * 300
    assert len(set(found.weight[300:])) == 1
    assert found.weight[300:].sum() == pytest.approx(0.5 * 300)
    np.testing.assert_array_equal(
        found.matrix, np.concatenate([rows.block.matrix, rows.unexamined.matrix])
    )


@pytest.mark.parametrize("rest", [None, 0, "no weight"])
def test_without_lines_beside_them_a_lesson_is_the_results(rest: object) -> None:
    rows = known(300, rest=90)
    settings = SETTINGS
    if rest is None:
        rows = replace(rows, unexamined=None)
    elif rest == 0:
        rows = replace(rows, unexamined=block(3, 3).take(np.zeros(3, dtype=bool)))
    else:
        settings = SETTINGS.model_copy(update={"unexamined": UnexaminedSettings(weight=0)})

    found = lesson(rows, settings)

    assert (found.hit.tolist(), found.weight.tolist()) == (rows.hit.tolist(), [1.0] * 300)


def test_unexamined_lines_are_in_no_figure_the_model_is_calibrated_on() -> None:
    """Whatever stands beside the results, probabilities follow the results alone."""
    rows = known(rest=900)
    model = learn(rows, SETTINGS, MOMENT)
    later = rows.take((rows.labels["lodged_at"] >= MOMENT.calibrate_from).to_numpy())

    probability = model.probability(model.score(later.block.matrix))

    assert probability.mean() == pytest.approx(later.hit.mean(), abs=0.1)


def few_hits(hits: int) -> Known:
    rows = known(300, rest=100)
    hit = np.zeros(300, dtype=bool)
    hit[np.linspace(0, 299, hits).astype(int)] = True
    return with_hits(rows, hit)


@pytest.mark.parametrize("hits", [0, 1, LEAST_HITS - 1])
def test_with_fewer_than_twenty_hits_the_expert_score_stands_alone(hits: int) -> None:
    rows = few_hits(hits)
    model = fit(rows, SETTINGS)
    expert = Expert.over(ExpertSettings(), SPEC.names)

    assert (model.hit.trees, model.hit.linear) == (None, None)
    assert model.hit.blend is not None
    assert model.hit.blend.hits == 0
    shift = model.score(rows.block.matrix) - expert.score(rows.block.matrix)
    assert np.ptp(shift) < 1e-12  # the same order, at another level
    assert model.hit.blend.told().startswith("No hits to learn from")


def test_with_twenty_hits_it_weighs_beside_what_was_learnt() -> None:
    model = fit(few_hits(LEAST_HITS), SETTINGS)

    assert model.hit.has_learnt
    assert model.hit.blend is not None
    assert model.hit.blend.hits == LEAST_HITS
    assert 0 < model.hit.blend.weight < 1


def test_the_expert_score_stands_at_the_level_of_what_was_learnt() -> None:
    rows = known()
    assert rows.unexamined is not None
    model = fit(rows, SETTINGS)
    assert model.hit.blend is not None
    every = np.concatenate([rows.block.matrix, rows.unexamined.matrix])

    learnt = model.hit.learnt(every, threads=1)
    expert = model.hit.blend.expert.score(every) + model.hit.blend.shift

    assert learnt is not None
    assert expert.mean() == pytest.approx(learnt.mean(), abs=0.02)


def test_without_any_result_the_expert_score_still_stands() -> None:
    none = np.zeros(300, dtype=bool)
    rows = replace(known(300, rest=0).take(none), unexamined=None)

    model = fit(rows, SETTINGS)
    matrix = block(50, 4).matrix

    expert = Expert.over(ExpertSettings(), SPEC.names)
    assert model.score(matrix).tolist() == expert.score(matrix).tolist()


def test_without_an_expert_score_too_few_hits_are_refused() -> None:
    alone = SETTINGS.model_copy(update={"expert": None})

    with pytest.raises(InputError, match=r"too few results.*19 hits"):
        fit(few_hits(LEAST_HITS - 1), alone)
    assert fit(few_hits(LEAST_HITS), alone).hit.blend is None


def test_too_few_results_before_the_calibration_block_are_told() -> None:
    rows = known()
    early = (rows.labels["lodged_at"] < MOMENT.calibrate_from).to_numpy()
    hit = rows.hit & ~early

    model = learn(with_hits(rows, hit), SETTINGS, MOMENT)

    assert model.calibrator.why == "too few results before the calibration block"
    assert model.hit.has_learnt


def test_lines_are_scored_beside_the_unexamined_ones_of_their_consignments(whole: Model) -> None:
    rows = known()
    every = rows.block
    first = np.arange(len(every)) % 3 == 0
    alone = replace(rows.take(first), unexamined=None)
    beside = replace(alone, companions=every.take(~first))

    scored = score_known(whole, beside)

    assert whole.consignment_share > 0
    np.testing.assert_allclose(scored, whole.score_lines(every)[first], rtol=0, atol=1e-12)
    assert score_known(whole, alone).tolist() == whole.score(alone.block.matrix).tolist()
    assert scored.tolist() != score_known(whole, alone).tolist()


def test_calibration_sees_lines_as_they_will_be_scored(whole: Model) -> None:
    """Pooled over the consignment, its lines beside it: as the scorer does."""
    rows = known()
    first = np.arange(len(rows)) % 3 == 0
    alone = replace(rows.take(first), unexamined=None)
    beside = replace(alone, companions=rows.block.take(~first))

    lone, pooled = (calibrated(whole, whole, later).calibrator for later in (alone, beside))

    assert lone != pooled
