"""Histories behind reasons: what the model saw, and nothing of the line's day or later."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import FIRST, tables_from
from tests.small_world import CUT_OFF, World, small_world

from targeting.config import FeatureSettings, KeySettings, LinkSettings
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted
from targeting.features.spec import learn_spec
from targeting.shortlist.history import History, Month, Spread, months_before, spread_of
from targeting.shortlist.history_reading import Asked, histories

if TYPE_CHECKING:
    from targeting.tables.folder import MemoryTables

END = date(2026, 1, 1)
SETTINGS = FeatureSettings(
    keys=(
        KeySettings(columns=("consignee_id",)),
        KeySettings(columns=("consignor_id",)),
        KeySettings(columns=("hs6", "origin_country")),
        KeySettings(columns=("hs6",), measure="mass_per_package"),
    ),
    links=(LinkSettings(of=("consignee_id",), through=("consignor_id",)),),
)


def told(tables: MemoryTables, name: str, key: str, feature: str = "") -> History:
    one = Asked(name, key, feature or f"{key}_declarations")
    return histories(tables, [one], SETTINGS, until=END)[one]


def moment(at: float) -> datetime:
    return FIRST + timedelta(days=at)


def test_only_what_came_before_the_day_is_counted(make_tables: Any) -> None:
    declared = [{"consignee_id": name} for name in ("A", "A", "B", "A", "A")]
    declared[4] |= {"lodged_at": moment(3.2)}
    tables = make_tables(
        declared,
        [
            {"declaration_id": "D0000", "result_known_at": moment(2), "result": "hit"},
            {"declaration_id": "D0001", "result_known_at": moment(3)},
            {"declaration_id": "D0002", "result_known_at": moment(1), "result": "hit"},
        ],
    )

    found = told(tables, "D0003", "consignee")

    assert (found.declarations, found.examinations, found.hits) == (2, 1, 1)
    assert found.before == date(2024, 1, 4)
    assert found.months[-1] == Month(date(2024, 1, 1), 2, 1, 1)
    assert found.months[:-1] == tuple(
        Month(first, 0, 0, 0) for first in months_before(date(2024, 1, 4))[:-1]
    )
    assert found.spread is None


def test_months_end_with_that_of_the_eve() -> None:
    assert months_before(date(2025, 3, 1), 3)[-1] == date(2025, 2, 1)
    assert months_before(date(2025, 3, 2), 3)[-1] == date(2025, 3, 1)
    assert len(set(months_before(date(2025, 1, 31)))) == 12


def test_older_months_count_in_all_but_not_in_the_year(make_tables: Any) -> None:
    declared = [{"consignee_id": "A", "lodged_at": moment(days)} for days in (0, 200, 500)]

    found = told(make_tables(declared), "D0002", "consignee")

    assert found.declarations == 2
    assert sum(month.declarations for month in found.months) == 1


def test_a_link_counts_lines_whose_other_party_had_been_examined_and_caught(
    make_tables: Any,
) -> None:
    declared = [
        {"consignee_id": "A", "consignor_id": "X"},
        {"consignee_id": "B", "consignor_id": "X"},
        {"consignee_id": "A", "consignor_id": "X"},
        {"consignee_id": "A", "consignor_id": "Y"},
        {"consignee_id": "A", "consignor_id": "Z"},
    ]
    tables = make_tables(
        declared,
        [
            {"declaration_id": "D0001", "result_known_at": moment(1), "result": "hit"},
            {"declaration_id": "D0003", "result_known_at": moment(3)},
        ],
    )

    found = told(tables, "D0004", "consignee", "consignee_via_consignor_lines")

    assert (found.declarations, found.examinations, found.hits) == (3, 1, 1)
    assert found.through == ("consignor_id",)


def test_no_history_without_the_key_or_with_one_nobody_follows(make_tables: Any) -> None:
    tables = make_tables([{"consignee_id": "A"}, {}])
    asked = [
        Asked("D0001", "consignee", "consignee_declarations"),
        Asked("D0000", "seal", "seal_declarations"),
        Asked("D0000", "", "lodged_at_night"),
        Asked("nowhere", "consignee", "consignee_declarations"),
    ]

    assert histories(tables, asked, SETTINGS, until=END) == {}


PRICES = [{"customs_value": 100.0 * n, "net_mass_kg": 100.0} for n in (1, 2, 4, 8, 16, 2)]


def test_a_reason_of_the_price_has_the_spread_of_earlier_prices(make_tables: Any) -> None:
    tables = make_tables([{"origin_country": "CN", **price} for price in PRICES])

    found = told(tables, "D0005", "hs6_x_origin", "hs6_x_origin_price_ratio").spread

    assert found is not None
    assert (found.followed, found.lines, found.own) == ("price", 5, 2.0)
    assert found.typical == pytest.approx(4.0)
    assert found.low < 1.05
    assert found.high > 15.2
    assert sum(found.counts) == 5
    assert told(tables, "D0005", "hs6_x_origin").spread is None
    assert told(tables, "D0004", "hs6_x_origin", "hs6_x_origin_price_ratio").spread is None


def test_a_measure_has_the_spread_of_its_ratio(make_tables: Any) -> None:
    declared = [{"gross_mass_kg": 50.0 * n, "package_count": 10} for n in (1, 2, 3, 4, 5, 6)]

    found = told(make_tables(declared), "D0005", "hs6_mass_per_package").spread

    assert found is not None
    assert (found.followed, found.lines, found.own) == ("mass_per_package", 5, 30.0)


def test_the_mean_of_values_is_that_of_all_lines_that_state_one(make_tables: Any) -> None:
    values = (0.0, 100.0, 100.0, 100.0, 100.0, 200.0, 50.0)
    tables = make_tables([{"consignee_id": "A", "customs_value": value} for value in values])

    found = told(tables, "D0006", "consignee", "consignee_value_ratio").spread

    assert found is not None
    assert (found.followed, found.lines, found.typical) == ("value", 5, 100.0)


@pytest.mark.parametrize("own", [float("nan"), 0.0])
def test_a_line_that_states_no_amount_has_no_spread(own: float) -> None:
    assert spread_of("price", np.ones(9), own) is None


@given(amounts=st.lists(st.floats(1e-3, 1e6), min_size=5, max_size=60), own=st.floats(1e-3, 1e6))
def test_a_spread_holds_every_line_and_its_own(amounts: list[float], own: float) -> None:
    found = spread_of("price", np.array(amounts), own)

    assert isinstance(found, Spread)
    assert sum(found.counts) == len(amounts)
    assert found.low < own < found.high


lines = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("ABC"), st.sampled_from("XYZ")),
    min_size=2,
    max_size=25,
)


@settings(max_examples=15)  # each opens DuckDB
@given(lines=lines, results=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 45)), max_size=9))
def test_histories_are_those_counted_plainly(
    lines: list[tuple[int, str, str]], results: list[tuple[int, int]]
) -> None:
    declared = [
        {"consignee_id": who, "consignor_id": whose, "lodged_at": moment(day)}
        for day, who, whose in lines
    ]
    known = {at % len(lines): day for at, day in results}
    inspected = [
        {"declaration_id": f"D{at:04}", "result_known_at": moment(day), "result": "hit"}
        for at, day in known.items()
    ]
    tables = tables_from(declared, inspected)
    asked = [Asked(f"D{at:04}", "consignee", "") for at in range(len(lines))]

    found = histories(tables, asked, SETTINGS, until=END)

    for at, (day, who, _) in enumerate(lines):
        earlier = [one for one, (when, whom, _) in enumerate(lines) if whom == who and when < day]
        hits = [
            max(known[one], lines[one][0])
            for one in known
            if lines[one][1] == who and max(known[one], lines[one][0]) < day
        ]
        history = found[asked[at]]
        assert (history.declarations, history.hits) == (len(earlier), len(hits))
        by_month = Counter(moment(when).date().replace(day=1) for when in hits)
        assert {m.first: m.hits for m in history.months if m.hits} == by_month


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.getbasetemp())


def test_what_an_officer_is_shown_is_what_the_model_saw(world: World) -> None:
    every = FeatureSettings(time_zone="Asia/Baku", half_lives_days=(30.0,))
    until = CUT_OFF + timedelta(days=3)
    spec = learn_spec(world.tables, every, until=CUT_OFF)
    rows, matrix = matrix_of(world.tables, spec, Wanted(start=CUT_OFF, stop=until), until=until)
    some = np.linspace(0, len(rows) - 1, 20).astype(int)
    keys = [key for key in every.profile_columns if key != "all_declarations"]
    asked = [Asked(rows["declaration_id"][at], key, "") for at in some for key in keys]

    found = histories(world.tables, asked, every, until=until)

    compared = 0
    for at in some:
        values = dict(zip(spec.names, matrix[at].tolist(), strict=True))
        for key in keys:
            one = found.get(Asked(rows["declaration_id"][at], key, ""))
            for name, count in _counts(key, one).items():
                if name in values:
                    compared += 1
                    assert np.isnan(values[name]) if count is None else values[name] == count
    assert compared > 900


def _counts(key: str, one: History | None) -> dict[str, int | None]:
    """Name the features whose numbers a history shows, all-time."""
    names = (
        {f"{key}_lines": "examinations", f"{key}_caught": "hits"}
        if "_via_" in key
        else {f"{key}_{name}": name for name in ("declarations", "examinations", "hits")}
    )
    return {name: getattr(one, what) if one else None for name, what in names.items()}


def test_many_lines_are_answered_as_each_alone(world: World) -> None:
    every = FeatureSettings(time_zone="Asia/Baku")
    ids = pa.compute.unique(world.declarations["declaration_id"])[-30:].to_pylist()
    asked = [
        Asked(one, key, feature)
        for one in ids
        for key, feature in (("consignee", ""), ("hs6_x_origin", "hs6_x_origin_price_z"))
    ]
    together = histories(world.tables, asked, every, until=END)

    assert together
    assert {one.before for one in together.values()} <= {
        moment.astimezone(UTC).date() + timedelta(days=shift)
        for moment in world.declarations["lodged_at"].to_pylist()
        for shift in (0, 1)
    }
    for one in asked[:6]:
        assert histories(world.tables, [one], every, until=END).get(one) == together.get(one)
