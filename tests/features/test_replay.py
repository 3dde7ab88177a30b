"""The replay against a loop that is too slow to ship and too plain to be wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from targeting.features import profiles
from targeting.features.kernel import AS_OF, NEVER, STATISTICS
from targeting.features.profiles import (
    Declared,
    ProfileState,
    Results,
    as_of,
    decay_table,
    merge,
    read_only,
    replay,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = 4
HALF_LIVES = (1.0, 30.0, 365.0)


@dataclass(frozen=True)
class Line:
    day: int
    code: int
    value: float
    mass: float
    wanted: bool = True

    @property
    def price(self) -> float:
        return self.value / self.mass if self.mass > 0 and self.value > 0 else math.nan

    def amounts(self) -> dict[str, float]:
        amounts = {"declarations": 1.0}
        for count, name in (("valued", "value"), ("weighed", "mass")):
            stated = getattr(self, name)
            if not math.isnan(stated):
                amounts |= {count: 1.0, name: stated}
        if not math.isnan(self.price):
            log = math.log(self.price)
            amounts |= {"priced": 1.0, "log_price": log, "log_price_squared": log * log}
        return amounts


@dataclass(frozen=True)
class Result:
    day: int
    code: int
    hit: float
    revenue: float

    def amounts(self) -> dict[str, float]:
        return {"examinations": 1.0, "hits": self.hit, "revenue": self.revenue}


amount = st.one_of(
    st.sampled_from([math.nan, 0.0, 1e-9, 1.0, 1e12]), st.floats(0.01, 1e7, allow_nan=False)
)
day = st.one_of(st.integers(0, 6), st.integers(0, 400))
code = st.integers(-1, KEYS - 1)
line = st.builds(Line, day, code, amount, amount, st.booleans())
result = st.builds(
    Result, day, code, st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 250.0, 1e9])
)
history = st.tuples(st.lists(line, max_size=25), st.lists(result, max_size=15))


def declared_of(lines: list[Line]) -> Declared:
    return Declared(
        np.array([one.code for one in lines], dtype=np.int32),
        np.array([one.day for one in lines], dtype=np.int32),
        *(
            np.array([getattr(one, name) for one in lines], dtype=np.float64)
            for name in ("value", "mass", "price")
        ),
        np.array([one.wanted for one in lines], dtype=bool),
    )


def results_of(results: list[Result]) -> Results:
    return Results(
        np.array([one.code for one in results], dtype=np.int32),
        np.array([one.day for one in results], dtype=np.int32),
        np.array([one.hit for one in results], dtype=np.float64),
        np.array([one.revenue for one in results], dtype=np.float64),
    )


def by_day(events: list) -> list:
    return sorted(events, key=lambda one: one.day)


def weight(block: int, age: int) -> float:
    return 1.0 if block == 0 else 2.0 ** (-age / HALF_LIVES[block - 1])


def naive_sums(wanted: Line, events: list[Line | Result]) -> Iterator[tuple[float, float]]:
    """Every decayed sum of one row, and the size of what was added to it."""
    before = [one for one in events if one.code == wanted.code and one.day < wanted.day]
    for block in range(1 + len(HALF_LIVES)):
        for name in STATISTICS:
            terms = [
                weight(block, wanted.day - one.day) * one.amounts().get(name, 0.0) for one in before
            ]
            yield math.fsum(terms), math.fsum(map(abs, terms))


def naive_days(wanted: Line, lines: list[Line], results: list[Result]) -> list[float]:
    seen = [one.day for one in lines if one.code == wanted.code and one.day < wanted.day]
    hits = [
        one.day
        for one in results
        if one.code == wanted.code and one.day < wanted.day and one.hit > 0
    ]
    pick = (min(seen, default=None), max(seen, default=None), max(hits, default=None))
    return [math.nan if then is None else float(wanted.day - then) for then in pick]


def assert_as_naive(sums, days, lines: list[Line], results: list[Result]) -> None:
    wanted = [one for one in lines if one.wanted]
    assert len(sums) == len(days) == len(wanted)
    for one, row, since in zip(wanted, sums, days, strict=True):
        if one.code < 0:
            assert np.isnan(row).all()
            assert np.isnan(since).all()
            continue
        expected, size = map(np.array, zip(*naive_sums(one, [*lines, *results]), strict=True))
        assert (np.abs(row - expected) <= 1e-9 * size).all(), (row, expected)
        np.testing.assert_array_equal(since, naive_days(one, lines, results))


def run(lines: list[Line], results: list[Result], state: ProfileState | None = None):
    state = state or ProfileState.empty(KEYS, len(HALF_LIVES))
    read = replay(state, declared_of(lines), results_of(results), half_lives_days=HALF_LIVES)
    return read, state


@settings(max_examples=150)
@given(history)
@example(([], []))
@example(([], [Result(3, 0, 1.0, 5.0)]))
@example(([Line(5, 0, 10.0, 2.0)], []))
@example(([Line(5, 0, 10.0, 2.0)], [Result(5, 0, 1.0, 9.0)]))  # known on the day itself
@example(([Line(5, 0, 10.0, 0.0), Line(6, 0, 0.0, 3.0)], [Result(4, 0, 1.0, 9.0)]))
@example(([Line(5, 0, 1.0, 1.0)] * 3, [Result(4, 0, 1.0, 9.0), Result(4, 0, 0.0, 0.0)]))
@example(([Line(5, -1, 1.0, 1.0), Line(6, -1, 1.0, 1.0)], [Result(5, -1, 1.0, 1.0)]))
def test_replay_equals_the_naive_loop(events: tuple[list[Line], list[Result]]):
    lines, results = map(by_day, events)
    read, _ = run(lines, results)
    assert_as_naive(read.sums, read.days, lines, results)


@settings(max_examples=60)
@given(history, st.lists(line, max_size=10), st.lists(result, max_size=8))
def test_a_result_that_reaches_the_store_late_weighs_as_if_it_had_come_in_time(
    events: tuple[list[Line], list[Result]], later: list[Line], late: list[Result]
):
    lines, results = map(by_day, events)
    _, state = run(lines, results)
    later = by_day([replace(one, day=one.day + 401) for one in later])
    late = by_day(late)
    read, _ = run(later, late, state)
    wanted = [replace(one, wanted=False) for one in lines] + later
    assert_as_naive(read.sums, read.days, wanted, [*results, *late])


@settings(max_examples=60)
@given(history, st.integers(-1, 400))
def test_two_parts_replayed_one_after_the_other_equal_the_whole_bit_for_bit(
    events: tuple[list[Line], list[Result]], cut: int
):
    lines, results = map(by_day, events)
    whole, at_once = run(lines, results)
    state, parts = None, []
    for inside in (lambda one: one.day <= cut, lambda one: one.day > cut):
        read, state = run(
            [one for one in lines if inside(one)], [one for one in results if inside(one)], state
        )
        parts.append(read)
    assert state is not None
    np.testing.assert_array_equal(np.vstack([part.sums for part in parts]), whole.sums)
    np.testing.assert_array_equal(np.vstack([part.days for part in parts]), whole.days)
    np.testing.assert_array_equal(state.sums, at_once.sums)
    np.testing.assert_array_equal(state.days, at_once.days)


@settings(max_examples=80)
@given(history, st.lists(st.booleans(), min_size=40, max_size=40))
def test_the_states_of_two_offices_add_up_to_the_joint_one(
    events: tuple[list[Line], list[Result]], first_office: list[bool]
):
    offices = []
    for mine in (True, False):
        parts = [
            [one for one, left in zip(by_day(kind), first_office, strict=False) if left is mine]
            for kind in events
        ]
        offices.append(as_of(run(*parts)[1], 500, half_lives_days=HALF_LIVES))
    added = merge(*offices)
    _, joint = run(*map(by_day, events))
    expected = as_of(joint, 500, half_lives_days=HALF_LIVES)
    size = sum(np.abs(one.sums) for one in offices)
    assert (np.abs(added.sums - expected.sums) <= 1e-9 * np.maximum(size, 1e-300)).all()
    np.testing.assert_array_equal(added.days, expected.days)


def test_extreme_amounts_stay_numbers_and_touch_no_other_key():
    lines = [Line(1, 0, 1e300, 1e-300), Line(1, 1, 2.0, 1.0), Line(2, 0, 1e-300, 1e300)]
    lines += [Line(3, 0, 1.0, 1.0), Line(3, 1, 1.0, 1.0)]
    lines = [replace(one) for one in lines]
    declared = replace(declared_of(lines), price=np.array([1e307, 2.0, 1e-307, 1.0, 1.0]))
    state = ProfileState.empty(2, len(HALF_LIVES))
    read = replay(state, declared, results_of([]), half_lives_days=HALF_LIVES)
    assert np.isfinite(read.sums).all()
    assert read.sums[-1, STATISTICS.index("value")] == 2.0
    assert read.sums[-2, STATISTICS.index("log_price")] == pytest.approx(0.0, abs=1e-9)


def test_a_short_memory_forgets_without_a_trace_of_overflow():
    lines = [Line(0, 0, 5.0, 1.0), Line(4000, 0, 5.0, 1.0)]
    state = ProfileState.empty(1, 1)
    read = replay(state, declared_of(lines), results_of([]), half_lives_days=[0.1])
    assert read.sums[1, 0] == 1.0
    assert read.sums[1, len(STATISTICS)] == 0.0


def test_half_of_a_sum_is_left_after_its_half_life():
    lines = [Line(0, 0, 64.0, 8.0), Line(30, 0, 1.0, 1.0)]
    read, _ = run(lines, [])
    width = len(STATISTICS)
    at = {name: 2 * width + STATISTICS.index(name) for name in ("declarations", "value", "mass")}
    assert read.sums[1, list(at.values())].tolist() == [0.5, 32.0, 4.0]


@pytest.mark.parametrize("which", ["declared", "results"])
def test_events_out_of_order_are_refused(which: str):
    lines = [Line(2, 0, 1.0, 1.0), Line(1, 0, 1.0, 1.0)] if which == "declared" else []
    results = [Result(2, 0, 1.0, 1.0), Result(1, 0, 1.0, 1.0)] if which == "results" else []
    with pytest.raises(ValueError, match="ordered by day"):
        run(lines, results)


def test_a_state_cannot_be_looked_at_before_its_own_day():
    _, state = run([Line(10, 0, 1.0, 1.0)], [])
    with pytest.raises(ValueError, match="after the day asked for"):
        as_of(state, 9, half_lives_days=HALF_LIVES)


def test_states_of_different_days_are_not_added():
    _, early = run([Line(10, 0, 1.0, 1.0)], [])
    _, late = run([Line(11, 0, 1.0, 1.0)], [])
    with pytest.raises(ValueError, match="same day"):
        merge(early, late)


def test_as_of_and_merge_leave_their_arguments_alone():
    _, state = run([Line(10, 0, 1.0, 1.0)], [])
    sums, days = state.sums.copy(), state.days.copy()
    moved = as_of(state, 40, half_lives_days=HALF_LIVES)
    merge(moved, moved)
    np.testing.assert_array_equal(state.sums, sums)
    np.testing.assert_array_equal(state.days, days)


def test_a_key_never_seen_stays_never_seen():
    _, state = run([Line(10, 0, 1.0, 1.0)], [])
    moved = as_of(state, 40, half_lives_days=HALF_LIVES)
    assert (moved.days[1:] == NEVER).all()
    assert (merge(moved, moved).days[1:] == NEVER).all()
    assert moved.days[0, AS_OF] == 40


def test_a_grown_state_keeps_what_it_knew_and_shares_nothing():
    _, state = run([Line(10, 0, 1.0, 1.0)], [])
    grown = state.grown(KEYS + 2)
    np.testing.assert_array_equal(grown.sums[:KEYS], state.sums)
    assert (grown.days[KEYS:] == NEVER).all()
    grown.sums[:] = 7.0
    assert not (state.sums == 7.0).any()


def test_the_decay_table_is_exact_at_whole_half_lives():
    table = decay_table([10.0, 20.0], 40)
    assert table[:, [0, 20, 40]].tolist() == [
        [1.0, 1.0, 1.0],
        [1.0, 0.25, 0.0625],
        [1.0, 0.5, 0.25],
    ]


@settings(max_examples=150)
@given(history, history)
def test_day_by_day_and_key_by_key_agree_to_the_bit(
    before: tuple[list[Line], list[Result]], after: tuple[list[Line], list[Result]]
):
    """From an empty state, and from one that holds later days than some of the events."""
    states = [ProfileState.empty(KEYS, len(HALF_LIVES)) for _ in range(2)]
    for lines, results in (before, after):
        declared, known = declared_of(by_day(lines)), results_of(by_day(results))
        decay = decay_table(HALF_LIVES, 900)
        if len(states[0].sums) and lines and states[0].days[:, AS_OF].max() > declared.day.min():
            return  # declarations never come late; results may
        read = [
            profiles._by_day(states[0], declared, known, decay),
            profiles._by_key(states[1], declared, known, decay, keys=KEYS, keep=True),
        ]
        for name in ("sums", "days"):
            np.testing.assert_array_equal(getattr(read[0], name), getattr(read[1], name))
            np.testing.assert_array_equal(getattr(states[0], name), getattr(states[1], name))


@settings(max_examples=100)
@given(history)
def test_reading_without_keeping_reads_the_same(events: tuple[list[Line], list[Result]]):
    declared, known = declared_of(by_day(events[0])), results_of(by_day(events[1]))
    kept = replay(
        ProfileState.empty(KEYS, len(HALF_LIVES)), declared, known, half_lives_days=HALF_LIVES
    )
    alone = read_only(KEYS, declared, known, half_lives_days=HALF_LIVES)
    np.testing.assert_array_equal(kept.sums, alone.sums)
    np.testing.assert_array_equal(kept.days, alone.days)


def test_few_events_upon_many_keys_are_walked_by_day():
    keys = 200
    state = ProfileState.empty(keys, len(HALF_LIVES))
    lines = [Line(3, 150, 10.0, 2.0), Line(5, 150, 30.0, 2.0)]
    read = replay(
        state,
        declared_of(lines),
        results_of([Result(4, 150, 1.0, 9.0)]),
        half_lives_days=HALF_LIVES,
    )
    assert read.sums[:, STATISTICS.index("declarations")].tolist() == [0.0, 1.0]
    assert read.sums[:, STATISTICS.index("hits")].tolist() == [0.0, 1.0]
    assert (state.days[:, AS_OF] > NEVER).sum() == 1


def test_reading_without_keeping_wants_order_too():
    unordered = declared_of([Line(5, 0, 1.0, 1.0), Line(3, 0, 1.0, 1.0)])
    with pytest.raises(ValueError, match="ordered by day"):
        read_only(KEYS, unordered, results_of([]), half_lives_days=HALF_LIVES)


@pytest.mark.parametrize("keys", [3, 4, 500])
def test_a_state_grows_in_its_own_memory_as_a_copy_does(keys: int) -> None:
    state = ProfileState.empty(3, 1)
    state.sums[:] = np.arange(66).reshape(3, 22)
    state.days[:] = np.arange(12).reshape(3, 4)
    copy = state.grown(keys)
    part = ProfileState(copy.sums[:3], copy.days[:3])

    for one in (part.growing(keys), state.growing(keys)):  # a part of others' memory is copied
        np.testing.assert_array_equal(one.sums, copy.sums)
        np.testing.assert_array_equal(one.days, copy.days)
    assert (len(part.sums), len(state.sums)) == (3, keys)
