"""Dependence with counts: every line stands in one step, thin steps are named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from targeting.config import FeatureSettings
from targeting.evaluation.insight.dependence import BINS, THIN, bins_of, main_features
from targeting.evaluation.insight.insight import dependence_of, weights_of
from targeting.features.registry import Feature
from targeting.features.spec import FeatureSpec


def test_few_values_have_a_step_each_and_the_missing_come_last() -> None:
    values = np.array([1.0, 0.0, 1.0, np.nan])
    found = bins_of(values, np.array([0.4, -0.1, 0.6, 0.2]))
    assert [(one.label, one.lines, one.mean) for one in found] == [
        ("0", 1, -0.1), ("1", 2, 0.5), ("not stated", 1, 0.2),
    ]  # fmt: skip
    assert found[1].low == pytest.approx(0.42)
    assert found[1].high == pytest.approx(0.58)
    assert all(one.is_thin for one in found)


def test_many_values_are_parted_evenly() -> None:
    values = np.arange(800.0)
    found = bins_of(values, values)
    assert [one.lines for one in found] == [99, 100, 100, 100, 100, 100, 100, 101]
    assert found[0].label == "0 to 99"
    assert not found[0].is_thin


def test_categories_show_their_names_the_most_frequent_first() -> None:
    codes = np.array([0.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0])
    found = bins_of(codes, np.ones(7), levels=("AZALA", "KZAAU", "TMASB"))
    assert [(one.label, one.lines) for one in found] == [
        ("any other", 3), ("KZAAU", 2), ("AZALA", 1), ("TMASB", 1),
    ]  # fmt: skip


def test_a_feature_nobody_states_has_one_step() -> None:
    (only,) = bins_of(np.full(THIN, np.nan), np.zeros(THIN))
    assert (only.label, only.lines, only.is_thin) == ("not stated", THIN, False)


@given(
    arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6) | st.just(np.nan)),
    st.randoms(use_true_random=False),
)
def test_every_line_stands_in_one_step_whatever_their_order(values, chance) -> None:
    moved = np.nan_to_num(values) / 1e6
    found = bins_of(values, moved)
    assert sum(one.lines for one in found) == len(values)
    assert len(found) <= BINS + 1
    assert all(one.low <= one.high for one in found)
    turn = np.array(chance.sample(range(len(values)), len(values)))
    again = bins_of(values[turn], moved[turn])
    assert [(one.label, one.lines) for one in again] == [(one.label, one.lines) for one in found]


def spec(*groups: str) -> FeatureSpec:
    features = tuple(
        Feature(f"f{at}", "party", f"Means {at}.", lambda _: None, group=group)
        for at, group in enumerate(groups)
    )
    return FeatureSpec(FeatureSettings(), features, {})


def test_the_strongest_feature_speaks_for_each_main_subject() -> None:
    size = np.array([0.5, 0.3, 0.4, 0.6, 0.0])
    features = spec("price", "", "price", "", "").features
    assert main_features(size, features, most=3) == [0, 3, 1]
    found = dependence_of(spec("price", "", "price"), np.zeros((2, 3), np.float32), np.ones((2, 3)))
    assert [(one.feature, one.subject) for one in found] == [("f0", "price"), ("f1", "f1")]


def test_weights_add_the_features_of_a_subject_before_their_size_is_taken() -> None:
    moved = np.array([[1.0, -1.0, 0.5], [2.0, 0.0, -0.5]])
    first, second = weights_of(spec("price", "price", ""), moved)
    assert (first.subject, first.size, first.share, first.raises) == ("price", 1.0, 2 / 3, 0.5)
    assert (second.subject, second.size, second.raises) == ("f2", 0.5, 0.5)
