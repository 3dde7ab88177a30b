"""The expert score: what people wrote in a file is what is added up, and it gives way in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.config import (
    ExpertSettings,
    FeatureSettings,
    IndicatorSettings,
    load,
    parse,
)
from targeting.errors import ConfigError
from targeting.features.catalogue import INDICATORS
from targeting.features.spec import registry
from targeting.training.expert import Blend, BlendRecord, Expert, blend_weight, fit_blend

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
NAMES = tuple(feature.name for feature in registry(FeatureSettings()))
DEFAULT = Expert.over(ExpertSettings(), NAMES)


def lines(rows: int = 40, seed: int = 3) -> np.ndarray:
    """Rows that meet many conditions: small whole numbers, some zero, some unknown."""
    draw = np.random.default_rng(seed)
    matrix = draw.integers(-3, 12, (rows, len(NAMES))).astype(np.float32)
    matrix[draw.random(matrix.shape) < 0.2] = np.nan
    return matrix


def two(**indicator: object) -> ExpertSettings:
    first = {"feature": "consignee_declarations", "points": 1, "words": "few", "at_most": 2}
    second = {"feature": "duty_rate_pct", "points": -0.5, "words": "duty", "at_least": 15}
    return parse(ExpertSettings, {"indicators": [first | indicator, second]}, where="mine.yaml")


def only(matrix: list[list[float]], settings: ExpertSettings) -> list[float]:
    """Points of each line, without the bias."""
    expert = Expert.over(settings, ["consignee_declarations", "duty_rate_pct"])
    scored = expert.score(np.array(matrix, dtype=np.float32)) - expert.bias
    return scored.round(9).tolist()


# The settings people edit


def test_the_file_in_configs_is_the_default() -> None:
    assert load(ExpertSettings, CONFIGS / "expert.yaml") == ExpertSettings()


def test_settings_come_back_from_their_own_dump() -> None:
    settings = ExpertSettings()

    assert parse(ExpertSettings, settings.model_dump(mode="json"), where="x") == settings


def test_every_default_indicator_is_a_feature_and_carries_its_number() -> None:
    carried = {feature.name: feature.indicators for feature in registry(FeatureSettings())}
    known = {number for number, _, _ in INDICATORS}

    assert DEFAULT.left_out == ()
    assert 30 <= len(DEFAULT.indicators) <= 45
    assert all(one.source and one.number in known for one in DEFAULT.indicators)
    elsewhere = {one.words for one in DEFAULT.indicators if one.number not in carried[one.feature]}
    # What the catalogue files under another number than the public source does.
    assert elsewhere <= {"containers this consignee used are often hits"}


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    given = {
        "base_rates": 0.1,
        "prior_hits": 0,
        "indicators": [
            {"feature": "a", "points": 1, "words": "one"},
            {"feature": "a", "points": 9, "words": "two", "equals": 1},
            {"feature": "a", "points": 1, "words": "three", "equals": 1, "at_most": 2},
            {"feature": "a", "points": 1, "words": "four", "at_least": 3, "at_most": 2},
            {"feature": "a", "points": 1, "words": "five", "at_lest": 3, "at_most": 4},
        ],
    }
    with pytest.raises(ConfigError, match=r"mine\.yaml") as caught:
        parse(ExpertSettings, given, where="mine.yaml")

    for words in (
        "base_rates: unknown key. Did you mean base_rate?",
        "prior_hits: Input should be greater than 0",
        "indicators.0: say when: at_least, at_most, equals or missing",
        "indicators.1.points: Input should be less than or equal to 5",
        "indicators.2: give `equals`, or `at_least` and `at_most`, not both",
        "indicators.3: at_least is above at_most",
        "indicators.4.at_lest: unknown key. Did you mean at_least",
    ):
        assert words in str(caught.value)


def test_the_same_words_twice_are_refused() -> None:
    with pytest.raises(ConfigError, match="'duty' are listed twice"):
        two(words="duty")


def test_unknown_features_are_refused_all_at_once_with_the_nearest_name() -> None:
    also = [{"feature": "duty_rate", "at_least": 1}]
    settings = two(feature="consignee_declaration", also=also)

    with pytest.raises(ConfigError, match=r"indicator 1 \(few\)") as caught:
        Expert.over(settings, NAMES)

    assert "Did you mean consignee_declarations" in str(caught.value)
    assert "indicator 1 (few): duty_rate. Did you mean duty_rate_pct" in str(caught.value)


def test_a_feature_of_ones_own_is_known_where_the_matrix_has_it() -> None:
    expert = Expert.over(two(feature="axle_count"), ["axle_count"])

    assert expert.words == ("few",)


def test_indicators_without_their_feature_are_left_out_and_said() -> None:
    also = ({"feature": "duty_rate_pct", "at_least": 1},)
    expert = Expert.over(two(also=also), ["consignee_declarations"])

    assert expert.words == ()
    assert [one.words for one in expert.left_out] == ["few", "duty"]
    assert "weighs 0 of 2 indicators; the features have nothing on: few; duty." in expert.told()
    assert expert.score(np.zeros((2, 1), np.float32)).tolist() == [expert.bias] * 2


# What is added up


def test_points_are_added_where_conditions_are_met() -> None:
    unknown = float("nan")
    matrix = [[2, 15], [3, 14.9], [0, unknown], [unknown, 20]]

    assert only(matrix, two()) == [0.5, 0.0, 1.0, -0.5]


def test_what_is_not_known_meets_only_a_condition_that_says_so() -> None:
    unknown = float("nan")
    matrix = [[1.0, 0.0], [9.0, 0.0], [unknown, 0.0]]

    assert only(matrix, two(missing=True)) == [1.0, 0.0, 1.0]
    assert only(matrix, two(at_most=None, missing=True)) == [0.0, 0.0, 1.0]


def test_all_conditions_of_an_indicator_must_be_met() -> None:
    also = [{"feature": "duty_rate_pct", "at_least": 5, "at_most": 10}]

    assert only([[1, 7], [1, 11], [4, 7]], two(also=also)) == [1.0, 0.0, 0.0]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_bound_itself_is_included(bound: float) -> None:
    for condition in ({"at_least": bound}, {"at_most": bound}, {"equals": bound}):
        one = {"feature": "x", "points": 1.0, "words": "bound"} | condition
        settings = ExpertSettings(indicators=(IndicatorSettings.model_validate(one),))
        expert = Expert.over(settings, ["x"], refuse=False)
        value = np.array([[bound]], dtype=np.float32)
        assert expert.contributions(value).tolist() == [[1.0]]


def test_contributions_and_bias_add_up_to_the_score() -> None:
    matrix = lines()
    score = DEFAULT.score(matrix)

    per_indicator = DEFAULT.contributions(matrix)
    per_feature = DEFAULT.by_feature(matrix)
    assert per_indicator.shape == (len(matrix), len(DEFAULT.words))
    assert per_feature.shape == matrix.shape
    assert (per_indicator != 0).sum() > 100
    np.testing.assert_allclose(per_indicator.sum(axis=1) + DEFAULT.bias, score, atol=1e-12)
    np.testing.assert_allclose(per_feature.sum(axis=1) + DEFAULT.bias, score, atol=1e-12)


def test_one_row_scores_as_in_its_batch_and_no_rows_score_nothing() -> None:
    matrix = lines()
    single = [DEFAULT.score(matrix[at : at + 1])[0] for at in range(len(matrix))]

    assert single == DEFAULT.score(matrix).tolist()
    assert DEFAULT.score(matrix[:0]).shape == (0,)


def test_the_order_of_the_features_does_not_matter() -> None:
    matrix, turned = lines(), np.arange(len(NAMES))[::-1]
    other = Expert.over(ExpertSettings(), [NAMES[at] for at in turned])

    assert other.score(matrix[:, turned]).tolist() == DEFAULT.score(matrix).tolist()


# The hand-over to the model


@given(st.integers(0, 10**6), st.floats(0.1, 1e4))
def test_the_model_weighs_more_with_every_hit(hits: int, prior: float) -> None:
    assert 0 <= blend_weight(hits, prior) < blend_weight(hits + 1, prior) < 1
    assert blend_weight(0, prior) == 0


def test_at_the_prior_hits_both_weigh_the_same() -> None:
    assert blend_weight(60, 60.0) == 0.5


def test_without_hits_the_list_follows_the_expert_score_alone() -> None:
    blend = Blend(DEFAULT)

    assert blend.score(None, lines()).tolist() == DEFAULT.score(lines()).tolist()
    assert blend.told() == "No hits to learn from: the list follows the expert score alone."


def test_the_words_say_the_shares() -> None:
    expert = Expert.over(ExpertSettings(prior_hits=60), NAMES)

    assert "With 35 hits known the list follows the expert score for 63 %" in (
        Blend(expert, hits=35).told()
    )
    assert Blend(expert, hits=1).told().startswith("With 1 hit known")


@given(st.integers(1, 5_000), st.floats(-3, 3))
def test_the_blend_lies_between_and_its_parts_add_up(hits: int, shift: float) -> None:
    matrix, draw = lines(8), np.random.default_rng(hits)
    parts = draw.normal(size=matrix.shape)
    model = parts.sum(axis=1) - 2.0
    blend = Blend(DEFAULT, hits, shift)

    score = blend.score(model, matrix)
    moved = DEFAULT.score(matrix) + shift
    assert (score >= np.minimum(model, moved) - 1e-9).all()
    assert (score <= np.maximum(model, moved) + 1e-9).all()
    added = blend.contributions(parts, matrix).sum(axis=1) + blend.bias(-2.0)
    np.testing.assert_allclose(added, score, atol=1e-9)


def test_a_blend_without_the_models_part_is_refused() -> None:
    with pytest.raises(ValueError, match="a blend of 9 hits needs the model's part"):
        Blend(DEFAULT, hits=9).score(None, lines())


def test_both_are_brought_to_one_level() -> None:
    matrix = lines()
    model = np.linspace(-5, 1, len(matrix))
    blend = fit_blend(DEFAULT, matrix, model=model, hits=30)

    assert blend.hits == 30
    assert blend.score(model, matrix).mean() == pytest.approx(model.mean())


def test_alone_the_expert_score_is_brought_to_its_base_rate() -> None:
    matrix = lines()
    blend = fit_blend(DEFAULT, matrix, model=None, hits=5)
    probability = 1 / (1 + np.exp(-blend.score(None, matrix)))

    assert blend.weight == 0  # five hits nobody learnt from carry nothing
    assert probability.mean() == pytest.approx(0.02)
    assert fit_blend(DEFAULT, matrix[:0], model=None, hits=0).shift == 0


def test_a_blend_comes_back_from_its_file() -> None:
    matrix = lines()
    blend = fit_blend(DEFAULT, matrix, model=np.ones(len(matrix)), hits=12)
    text = blend.record.model_dump_json()
    again = Blend.of(BlendRecord.model_validate_json(text), NAMES)

    model = np.linspace(-3, 3, len(matrix))
    assert again.score(model, matrix).tolist() == blend.score(model, matrix).tolist()
    assert again.told() == blend.told()


def test_a_kept_blend_outlives_a_feature_that_later_versions_do_not_have() -> None:
    record = BlendRecord(expert=two(feature="axle_count"), hits=3)
    blend = Blend.of(record, ["duty_rate_pct"])

    assert blend.expert.words == ("duty",)
    assert blend.record == record
