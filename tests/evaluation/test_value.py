"""What a policy would have caught: right on worlds whose truth is known, silent without data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.evaluation.value import (
    PolicyLines,
    hidden_selection,
    policy_difference,
    policy_value,
)
from targeting.evaluation.value.weights import among_examined, by_propensity, of_the_lot

if TYPE_CHECKING:
    import numpy.typing as npt

    from targeting.evaluation.measures import Measure

    Floats = npt.NDArray[np.float64]

LINES = 2_000
WORLDS = 60
NAMES = ("naive", "random_only", "inverse_propensity", "doubly_robust")


@dataclass(frozen=True)
class World:
    """Lines whose outcome is known, examined or not."""

    lines: PolicyLines
    hit: Floats

    def truth(self, opened: Floats) -> float:
        return float(opened @ self.hit / opened.sum())


def world(seed: int, *, lot: float = 0.12, tips: float = 0.3, eye: float = 0.0) -> World:
    """Officers follow the risk `x`; tips reach offenders among the lines the lot left."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=LINES)
    chance = 1 / (1 + np.exp(3.2 - 1.2 * x))
    hit = (rng.random(LINES) < chance).astype(float)
    by_lot = rng.random(LINES) < lot
    by_tip = ~by_lot & (hit == 1) & (rng.random(LINES) < tips)
    propensity = 1 / (1 + np.exp(2.5 - x))
    chosen = rng.random(LINES) < 1 / (1 + np.exp(2.5 - x - eye * hit))
    by_officer = ~by_lot & ~by_tip & chosen
    examined = by_lot | by_tip | by_officer
    reasons = np.select(
        [by_lot, by_tip, by_officer],
        np.array(["random", "intelligence", "officer"], object),
        None,  # type: ignore[arg-type]
    )
    start = np.datetime64("2024-03-01")
    lines = PolicyLines(
        opened=(x > 1.0).astype(float),
        label=np.where(examined, hit, -1).astype(np.int8),
        selected_by=reasons,
        chance=np.where(by_lot, lot, np.nan),
        propensity=propensity,
        expected=1 / (1 + np.exp(2.9 - 0.9 * x)),  # badly calibrated on purpose
        revenue=np.where(examined & (hit == 1), 1000.0 * (1 + (x > 2)), np.nan),
        expected_revenue=1000.0 * chance,
        day=start + rng.integers(0, 60, LINES),
        office=np.array(["A", "B"], object)[rng.integers(0, 2, LINES)],
        consignee=np.array([None, *(f"C{n}" for n in range(900))], object)[
            rng.integers(0, 901, LINES)
        ],
    )
    return World(lines, hit)


@cache
def figures(**how: Any) -> dict[str, Floats]:
    """Per estimator: truth, value, low, high of each world, shape (worlds, 4)."""
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in NAMES}
    for seed in range(WORLDS):
        one = world(seed, **how)
        found, truth = policy_value(one.lines, seed=0), one.truth(one.lines.opened)
        for name in NAMES:
            measure = getattr(found, name).precision
            rows[name].append((truth, measure.value, measure.low, measure.high))
    return {name: np.array(row, dtype=float) for name, row in rows.items()}


def covered(rows: Floats) -> float:
    truth, _, low, high = rows.T
    return float(((low <= truth) & (truth <= high)).mean())


@pytest.mark.parametrize("name", ["random_only", "inverse_propensity", "doubly_robust"])
def test_is_right_on_average_and_covers_the_truth(name: str) -> None:
    truth, value, *_ = figures()[name].T

    assert abs((value - truth).mean()) < 0.015
    assert covered(figures()[name]) >= 0.93


def test_the_naive_figure_is_too_high_and_its_interval_misses() -> None:
    truth, value, *_ = figures()["naive"].T

    assert (value - truth).mean() > 0.06
    assert covered(figures()["naive"]) < 0.5


def test_joining_the_reasons_is_surer_than_the_lot_alone() -> None:
    widths = {name: (rows[:, 3] - rows[:, 2]).mean() for name, rows in figures().items()}

    assert widths["doubly_robust"] < 0.7 * widths["random_only"]


def test_what_officers_see_and_no_document_holds_does_not_move_the_lot() -> None:
    rows = figures(eye=1.5)
    bias = {name: (row[:, 1] - row[:, 0]).mean() for name, row in rows.items()}

    assert abs(bias["random_only"]) < 0.015
    assert bias["doubly_robust"] > 0.03


def test_weights_stand_for_all_lines_whatever_was_found() -> None:
    """The joined weights add up to all lines, of hits and of others alike: tips do not bend it."""
    worlds = [world(seed) for seed in range(WORLDS)]
    for rate in (0, 1):
        stood = sum(by_propensity(one.lines).weight[one.hit == rate].sum() for one in worlds)
        there = sum((one.hit == rate).sum() for one in worlds)
        assert stood / there == pytest.approx(1, abs=0.03)


def test_no_line_weighs_more_than_the_lot_makes_it() -> None:
    lines = replace(world(1).lines, propensity=np.full(LINES, 0.002))

    assert by_propensity(lines).weight.max() < 1.2 / 0.12
    assert of_the_lot(lines).weight.max() == pytest.approx(1 / 0.12)
    assert set(among_examined(lines).weight) == {0.0, 1.0}


def test_a_lot_without_recorded_chances_takes_its_share_at_the_office() -> None:
    lines = world(2).lines
    blind = replace(lines, chance=np.full(LINES, np.nan))
    here = (lines.office == "A") & (lines.selected_by == "random")

    assert of_the_lot(blind).weight[here] == pytest.approx((lines.office == "A").sum() / here.sum())


def test_says_so_when_nothing_was_examined_among_the_opened() -> None:
    lines = world(3).lines
    found = policy_value(lines.opening((lines.label == -1).astype(float)), seed=0)

    for estimate in found.estimates:
        for measure in (estimate.precision, estimate.hits, estimate.revenue, estimate.recall):
            assert measure.value is None
            assert measure.low is None
            assert "too few results among the lines it opens: 0" in measure.why


def test_says_so_when_the_lot_is_too_small() -> None:
    lines = world(4, lot=0.005).lines
    found = policy_value(lines, seed=0)

    assert found.random_only.precision.value is None
    assert "at least 15" in found.random_only.precision.why
    assert found.recommended.precision.value is not None


def test_no_hit_at_all_still_leaves_room_for_some() -> None:
    lines = world(5).lines
    clear = replace(
        lines, label=np.minimum(lines.label, 0).astype(np.int8), expected=lines.opened * 0
    )
    measure = policy_value(clear, seed=0).recommended.precision

    assert measure.value == 0
    assert measure.low == 0
    assert measure.high is not None
    assert 0.01 < measure.high < 0.12
    assert "hits" in policy_value(clear, seed=0).recommended.revenue.why


def test_hits_are_precision_times_lines_opened() -> None:
    found = policy_value(world(6).lines, seed=0)
    best = found.recommended

    assert found.opened == world(6).lines.opened.sum()
    assert best.hits.value == pytest.approx(numbers(best.precision)[0] * found.opened)
    assert best.hits.high == pytest.approx(numbers(best.precision)[2] * found.opened)


def numbers(measure: Measure) -> tuple[float, float, float]:
    assert measure.value is not None
    assert measure.low is not None
    assert measure.high is not None
    return measure.value, measure.low, measure.high


def test_revenue_and_recall_cover_what_is_there() -> None:
    inside = np.zeros((WORLDS, 2))
    for seed in range(WORLDS):
        one = world(seed)
        best = policy_value(one.lines, seed=0).recommended
        opened = one.lines.opened
        # Revenue is 1000 a hit, and twice that where x > 2; the opened of x > 2 are known by their
        # expected chance.
        rich = one.lines.expected > 1 / (1 + np.exp(2.9 - 1.8))
        truths = (
            float(opened * one.hit @ (1000.0 * (1 + rich))),
            float(opened @ one.hit / one.hit.sum()),
        )
        for at, (measure, truth) in enumerate(
            zip((best.revenue, best.recall), truths, strict=True)
        ):
            _, low, high = numbers(measure)
            inside[seed, at] = low <= truth <= high

    assert (inside.mean(axis=0) >= 0.93).all()


def test_opening_everything_finds_everything() -> None:
    lines = world(7).lines
    best = policy_value(lines.opening(np.ones(LINES)), seed=0).recommended

    assert best.recall.value == pytest.approx(1)


def test_the_difference_of_a_policy_and_itself_is_nothing() -> None:
    lines = world(8).lines
    measure = policy_difference(lines, lines.opened, seed=0)

    assert (measure.value, measure.low, measure.high) == (0, 0, 0)


def test_the_difference_covers_the_truth_and_is_surer_than_two_intervals() -> None:
    inside, widths = [], []
    for seed in range(WORLDS):
        one = world(seed)
        other = (one.lines.expected > np.quantile(one.lines.expected, 0.7)).astype(float)
        value, low, high = numbers(policy_difference(one.lines, other, seed=0))
        truth = one.truth(one.lines.opened) - one.truth(other)
        inside.append(low <= truth <= high)
        found = policy_value(one.lines, seed=0), policy_value(one.lines.opening(other), seed=0)
        values = [numbers(one.recommended.precision) for one in found]
        assert value == pytest.approx(values[0][0] - values[1][0], abs=1e-9)
        widths.append((high - low) / sum(high - low for _, low, high in values))

    assert np.mean(inside) >= 0.93
    assert np.mean(widths) < 0.8


def test_the_difference_is_silent_when_too_few_results_tell_policies_apart() -> None:
    lines = world(9).lines
    other = lines.opened.copy()
    other[np.flatnonzero(other)[:3]] = 0
    measure = policy_difference(lines, other, seed=0)

    assert measure.value is None
    assert "among the lines they differ in" in measure.why
    assert "They can differ by" in measure.why
    assert "opens no line" in policy_difference(lines, np.zeros(LINES), seed=0).why


def test_officers_who_see_what_no_document_holds_are_noticed() -> None:
    """Held against the lot, in many worlds: silent when they see nothing, loud when they do."""
    lows = {
        eye: np.array(
            [numbers(hidden_selection(world(seed, eye=eye).lines))[1] for seed in range(WORLDS)]
        )
        for eye in (0.0, 2.0)
    }

    assert (lows[0.0] > 0).mean() <= 0.06
    assert (lows[2.0] > 0).mean() > 0.5


def test_without_a_lot_nothing_is_held_against_it() -> None:
    measure = hidden_selection(world(11, lot=0.0).lines)

    assert measure.value is None
    assert "too few results to hold against: 0" in measure.why


def test_impossible_lines_are_refused_all_at_once() -> None:
    lines = world(10).lines

    with pytest.raises(
        ValueError, match=r"day has shape \(3,\).*; 2,000 opened outside.*; 1 propensities outside"
    ):
        replace(
            lines,
            opened=lines.opened + 2,
            propensity=np.where(np.arange(LINES) == 5, 0.0, lines.propensity),
            day=lines.day[:3],
        )


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1), lot=st.floats(0.01, 0.5))
@settings(max_examples=25, deadline=None)
def test_figures_lie_in_their_intervals_and_rows_may_stand_in_any_order(
    seed: int, share: float, lot: float
) -> None:
    rng = np.random.default_rng(seed)
    lines = world(seed, lot=lot).lines.opening(rng.random(LINES) * (rng.random(LINES) < share))
    order = rng.permutation(LINES)
    shuffled = PolicyLines(*(getattr(lines, name)[order] for name in PolicyLines.__slots__))

    found, again = policy_value(lines, seed=0), policy_value(shuffled, seed=0)
    for one, other in zip(found.estimates, again.estimates, strict=True):
        assert (one.precision.value is None) == (other.precision.value is None)
        if one.precision.value is None:
            assert one.precision.why
            continue
        value, low, high = numbers(one.precision)
        assert 0 <= low <= value <= high <= 1
        assert numbers(other.precision) == pytest.approx((value, low, high), rel=1e-9)
