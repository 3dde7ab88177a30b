"""A task's share of the history, whatever batches it comes in; no Spark is needed for this."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from targeting.features.cluster.partition import (
    AT,
    HELD,
    ID,
    KIND,
    KNOWN,
    LODGED,
    NOT_WANTED,
    NUMBERS,
    ONE,
    ROW,
    TWO,
    DaySums,
    Reach,
    Replay,
    packed,
    state_of,
    unpacked,
    whole_days,
)
from targeting.features.engine import DAY
from targeting.features.kernel import NEVER
from targeting.features.profiles import Declared, ProfileState, Results, replay

if TYPE_CHECKING:
    from collections.abc import Iterator

HALF_LIVES = (30.0,)
WIDTH = 22
PARTS = ("_part0",)

EVENTS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 6),
        st.sampled_from([LODGED, LODGED, KNOWN]),
        st.integers(0, 2),
        st.sampled_from([None, 0.0, 2.5, 1e9]),
    ),
    max_size=40,
)
CUTS = st.lists(st.integers(0, 40), max_size=8)


def stream(events: list[tuple], *, of: bool = False) -> pa.Table:
    """Order events as Spark does; results count whole hits."""
    numbered = [(*event[:4], f"{at:03}", event[4]) for at, event in enumerate(events)]
    keyed = sorted(numbered, key=lambda one: one[:5])
    wanted, rows = 0, []
    for _, _, kind, _, _, _ in keyed:
        rows.append(wanted if kind == LODGED else NOT_WANTED)
        wanted += kind == LODGED
    hits = [float(value is None) if kind == KNOWN else value for _, _, kind, _, _, value in keyed]
    columns = {
        "_part0": pa.array([one[0] for one in keyed], pa.string()),
        DAY: pa.array([one[1] for one in keyed], pa.int32()),
        KIND: pa.array([one[2] for one in keyed], pa.int8()),
        AT: pa.array([one[3] for one in keyed], pa.int64()),
        ID: pa.array([one[4] for one in keyed], pa.string()),
        ROW: pa.array(rows, pa.int64()),
        ONE: pa.array(hits, pa.float64()),
        TWO: pa.array([3.0] * len(keyed), pa.float64()),
        NUMBERS: pa.nulls(len(keyed), pa.binary()),
    }
    table = pa.table(columns)
    return table.append_column("_of0", table["_part0"]) if of else table


def cut(table: pa.Table, places: list[int]) -> Iterator[pa.RecordBatch]:
    """Cut a table into batches, some of them empty."""
    bounds = sorted({0, *(min(place, table.num_rows) for place in places), table.num_rows})
    whole = table.combine_chunks()
    for start, stop in [(0, 0), *pairwise(bounds)]:
        yield pa.RecordBatch.from_arrays(
            [column.combine_chunks() for column in whole.slice(start, stop - start).columns],
            names=whole.column_names,
        )


def told(task: Replay | DaySums | Reach, table: pa.Table, places: list[int]) -> pa.Table:
    return pa.Table.from_batches(task(cut(table, places)), task.schema)


@given(EVENTS, CUTS)
def test_what_is_read_and_kept_is_that_of_one_replay(events: list[tuple], places: list[int]):
    table = stream(events)
    out = told(Replay(PARTS, HALF_LIVES, keep=True), table, places)
    expected, state = replayed(table)
    read = out.filter(pa.array(out[ROW].to_numpy() >= 0))
    sums, days = unpacked(read[NUMBERS], WIDTH)
    order = read[ROW].to_numpy()
    assert sorted(order.tolist()) == list(range(len(expected.sums)))
    np.testing.assert_array_equal(sums, expected.sums[order])
    np.testing.assert_array_equal(days[:, :3], expected.days[order])
    kept = out.filter(pa.array(out[ROW].to_numpy() < 0))
    keys, after = state_of(kept, len(HALF_LIVES))
    place = {key: at for at, key in enumerate("abc")}
    own = [place[key] for key in keys["_part0"].to_pylist()]
    np.testing.assert_array_equal(after.sums, state.sums[own])
    np.testing.assert_array_equal(after.days, state.days[own])
    assert keys["_part0"].to_pylist() == appeared(table)


def replayed(table: pa.Table) -> tuple:
    """Replay all events at once, by day."""
    key = np.array(["abc".index(one) for one in table["_part0"].to_pylist()], dtype=np.int32)
    day, kind = table[DAY].to_numpy(), table[KIND].to_numpy()
    rows = table[ROW].to_numpy()
    declared, results = (
        order[kind[order] == which]
        for order in [np.argsort(day, kind="stable")]
        for which in (LODGED, KNOWN)
    )
    value, other = table[ONE].to_numpy(), table[TWO].to_numpy()
    stated = value[declared] > 0
    price = np.divide(value[declared], 3.0, out=np.full(len(declared), np.nan), where=stated)
    state = ProfileState.empty(3, len(HALF_LIVES))
    profiles = replay(
        state,
        Declared(
            key[declared], day[declared], value[declared], other[declared], price,
            np.ones(len(declared), dtype=bool),
        ),
        Results(key[results], day[results], value[results], other[results]),
        half_lives_days=HALF_LIVES,
    )  # fmt: skip
    back = np.argsort(rows[declared])
    return type(profiles)(profiles.sums[back], profiles.days[back]), state


def appeared(table: pa.Table) -> list[str]:
    """List the keys as they appear: the declared in time, then those of results alone."""
    rows = zip(*(table[name].to_pylist() for name in (KIND, DAY, AT, ID, "_part0")), strict=True)
    return list(dict.fromkeys(row[-1] for row in sorted(rows)))


@given(EVENTS, CUTS)
def test_a_link_is_told_what_was_known_before_the_day(events: list[tuple], places: list[int]):
    table = stream(events, of=True)
    out = told(Reach(PARTS, ("_of0",)), table, places)
    rows = list(zip(*(table[name].to_pylist() for name in NAMES), strict=True))
    expected = {}
    for key, day, kind, name, _ in rows:
        known = [hit for k, d, which, _, hit in rows if (k, which) == (key, KNOWN) and d < day]
        if kind == LODGED and known:
            expected[name] = (sum(known) / len(known), float(sum(known) > 0))
    found = zip(*(out[name].to_pylist() for name in (ID, ONE, TWO)), strict=True)
    assert {name: (rate, caught) for name, rate, caught in found} == expected


NAMES = ("_part0", DAY, KIND, ID, ONE)


@given(EVENTS, CUTS)
def test_days_add_up_to_all_events(events: list[tuple], places: list[int]):
    table = stream([("a", *event[1:]) for event in events])
    out = told(DaySums(()), table, places)
    days = out[DAY].to_pylist()
    assert days == sorted({event[1] for event in events})
    sums, _ = unpacked(out[NUMBERS], 11)
    lodged = [sum(e[1] == day and e[2] == LODGED for e in events) for day in days]
    known = [sum(e[1] == day and e[2] == KNOWN for e in events) for day in days]
    assert sums[:, 0].tolist() == lodged
    assert sums[:, 8].tolist() == known


def test_a_profile_held_before_is_gone_on_with():
    before = ProfileState.empty(1, 1)
    before.sums[0, 0], before.days[0] = 7.0, [1, 2, NEVER, 2]
    table = stream([("b", 5, LODGED, 0, None)])
    held = table.set_column(2, KIND, pa.array([HELD], pa.int8()))
    held = held.set_column(1, DAY, pa.array([NEVER], pa.int32()))
    held = held.set_column(5, ROW, pa.array([NOT_WANTED], pa.int64()))
    held = held.set_column(8, NUMBERS, packed(before.sums, before.days))
    out = told(Replay(PARTS, HALF_LIVES), pa.concat_tables([held, table]), [1])
    sums, days = unpacked(out[NUMBERS], WIDTH)
    assert sums[:, 0].tolist() == [7.0]
    np.testing.assert_array_equal(days[:, :3], [[4.0, 3.0, np.nan]])


def test_no_cut_parts_the_day_of_a_key():
    table = stream([("a", 1, LODGED, 0, None)] * 9 + [("a", 2, LODGED, 0, None)] * 3)
    sizes = [part.num_rows for part in whole_days(cut(table, [2, 4, 10]), PARTS)]
    assert sizes == [9, 3]
