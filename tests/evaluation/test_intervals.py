"""Intervals: Wilson's known values, resampling by day, and the coverage both promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from targeting.evaluation.intervals import (
    DayResamples,
    Interval,
    resample_ranking,
    too_few,
    wilson,
)
from targeting.evaluation.metrics import rank


def test_wilson_of_two_in_forty():
    """Domain.md 6.2: two hits of 40 examinations are anything from 1.4 to 16.5 %."""
    interval = wilson(2, 40)
    assert (round(interval.low, 3), round(interval.high, 3)) == (0.014, 0.165)


def test_wilson_at_the_ends():
    assert wilson(0, 10).low == 0.0
    assert wilson(0, 10).high == pytest.approx(0.2775, abs=1e-4)
    assert wilson(10, 10).high == 1.0
    assert wilson(0, 0) == Interval(None, None, "no line was examined")


def test_more_hits_than_lines_are_refused():
    with pytest.raises(ValueError, match="found 3 of 2"):
        wilson(3, 2)


@given(st.integers(1, 5000), st.floats(0, 1))
def test_wilson_contains_its_share_and_stays_within_bounds(examined, share):
    hits = round(share * examined)
    interval = wilson(hits, examined)
    assert 0 <= interval.low <= hits / examined <= interval.high <= 1


@pytest.mark.parametrize(
    ("days", "found", "missed", "why"),
    [
        (9, 50, 50, "9 days with an examined line, at least 10"),
        (30, 4, 50, "4 of 54; at least 5 on either side"),
        (30, 50, 0, "50 of 50; at least 5 on either side"),
    ],
)
def test_too_little_is_named(days, found, missed, why):
    assert why in too_few(days, found, missed)


def test_enough_is_not_named():
    assert too_few(10, 5, 5) == ""


def test_same_seed_same_draws():
    first, again, other = (DayResamples.draw(days=20, lines=100, seed=s).counts for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert (first.sum(axis=1) == 20).all()


def test_very_many_lines_take_fewer_draws_but_never_too_few():
    assert DayResamples.draw(days=20, lines=1_000, seed=1).replicates == 1000
    assert DayResamples.draw(days=20, lines=10**9, seed=1).replicates == 200
    assert DayResamples.draw(days=9, lines=1_000, seed=1).replicates == 0


def test_draws_without_a_hit_give_no_interval():
    draws = DayResamples.draw(days=20, lines=100, seed=1)
    values = np.where(np.arange(draws.replicates) % 20 == 0, np.nan, 0.5)
    assert draws.interval(values).why == "no interval: too many resamples hold no hit"


def test_a_draw_of_every_day_once_gives_the_figures_themselves():
    rng = np.random.default_rng(5)
    score, label = rng.integers(0, 8, 60).astype(float), rng.integers(0, 2, 60)
    ranking = rank(score, label)
    once = DayResamples(np.ones((1, 6), dtype=np.int64))
    day = np.arange(60) % 6
    found = resample_ranking(ranking, day[ranking.rows], once, shares=np.array([0.1, 0.5]))
    assert found.auc[0] == pytest.approx(roc_auc_score(label, score))
    assert found.average_precision[0] == pytest.approx(average_precision_score(label, score))
    assert found.opened[0].tolist() == [6, 30]
    assert found.found[0].tolist() == pytest.approx(ranking.found(np.array([6.0, 30.0])).tolist())
    assert found.lift[0] == pytest.approx(found.precision[0] / label.mean())


def test_a_day_drawn_twice_counts_twice():
    ranking = rank(np.array([0.9, 0.5, 0.1]), np.array([1, 0, 1]))
    twice = DayResamples(np.array([[2, 0]]))
    found = resample_ranking(ranking, np.array([0, 1, 0]), twice, shares=np.array([0.5]))
    assert (found.examined[0], found.hits[0], found.opened[0, 0]) == (4, 4, 2)
    assert np.isnan(found.auc[0])


def _days_of_lines(rng, days):
    """Bernoulli results whose rate differs from day to day, so lines of a day are alike."""
    size = rng.integers(5, 16, days)
    rate = rng.beta(3, 7, days)
    return rng.binomial(size, rate).astype(float), size.astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("days", [12, 30, 90])
def test_intervals_by_day_hold_the_truth(days):
    """95 % intervals; 200 draws hold it 190 times, and below 180 is beyond chance."""
    rng = np.random.default_rng(20260301)
    held = 0
    for seed in range(200):
        hits, lines = _days_of_lines(rng, days)
        draws = DayResamples.draw(days=days, lines=int(lines.sum()), seed=seed)
        at = np.arange(days)
        interval = draws.interval(draws.totals(hits, at) / draws.totals(lines, at))
        held += interval.low <= 0.3 <= interval.high
    assert held >= 180


@pytest.mark.slow
def test_wilson_intervals_hold_the_truth():
    hits = np.random.default_rng(7).binomial(60, 0.15, 200)
    held = sum((i := wilson(int(h), 60)).low <= 0.15 <= i.high for h in hits)
    assert held >= 180


@pytest.mark.slow
def test_intervals_of_the_opened_share_hold_the_truth():
    """Scores 0 to 1 are the true probability: of the top tenth, 95 % are hits on average."""
    rng = np.random.default_rng(11)
    held = 0
    for seed in range(200):
        score = rng.random(1500)
        label = (rng.random(1500) < score * 0.5).astype(int)
        ranking, day = rank(score, label), rng.integers(0, 40, 1500)
        draws = DayResamples.draw(days=40, lines=1500, seed=seed)
        found = resample_ranking(ranking, day[ranking.rows], draws, shares=np.array([0.1]))
        interval = draws.interval(found.precision[:, 0])
        held += interval.low <= 0.475 <= interval.high
    assert held >= 180
