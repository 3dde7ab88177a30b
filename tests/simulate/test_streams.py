from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.simulate.control.selection import Tally
from targeting.simulate.presets import preset
from targeting.simulate.trade.goods import built_in_goods
from targeting.simulate.trade.ground import Ground
from targeting.simulate.trade.rows import Rows
from targeting.simulate.trade.streams import cumulative, habit, pick, stream
from targeting.simulate.trade.traders import first_cohort, later_cohort

GROUND = Ground.of(preset("small"))


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_a_habit_belongs_to_its_id_alone(seed: int, ids: list[int]) -> None:
    together = habit(seed, "broker", np.array(ids))
    assert together.tolist() == [habit(seed, "broker", one)[0] for one in ids]
    assert ((together >= 0) & (together < 1)).all()


def test_habits_are_spread_evenly() -> None:
    drawn = habit(3, "evenness", np.arange(100_000))
    assert np.histogram(drawn, bins=10, range=(0, 1))[0] == pytest.approx(10_000, rel=0.04)
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.02


def test_streams_of_other_names_and_days_differ() -> None:
    first = stream(1, "orders", 3).random()
    others = [stream(1, "goods", 3), stream(1, "orders", 4), stream(2, "orders", 3)]
    assert all(other.random() != first for other in others)


def test_pick_follows_the_weights() -> None:
    uniform = np.array([0.0, 0.24, 0.25, 0.99])
    assert pick(cumulative(np.array([1.0, 0.0, 3.0])), uniform).tolist() == [0, 0, 2, 2]


def test_rows_are_changed_in_a_copy() -> None:
    traders = first_cohort(GROUND)
    before = traders.site.copy()
    changed = traders.changed(np.array([1]), site=7)
    assert isinstance(changed, Rows)
    assert changed.site[1] == 7
    assert (traders.site == before).all()


def test_a_cohort_does_not_depend_on_the_ones_before() -> None:
    once, again = later_cohort(GROUND, 4), later_cohort(GROUND, 4)
    assert once.crooked.tolist() == again.crooked.tolist()
    assert (once.enters >= 120).all()
    assert (first_cohort(GROUND).enters < 0).all()


def test_a_trader_is_idle_before_entry_at_rest_and_after_leaving() -> None:
    one = (
        first_cohort(GROUND)
        .take(np.array([0]))
        .having(
            enters=np.array([10]), rests=np.array([30]), wakes=np.array([40]), leaves=np.array([60])
        )
    )
    busy = [bool(one.activity(day)[0] > 0) for day in (9, 10, 29, 30, 39, 40, 59, 60)]
    assert busy == [False, True, True, False, False, True, True, False]


def test_goods_are_real_codes_with_whole_records() -> None:
    trade = built_in_goods()
    assert len(set(trade.codes)) == len(trade.codes) >= 150
    assert all(len(code) == 6 and code.isdigit() for code in trade.codes)
    assert (trade.price > 0).all()
    assert trade.season.mean(axis=1) == pytest.approx(1.0)
    covered = np.flatnonzero(trade.cover >= 0)
    assert (trade.duty[trade.cover[covered]] < trade.duty[covered]).all()


def test_a_tally_shrinks_towards_the_common_rate() -> None:
    tally = Tally(5.0)
    tally.add(np.array([0] * 10 + [1] * 10), np.array([True] * 5 + [False] * 15))
    often, never, unseen = tally.lift(np.array([0, 1, 9]))
    assert often > unseen == 0.0 > never
