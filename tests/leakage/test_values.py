"""What the matrix may hold: plain counts as counted by hand, NaN where defined, never inf."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from tests.leakage.plainly import Plainly, judged
from tests.leakage.suite import END, Check
from tests.leakage.worlds import (
    EXTREME,
    MIDNIGHT,
    NO_KEYS,
    NOTHING_FOUND,
    RICH,
    SINGLE,
    TIED,
    WILD,
    ZONES,
    Knobs,
    knobs,
)

from targeting.config import FeatureSettings
from targeting.features.build import build
from targeting.features.engine import Wanted
from targeting.features.spec import learn_spec

PHASES = (Phase.explicit, Phase.generate)


@pytest.mark.slow
@settings(max_examples=2, phases=PHASES)
@given(world=knobs())
@example(world=RICH)
@example(world=TIED)
@example(world=MIDNIGHT)
@example(world=WILD)
@example(world=SINGLE)
@example(world=NO_KEYS)
def test_the_matrix_of_a_world_holds_what_it_may(world: Knobs, check_of):
    assert judged(check_of(world.time_zone), world) == {}


@settings(max_examples=2, phases=PHASES)
@given(world=knobs())
@example(world=RICH)
@example(world=WILD)
@example(world=NOTHING_FOUND)
def test_so_does_that_of_odd_settings(world: Knobs, check_of):
    assert judged(check_of(world.time_zone, odd=True), world) == {}


@pytest.mark.slow
@pytest.mark.parametrize("odd", [False, True], ids=["default", "odd"])
def test_the_matrices_of_many_worlds_hold_what_they_may(odd: bool, check_of):
    @settings(max_examples=12, phases=PHASES)
    @given(world=knobs(most=60))
    def hold(world: Knobs):
        assert judged(check_of(world.time_zone, odd=odd), world) == {}

    hold()


def test_every_feature_of_history_is_judged_by_more_than_being_finite(full_check):
    plainly = Plainly(RICH.tables(), full_check.settings)
    by_more = {*plainly.unknown(), *plainly.unknown_amounts(), *plainly.counted()}
    names = learn_spec(RICH.tables(), full_check.settings).names
    of_history = names[names.index("consignee_declarations") :]
    assert [name for name in of_history if name not in by_more] == []


def test_mad_amounts_leave_other_traders_alone(make_tables, quick_check):
    """Lines of 1e300 may spoil their own trader's means, never the profile of another."""
    stated: dict[str, tuple[float | None, ...]] = {
        "C1": (100.0,) * 4, **{f"mad {value}": (value,) * 4 for value in EXTREME}
    }  # fmt: skip
    lines = [
        {
            "lodged_at": datetime(2024, 1, 1 + day, 12, tzinfo=UTC),
            "consignee_id": trader,
            "customs_value": amounts[day],
            "net_mass_kg": amounts[day],
        }
        for trader, amounts in stated.items()
        for day in range(4)
    ]
    spec = learn_spec(make_tables(lines), quick_check.settings)
    mad, alone = (
        build(make_tables(some), spec, Wanted(), until=END) for some in (lines, lines[:4])
    )
    assert np.flatnonzero(np.isinf(mad.matrix).any(axis=0)).tolist() == []
    own = (mad.rows["consignee_id"] == "C1").to_numpy()
    told = [at for at, name in enumerate(spec.names) if name.startswith("consignee_")]
    assert len(told) > 20
    np.testing.assert_array_equal(mad.matrix[own][:, told], alone.matrix[:, told])


@pytest.mark.parametrize("time_zone", ZONES)
@pytest.mark.parametrize("day", [date(2024, 4, 26), date(2024, 11, 1), date(2024, 2, 29)], ids=str)
def test_a_day_closes_at_local_midnight(day: date, time_zone: str, make_tables):
    """A line of 23:59:59.999999 is of the day before, wherever UTC is by then."""
    keys = {"keys": ["consignee_id"], "categories": []}
    check = Check(FeatureSettings.model_validate(keys | {"time_zone": time_zone}))
    midnight = check.start(day)
    moments = [midnight + timedelta(microseconds=blink) for blink in (-1, 0, 1)]
    tables = make_tables(
        [{"lodged_at": moment, "consignee_id": "C1"} for moment in moments],
        [{"declaration_id": "D0000", "result_known_at": moments[0], "result": "hit"}],
    )
    spec = learn_spec(tables, check.settings)
    matrix = build(tables, spec, Wanted(), until=END).matrix
    assert matrix[:, spec.names.index("consignee_declarations")].tolist() == [0, 1, 1]
    assert matrix[:, spec.names.index("consignee_hits")].tolist() == [0, 1, 1]
