"""The same rows give the same bytes: rows and columns in any order, cut into any files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from tests.leakage.suite import arrangements, columns_reversed, in_files, shuffled, told
from tests.leakage.worlds import (
    RICH,
    SINGLE,
    TIED,
    WILD,
    Knobs,
    knobs,
)

if TYPE_CHECKING:
    from targeting.tables.folder import MemoryTables

PHASES = (Phase.explicit, Phase.generate)
seeds = st.integers(0, 99)
SAME = datetime(2024, 1, 1, 8, tzinfo=UTC)


def differences(check, tables: MemoryTables, seed: int) -> str:
    """Say which features differ: everything at once, and only if it does, one by one."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        jumbled = in_files(shuffled(tables, seed), path / "jumbled", files=3)
        if not check.differences(tables, {"jumbled": jumbled}):
            return ""
        apart = check.differences(tables, arrangements(tables, path, seed))
        return told(apart) or "only shuffled rows in several files differ"


@pytest.mark.slow
@settings(max_examples=2, phases=PHASES)
@given(world=knobs(), seed=seeds)
@example(world=TIED, seed=1)
@example(world=WILD, seed=2)
def test_no_arrangement_of_a_world_changes_a_feature(world: Knobs, seed: int, check_of):
    assert not (said := differences(check_of(world.time_zone), world.tables(), seed)), said


@pytest.mark.slow
@settings(max_examples=2, phases=PHASES)
@given(world=knobs(), seed=seeds)
@example(world=RICH, seed=3)
@example(world=SINGLE, seed=4)
def test_nor_of_odd_settings(world: Knobs, seed: int, check_of):
    check = check_of(world.time_zone, odd=True)
    assert not (said := differences(check, world.tables(), seed)), said


@pytest.mark.slow
@pytest.mark.parametrize("odd", [False, True], ids=["default", "odd"])
def test_no_arrangement_of_many_worlds_changes_a_feature(odd: bool, check_of):
    @settings(max_examples=4, phases=PHASES)
    @given(world=knobs(most=60), seed=seeds)
    def same(world: Knobs, seed: int):
        check = check_of(world.time_zone, odd=odd)
        assert not (said := differences(check, world.tables(), seed)), said

    same()


def test_every_arrangement_is_tried_by_itself_too(tmp_path: Path, quick_check):
    tables = RICH.tables()
    assert quick_check.differences(tables, arrangements(tables, tmp_path, 7)) == {}


def test_the_simulated_ports_rows_and_columns_may_come_in_any_order(small, full_check):
    others = {"reversed": columns_reversed(shuffled(small, 8))}
    assert not (found := full_check.differences(small, others)), told(found)


def test_of_lines_lodged_at_one_moment_the_id_decides(make_tables, quick_check):
    """Not the place in the file; and both see the same, as they are of one day."""
    lines = [
        {"declaration_id": name, "lodged_at": SAME, "consignee_id": "C1", "customs_value": value}
        for name, value in (("b", 2.0), ("a", 1.0), ("B", 3.0))
    ]
    tables = make_tables(lines)
    whole = quick_check.whole(tables)
    assert whole["(order of the lines)"] == b"B\na\nb"
    assert np.frombuffer(whole["customs_value"], np.float32).tolist() == [3.0, 1.0, 2.0]
    assert np.frombuffer(whole["consignee_declarations"], np.float32).tolist() == [0.0] * 3


def test_of_results_known_on_one_day_the_id_decides(make_tables, quick_check):
    """Sums in another order may differ in their last bit: three sums of which one is tiny."""
    later = SAME.replace(day=9)
    found = [
        {
            "inspection_id": name,
            "declaration_id": "D0000",
            "result_known_at": SAME,
            "result": "hit",
            "revenue_recovered": revenue,
        }
        for name, revenue in (("I1", 0.1), ("I2", 0.2), ("I3", 0.3), ("I4", 1e16), ("I5", 0.7))
    ]
    lines = [{"lodged_at": moment, "consignee_id": "C1"} for moment in (SAME, later)]
    tables = make_tables(lines, found)
    others = {str(seed): shuffled(tables, seed) for seed in range(3)}
    assert quick_check.differences(tables, others) == {}
