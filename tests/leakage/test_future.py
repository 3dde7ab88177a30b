"""No feature of the past knows the future (rule of time, points 1 and 4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from targeting.features.build import build
from targeting.features.engine import Wanted
from targeting.features.spec import learn_spec
from targeting.tables.folder import MemoryTables

if TYPE_CHECKING:
    from collections.abc import Callable

# A world takes a second to build: shrinking one that fails would take minutes, and it is small.
PHASES = (Phase.explicit, Phase.generate)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
END = date(2035, 1, 1)

one_line = st.fixed_dictionaries(
    {
        # Hours around 20:00 UTC are midnight in Baku.
        "hours": st.one_of(st.integers(0, 20 * 24), st.sampled_from([19, 20, 43, 44, 67, 68])),
        "consignee_id": st.sampled_from(["C1", "C2", "C3", None]),
        "hs_code": st.sampled_from(["080510", "0805", "240220"]),
        "origin_country": st.sampled_from(["TR", "IR", None]),
        "customs_value": st.sampled_from([None, 0.0, 100.0, 5000.0]),
        "net_mass_kg": st.sampled_from([None, 0.0, 10.0, 33.3]),
    }
)
one_result = st.fixed_dictionaries(
    {
        "line": st.integers(0, 24),
        "delay": st.integers(-30, 15 * 24),
        "result": st.sampled_from(["hit", "clear"]),
        "revenue_recovered": st.sampled_from([None, 70.0]),
    }
)
worlds = st.tuples(st.lists(one_line, min_size=3, max_size=25), st.lists(one_result, max_size=12))


def world_of(
    make_tables: Callable[..., MemoryTables],
    drawn: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> MemoryTables:
    lines, found = drawn
    declared = [
        {"lodged_at": FIRST + timedelta(hours=line["hours"])}
        | {name: value for name, value in line.items() if name != "hours"}
        for line in lines
    ]
    inspected = []
    for one in found:
        at = one["line"] % len(lines)
        known = declared[at]["lodged_at"] + timedelta(hours=one["delay"])
        result = {name: one[name] for name in ("result", "revenue_recovered")}
        inspected.append(
            {"declaration_id": f"D{at:04}", "inspected_at": known, "result_known_at": known}
            | result
        )
    return make_tables(declared, inspected)


@pytest.mark.parametrize("day", [date(2024, 3, 20)], ids=str)
def test_the_simulated_ports_future_changes_no_past_feature(
    day: date, small: MemoryTables, full_check
):
    assert full_check.leaks(small, day) == {}


@settings(max_examples=10, phases=PHASES)
@given(drawn=worlds, data=st.data())
def test_no_worlds_future_changes_a_past_feature(drawn, data, make_tables, quick_check):
    tables = world_of(make_tables, drawn)
    lodged = tables.declarations["lodged_at"].to_pylist()
    local = [(moment + timedelta(hours=4)).date() for moment in lodged]
    day = data.draw(st.sampled_from(sorted(set(local))))
    assert quick_check.leaks(tables, day, at_once=True) == {}


@settings(max_examples=6, phases=PHASES)
@given(drawn=worlds, seed=st.integers(0, 99))
def test_the_order_of_rows_in_the_files_changes_nothing(drawn, seed, make_tables, quick_check):
    tables = world_of(make_tables, drawn)
    draw = np.random.default_rng(seed)
    shuffled = MemoryTables(
        *(
            table.take(draw.permutation(table.num_rows))
            for table in (tables.declarations, tables.inspections)
        )
    )
    matrices = []
    for one in (tables, shuffled):
        spec = learn_spec(one, quick_check.settings)
        matrices.append(build(one, spec, Wanted(), until=END).matrix.tobytes())
    assert matrices[0] == matrices[1]


def test_the_simulated_ports_rows_may_come_in_any_order(small: MemoryTables, full_check):
    shuffled = MemoryTables(
        small.declarations.take(np.arange(small.declarations.num_rows)[::-1].copy()),
        small.inspections.take(np.arange(small.inspections.num_rows)[::-1].copy()),
    )
    matrices = []
    for one in (small, shuffled):
        spec = learn_spec(one, full_check.settings)
        matrices.append(build(one, spec, Wanted(), until=END).matrix.tobytes())
    assert matrices[0] == matrices[1]


def test_what_a_result_told_is_seen_from_the_day_after(make_tables, quick_check):
    """The other side of the rule: the suite would also pass if nothing were ever used."""
    moments = [FIRST + timedelta(days=days, hours=12) for days in range(4)]
    tables = make_tables(
        [{"lodged_at": moment, "consignee_id": "C1"} for moment in moments],
        [{"declaration_id": "D0000", "result_known_at": moments[1], "result": "hit"}],
    )
    spec = learn_spec(tables, quick_check.settings)
    matrix = build(tables, spec, Wanted(), until=END).matrix
    assert matrix[:, spec.names.index("consignee_hits")].tolist() == [0, 0, 1, 1]
    assert matrix[:, spec.names.index("consignee_declarations")].tolist() == [0, 1, 2, 3]
