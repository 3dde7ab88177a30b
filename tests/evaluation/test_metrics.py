"""Figures of a ranking: hand-computed values, invariances, equality with scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from targeting.evaluation import calibration, metrics
from targeting.evaluation.capacity import precision_at_capacity

SCORE = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.95, 0.85])
LABEL = np.array([1, 0, 1, 0, 0, 1, 0, 0, 0, 0, -1, -1])


def days(*names):
    return np.array([f"2026-03-{name:02d}" for name in names], dtype="datetime64[D]")


@st.composite
def rankings(draw, *, least=1):
    size = draw(st.integers(least, 40))
    score = draw(st.lists(st.integers(-6, 6), min_size=size, max_size=size))
    label = draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=size, max_size=size))
    return np.array(score, dtype=np.float64), np.array(label)


def figures(score, label):
    row = metrics.at_share(score, label, share=0.3)
    day = np.repeat(days(1, 2), [len(score) // 2, len(score) - len(score) // 2])
    daily = precision_at_capacity(score, label, day, capacity=2)
    return (row.precision, row.recall, metrics.auc(score, label), daily.mean, daily.recall)


def test_precision_recall_and_lift_at_a_share():
    row = metrics.at_share(SCORE, LABEL, share=0.3)
    assert (row.examined, row.hits, row.opened, row.found) == (10, 3, 3, 2.0)
    assert row.precision == pytest.approx(2 / 3)
    assert row.recall == pytest.approx(2 / 3)
    assert row.lift == pytest.approx((2 / 3) / (3 / 10))
    assert row.attainable == 1.0


@pytest.mark.parametrize(
    ("share", "opened", "found", "attainable"),
    [(0.01, 1, 1, 1.0), (0.02, 1, 1, 1.0), (0.05, 1, 1, 1.0), (0.1, 1, 1, 1.0), (0.5, 5, 2, 0.6)],
)
def test_a_share_is_rounded_up_to_whole_lines(share, opened, found, attainable):
    row = metrics.at_share(SCORE, LABEL, share=share)
    assert (row.opened, row.found, row.attainable) == (opened, found, attainable)


def test_equal_scores_across_the_cut_count_as_their_mean():
    row = metrics.at_share(np.array([0.9, 0.5, 0.5, 0.5]), np.array([1, 1, 0, 0]), share=0.5)
    assert (row.opened, row.found) == (2, pytest.approx(1 + 1 / 3))


def test_revenue_at_a_share_counts_what_was_recorded():
    revenue = np.array([100.0, np.nan, 50.0, 0, 0, 50.0, 0, 0, 0, 0, 999.0, np.nan])
    found = metrics.revenue_at_share(SCORE, LABEL, revenue, share=0.3)
    assert found == pytest.approx(150 / 200)
    assert metrics.revenue_at_share(SCORE, LABEL, np.full(12, np.nan), share=0.3) is None


def test_area_under_the_curve_by_hand():
    # Hits rank 1, 3, 6 of 10: clear lines below them 7, 6, 4 of 7 each.
    assert metrics.auc(SCORE, LABEL) == pytest.approx((7 + 6 + 4) / 21)


def test_average_precision_by_hand():
    assert metrics.average_precision(SCORE, LABEL) == pytest.approx((1 / 1 + 2 / 3 + 3 / 6) / 3)


def test_one_outcome_only_gives_no_area_and_no_average_precision():
    assert metrics.auc(np.array([0.1, 0.2]), np.array([1, 1])) is None
    assert metrics.auc(np.array([0.1, 0.2]), np.array([0, -1])) is None
    assert metrics.average_precision(np.array([0.1, 0.2]), np.array([0, -1])) is None


def test_nothing_examined_gives_nothing():
    row = metrics.at_share(np.array([0.1]), np.array([-1]), share=0.5)
    assert (row.precision, row.recall, row.lift, row.attainable) == (None, None, None, None)
    assert calibration.brier(np.array([0.1]), np.array([-1])) is None
    assert calibration.log_loss(np.array([0.1]), np.array([-1])) is None
    assert calibration.reliability(np.array([0.1]), np.array([-1])) == ()
    assert calibration.expected_calibration_error(()) is None


@pytest.mark.parametrize(
    ("score", "label", "share", "message"),
    [
        ([0.1, np.nan], [1, 0], 0.5, "1 values that are NaN"),
        ([0.1], [1, 0], 0.5, "score has shape"),
        ([0.1], [2], 0.5, "other than 1"),
        ([0.1], [1], 0.0, "share must be in"),
        ([0.1], [1], 1.5, "share must be in"),
    ],
)
def test_unsound_input_is_refused(score, label, share, message):
    score, label = np.array(score), np.array(label)
    with pytest.raises(ValueError, match=message):
        metrics.at_share(score, label, share=share)


def test_precision_at_capacity_by_office_and_day():
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.9, 0.1, 0.5])
    label = np.array([1, 0, 1, -1, 0, 1, 1])
    day = days(1, 1, 1, 1, 2, 2, 1)
    office = np.array(["A", "A", "A", "A", "A", "A", "B"], dtype=object)
    daily = precision_at_capacity(score, label, day, capacity=2, office=office)
    assert daily.office.tolist() == ["A", "A", "B"]
    assert daily.examined.tolist() == [3, 2, 1]
    assert daily.opened.tolist() == [2, 2, 1]
    assert daily.found.tolist() == [1, 1, 1]
    assert daily.precision.tolist() == [0.5, 0.5, 1.0]
    assert daily.attainable.tolist() == [1.0, 0.5, 1.0]
    assert daily.chance.tolist() == pytest.approx([2 / 3, 1 / 2, 1.0])
    assert daily.with_choice.tolist() == [True, False, False]
    assert daily.mean == pytest.approx(2 / 3)
    assert daily.recall == pytest.approx(3 / 4)
    assert daily.within.tolist() == [1, 1, 0, 0, 1, 1, 1]


def test_ties_at_capacity_count_as_their_mean():
    score, label = np.array([0.9, 0.5, 0.5, 0.5]), np.array([0, 1, 0, 1])
    daily = precision_at_capacity(score, label, days(1, 1, 1, 1), capacity=2)
    assert daily.within.tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])
    assert daily.found.tolist() == pytest.approx([2 / 3])


def test_capacity_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1, found 0"):
        precision_at_capacity(SCORE, LABEL, days(*[1] * 12), capacity=0)


def test_no_examined_line_gives_no_office_day():
    daily = precision_at_capacity(np.array([0.5]), np.array([-1]), days(1), capacity=2)
    assert (daily.mean, daily.recall, len(daily.opened)) == (None, None, 0)


def test_brier_and_log_loss_by_hand():
    probability, label = np.array([0.8, 0.3, 0.9]), np.array([1, 0, -1])
    assert calibration.brier(probability, label) == pytest.approx((0.04 + 0.09) / 2)
    expected = -(np.log(0.8) + np.log(0.7)) / 2
    assert calibration.log_loss(probability, label) == pytest.approx(expected)


def test_reliability_and_its_error_by_hand():
    probability = np.array([0.1, 0.1, 0.3, 0.3, 0.6, 0.8])
    table = calibration.reliability(probability, np.array([0, 0, 1, 0, 1, 1]), bins=3)
    assert [(row.examined, row.hits) for row in table] == [(2, 0), (2, 1), (2, 2)]
    assert [row.mean_probability for row in table] == pytest.approx([0.1, 0.3, 0.7])
    error = calibration.expected_calibration_error(table)
    assert error == pytest.approx((0.1 + 0.2 + 0.3) / 3)


def test_equal_probabilities_never_part():
    table = calibration.reliability(np.full(50, 0.2), np.array([1, 0] * 25))
    assert [(row.low, row.high, row.examined) for row in table] == [(0.2, 0.2, 50)]


@given(rankings())
def test_figures_lie_between_nothing_and_all(ranking):
    assert all(figure is None or 0 <= figure <= 1 for figure in figures(*ranking))


@given(rankings(), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(ranking, random):
    score, label = ranking
    order = list(range(len(score)))
    random.shuffle(order)
    row, shuffled = (
        metrics.at_share(s, x, share=0.3) for s, x in [(score, label), (score[order], label[order])]
    )
    assert row == shuffled
    assert metrics.auc(score, label) == metrics.auc(score[order], label[order])
    day = days(*(1 + at % 3 for at in range(len(score))))
    daily, again = (
        precision_at_capacity(s, x, d, capacity=2)
        for s, x, d in [(score, label, day), (score[order], label[order], day[order])]
    )
    assert daily.found.tolist() == pytest.approx(again.found.tolist())


@given(rankings())
def test_an_increasing_transform_changes_nothing(ranking):
    score, label = ranking
    assert figures(score, label) == figures(np.exp(score / 3) * 2 - 7, label)


@given(rankings(), st.integers(1, 20))
def test_unexamined_lines_change_nothing(ranking, more):
    """What nobody examined is unknown; counted as clear it would lower every figure."""
    score, label = ranking
    longer = np.append(score, np.linspace(-9, 9, more))
    unknown = np.append(label, np.full(more, -1))
    for share in (0.05, 0.3, 1.0):
        assert metrics.at_share(score, label, share=share) == metrics.at_share(
            longer, unknown, share=share
        )
    assert metrics.auc(score, label) == metrics.auc(longer, unknown)
    daily = precision_at_capacity(score, label, days(*[1] * len(score)), capacity=3)
    later = precision_at_capacity(longer, unknown, days(*[1] * len(longer)), capacity=3)
    assert daily.mean == later.mean


@given(rankings(least=4))
@settings(max_examples=50)
def test_figures_equal_scikit_learn(ranking):
    score, label = ranking
    known = label >= 0
    if len(set(label[known])) < 2:
        return
    hit, of_known = label[known], score[known]
    probability = (score + 7) / 14
    assert metrics.auc(score, label) == pytest.approx(sk.roc_auc_score(hit, of_known))
    assert metrics.average_precision(score, label) == pytest.approx(
        sk.average_precision_score(hit, of_known)
    )
    assert calibration.brier(probability, label) == pytest.approx(
        sk.brier_score_loss(hit, probability[known])
    )
    assert calibration.log_loss(probability, label) == pytest.approx(
        sk.log_loss(hit, probability[known])
    )


@given(rankings())
def test_arguments_are_left_as_they_were(ranking):
    score, label = ranking
    before = score.copy(), label.copy()
    figures(score, label)
    assert (score == before[0]).all()
    assert (label == before[1]).all()
