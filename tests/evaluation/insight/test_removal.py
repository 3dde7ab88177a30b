"""Taking the cause of a reason away: exact where the score is a sum, honest where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from targeting.evaluation.insight.removal import REASONS, Case, rank_correlation, remove, without
from targeting.evaluation.insight.subjects import Subjects
from targeting.features.registry import Feature

WEIGHT = np.array([3.0, 1.0, 2.0, -1.0, 0.5, 0.0, 0.25, -0.5, 0.1, 0.2, -0.1, 0.05])
GROUPS = ("price", "price", *("" for _ in WEIGHT[2:]))
FEATURES = [
    Feature(f"f{at}", "party", "", lambda _: None, group=group) for at, group in enumerate(GROUPS)
]
SUBJECTS = Subjects.of(FEATURES)


def score(matrix):
    """A sum: what a feature adds is its weight times its value, so its removal is known."""
    return matrix.astype(np.float64) @ WEIGHT


def case(lines: int = 24, ordinary: float = 0.0) -> Case:
    matrix = np.ones((lines, len(WEIGHT)), dtype=np.float32)
    total = SUBJECTS.total(matrix.astype(np.float64) * (1 - ordinary) * WEIGHT)
    day = np.arange(lines) % 12
    return Case(matrix, total, day, np.full((3, len(WEIGHT)), ordinary, dtype=np.float32))


def test_features_of_one_subject_are_taken_away_together() -> None:
    assert SUBJECTS.names[:2] == ("price", "f2")
    taken = np.zeros((24, 1), dtype=np.intp)
    left = without(score, case(), SUBJECTS, taken, seed=1, draws=2)
    assert left == pytest.approx(score(case().matrix) - 4.0)


def test_nothing_taken_nothing_lost() -> None:
    left = without(score, case(), SUBJECTS, np.zeros((24, 0), dtype=np.intp), seed=1)
    assert left == pytest.approx(score(case().matrix))


def test_of_a_sum_every_reason_is_faithful() -> None:
    found = remove(score, case(), SUBJECTS, seed=3)
    assert (found.lines, found.falls.value, found.first_falls.value) == (24, 1.0, 1.0)
    assert found.fall.value == pytest.approx(4.0)
    assert found.fall_by_lot.value is not None
    assert found.fall_by_lot.value < 0.2
    assert found.order.value == pytest.approx(1.0)


def test_the_curve_of_reasons_falls_by_what_they_contribute() -> None:
    curve = remove(score, case(), SUBJECTS, seed=3).curve
    assert [step.removed for step in curve] == list(range(REASONS + 1))
    falls = np.diff([step.by_reasons for step in curve])
    assert falls.tolist() == pytest.approx([-4.0, -2.0, -0.5, -0.25, -0.2])
    assert all(step.by_reasons < step.by_lot for step in curve[1:])


def test_reasons_that_name_the_wrong_subjects_are_found_out() -> None:
    """Contributions turned round: the test must be able to fail."""
    wrong = replace(case(), total=-case().total)
    found = remove(score, wrong, SUBJECTS, seed=3)
    assert found.first_falls.value == 0.0
    assert found.order.value == pytest.approx(-1.0, abs=0.1)


def test_a_line_like_the_ordinary_ones_loses_nothing() -> None:
    found = remove(score, case(ordinary=1.0), SUBJECTS, seed=3)
    assert found.falls.value is None
    assert found.fall.value == pytest.approx(0.0)


def test_the_order_of_lines_changes_nothing() -> None:
    """Where every ordinary line is alike, the lot cannot tell lines apart."""
    lines = case()
    matrix = lines.matrix * np.linspace(0.5, 2, 24, dtype=np.float32)[:, None]
    total = SUBJECTS.total(matrix.astype(np.float64) * WEIGHT)
    one = Case(matrix, total, lines.day, lines.ordinary)
    turn = np.random.default_rng(1).permutation(24)
    other = Case(matrix[turn], total[turn], lines.day[turn], lines.ordinary)
    first, second = (remove(score, some, SUBJECTS, seed=5) for some in (one, other))
    assert first.falls == second.falls
    assert first.fall.value == pytest.approx(second.fall.value)
    assert [step.by_reasons for step in first.curve] == pytest.approx(
        [step.by_reasons for step in second.curve]
    )


def test_ties_take_their_mean_rank_and_equal_rows_have_none() -> None:
    one = np.array([[1.0, 1.0, 2.0], [5.0, 5.0, 5.0]])
    other = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    found = rank_correlation(one, other)
    assert found[0] == pytest.approx(0.8660254)
    assert np.isnan(found[1])


@given(arrays(np.float64, (2, 6), elements=st.floats(-5, 5)))
def test_rank_correlation_is_bounded_symmetric_and_unmoved_by_scale(rows) -> None:
    one, other = rows[:1], rows[1:]
    found = rank_correlation(one, other)[0]
    if np.isnan(found):
        return
    assert -1 - 1e-12 <= found <= 1 + 1e-12
    assert found == rank_correlation(other, one)[0]
    assert found == pytest.approx(rank_correlation(2.0 * one, other)[0])
    assert found == pytest.approx(-rank_correlation(-one, other)[0])
