"""Reasons of two models held against each other, in literal values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.evaluation.insight.means import mean_by_day
from targeting.evaluation.insight.stability import Explained, compare, order_agreement, overlap

NAMES = st.lists(st.sampled_from("abcdefg"), max_size=5, unique=True)


def explained(told, total=None, score=None) -> Explained:
    size = len(told)
    whole = np.tile(np.arange(4.0), (size, 1)) if total is None else np.array(total, dtype=float)
    return Explained(np.arange(float(size)) if score is None else np.array(score), whole, told)


def test_shared_subjects_first_reasons_and_order_are_counted() -> None:
    one = explained([("a", "b"), ("a", "c"), ("b",)])
    other = explained([("a", "b"), ("c", "a"), ("d",)], score=[3.0, 2.0, 1.0])
    found = compare(one, other, np.array([1, 2, 3]), seed=1)
    assert found.lines == 3
    assert found.overlap.value == pytest.approx((1 + 1 + 0) / 3)
    assert found.same_first.value == pytest.approx(1 / 3)
    assert found.first_kept.value == pytest.approx(2 / 3)
    assert found.order.value == pytest.approx(1.0)
    assert found.score == pytest.approx(-1.0)
    assert found.overlap.why == "no interval: 3 days, at least 10 are needed"


def test_lines_without_reasons_count_in_nothing() -> None:
    found = compare(explained([(), ("a",)]), explained([(), ("a",)]), np.array([1, 1]), seed=1)
    assert (found.overlap.value, found.same_first.value) == (1.0, 1.0)


def test_no_line_no_figure() -> None:
    found = compare(explained([]), explained([]), np.array([]), seed=1)
    assert (found.lines, found.overlap.value, found.score) == (0, None, None)
    assert found.overlap.why == "no line to judge by"


def test_the_order_looks_at_the_strongest_of_either() -> None:
    one, other = np.array([[5.0, 4.0, 0.1, 0.0]]), np.array([[4.0, 5.0, 0.0, 0.1]])
    assert order_agreement(one, other, ranked=2).tolist() == pytest.approx([-1.0])
    assert order_agreement(one, other, ranked=4)[0] == pytest.approx(0.6)


def test_other_lines_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="1 lines and 2 lines cannot be compared"):
        compare(explained([("a",)]), explained([("a",), ("b",)]), np.array([1]), seed=1)


@given(NAMES, NAMES)
def test_overlap_is_a_share_alike_both_ways(one: list[str], other: list[str]) -> None:
    if not one and not other:
        assert np.isnan(overlap(one, other))
        return
    assert 0 <= overlap(one, other) <= 1
    assert overlap(one, other) == overlap(other, one) == overlap(one[::-1], other)
    assert overlap(one, one or other) == 1.0 if one else True


def test_a_mean_by_day_has_an_interval_from_ten_days_on_in_any_order() -> None:
    value, day = np.arange(40) % 3 == 0, np.arange(40) // 2
    found = mean_by_day(value.astype(float), day, seed=4)
    assert found.value == pytest.approx(0.35)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < 0.35 < found.high < 1
    turn = np.random.default_rng(2).permutation(40)
    assert mean_by_day(value[turn].astype(float), day[turn], seed=4) == found
