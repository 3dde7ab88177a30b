"""No feature of the past knows the future (rule of time, points 1 and 4), each one by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from tests.leakage.suite import END, TOLD_OF_WHEN, changed
from tests.leakage.worlds import (
    MIDNIGHT,
    NO_KEYS,
    RICH,
    SINGLE,
    TIED,
    WILD,
    Knobs,
    knobs,
)

from targeting.features.build import build
from targeting.features.engine import Wanted
from targeting.features.links import link_features
from targeting.features.relative import relative_features
from targeting.features.shares import cross_features
from targeting.features.spec import learn_spec

# A world takes a second to build: shrinking one that fails would take minutes, and it is small.
PHASES = (Phase.explicit, Phase.generate)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DAY = date(2024, 4, 15)
shares = st.floats(0, 1)


def a_day(world: Knobs, share: float) -> date:
    """One of the days of a world that have lines."""
    days = world.days()
    return days[round(share * (len(days) - 1))]


@pytest.mark.parametrize("day", [date(2024, 3, 20)], ids=str)
def test_the_simulated_ports_future_changes_no_past_feature(day: date, small, full_check):
    full_check.assert_blind(small, day)


@settings(max_examples=2, phases=PHASES)
@given(world=knobs(), share=shares)
@example(world=RICH, share=0.5)
@example(world=TIED, share=0.7)
@example(world=WILD, share=0.7)
def test_no_worlds_future_changes_a_past_feature(world: Knobs, share: float, check_of):
    check_of(world.time_zone).assert_blind(world.tables(), a_day(world, share))


@pytest.mark.slow
@settings(max_examples=3, phases=PHASES)
@given(world=knobs(), share=shares)
@example(world=MIDNIGHT, share=0.5)
@example(world=NO_KEYS, share=1.0)
@example(world=SINGLE, share=0.0)
def test_nor_of_odd_settings(world: Knobs, share: float, check_of):
    check_of(world.time_zone, odd=True).assert_blind(world.tables(), a_day(world, share))


@pytest.mark.slow
@pytest.mark.parametrize("odd", [False, True], ids=["default", "odd"])
def test_no_future_of_many_worlds_changes_a_past_feature(odd: bool, check_of):
    @settings(max_examples=5, phases=PHASES)
    @given(world=knobs(most=60), share=shares)
    def blind(world: Knobs, share: float):
        check_of(world.time_zone, odd=odd).assert_blind(world.tables(), a_day(world, share))

    blind()


@pytest.mark.parametrize("hours", [0, 23.999], ids=["first moment", "last moment"])
def test_every_feature_of_history_is_moved_by_the_day_before(hours: float, full_check):
    """The other side of the rule: a feature that never moves would pass every check above."""
    tables, day = RICH.tables(), a_day(RICH, 0.4)
    spec = full_check.learnt(tables, day)
    bare = full_check.without_history(tables, day)
    told = full_check.with_history(bare, full_check.start(day) + timedelta(hours=hours - 24))
    before, after = (full_check.features(one, spec, day, of_day_only=True) for one in (bare, told))
    chosen = spec.settings
    groups = (*relative_features(chosen).values(), *link_features(chosen).values())
    of_history = {one.feature.name for group in groups for one in group}
    of_history |= {one.feature.name for one in cross_features(chosen)}
    assert len(of_history) > 350
    assert changed(before, after) ^ of_history == set()


@settings(max_examples=2, phases=PHASES)
@given(world=knobs(), share=shares)
@example(world=RICH, share=0.8)
@example(world=TIED, share=1.0)
def test_a_result_known_later_yet_in_time_changes_only_what_tells_when(
    world: Knobs, share: float, check_of
):
    check = check_of(world.time_zone)
    moved = check.moved_by_later_results(world.tables(), a_day(world, share))
    assert not (others := {name for name in moved if not TOLD_OF_WHEN.search(name)}), (
        f"a result known later, yet in time, changes {', '.join(sorted(others))}"
    )


def test_a_result_known_later_does_change_what_tells_when(check_of):
    """Or the check above would pass if nothing ever faded."""
    moved = check_of(RICH.time_zone).moved_by_later_results(RICH.tables(), a_day(RICH, 0.8))
    assert {
        "consignee_hit_rate_30d", "hs6_hit_rate_365d", "consignee_days_since_last_hit",
        "consignee_via_container_lines", "conveyance_via_consignee_hit_rate",
    } <= moved  # fmt: skip


@pytest.mark.parametrize("delay", [-1, 0], ids=["a blink before midnight", "midnight"])
def test_only_when_a_result_is_known_counts_not_when_the_box_was_opened(
    delay: int, make_tables, quick_check
):
    moments = [FIRST + timedelta(days=days, hours=12) for days in (0, 9)]
    known = quick_check.start(date(2024, 1, 10)) + timedelta(microseconds=delay)
    found = {"declaration_id": "D0000", "inspected_at": moments[0], "result": "hit"}
    tables = make_tables(
        [{"lodged_at": moment, "consignee_id": "C1"} for moment in moments],
        [found | {"result_known_at": known}],
    )
    spec = learn_spec(tables, quick_check.settings)
    matrix = build(tables, spec, Wanted(), until=END).matrix
    assert matrix[1, spec.names.index("consignee_hits")] == (1 if delay < 0 else 0)


def test_what_a_result_told_is_seen_from_the_day_after(make_tables, quick_check):
    """The suite would also pass if nothing were ever used."""
    moments = [FIRST + timedelta(days=days, hours=12) for days in range(4)]
    tables = make_tables(
        [{"lodged_at": moment, "consignee_id": "C1"} for moment in moments],
        [{"declaration_id": "D0000", "result_known_at": moments[1], "result": "hit"}],
    )
    spec = learn_spec(tables, quick_check.settings)
    matrix = build(tables, spec, Wanted(), until=END).matrix
    assert matrix[:, spec.names.index("consignee_hits")].tolist() == [0, 0, 1, 1]
    assert matrix[:, spec.names.index("consignee_declarations")].tolist() == [0, 1, 2, 3]


def test_levels_learnt_before_a_day_are_those_of_the_days_before(small, quick_check):
    """Category levels are the other thing learnt: those of later days change nothing."""
    cut = quick_check.cut(small, DAY)
    levels = [quick_check.learnt(one, DAY).levels for one in (small, cut)]
    assert levels[0] == levels[1]
    assert np.any([len(known) > 1 for known in levels[0].values()])
