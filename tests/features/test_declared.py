"""Each feature of the declaration itself, on literal lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from targeting.config import FeatureSettings
from targeting.features.build import build
from targeting.features.declared import DECLARED_FEATURES, ratio
from targeting.features.engine import Wanted
from targeting.features.spec import learn_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from targeting.tables.folder import MemoryTables

    MakeTables = Callable[..., MemoryTables]

from datetime import UTC, date, datetime

NAN = math.nan
PLAIN = FeatureSettings(keys=(), categories=(), time_zone="Asia/Baku")
LODGED = datetime(2024, 3, 1, 21, 30, tzinfo=UTC)  # Saturday 2 March, 01:30 in Baku


def lodged(**columns: Any) -> dict[str, Any]:
    return {"lodged_at": LODGED} | columns


CASES: list[tuple[str, list[dict[str, Any]], list[float]]] = [
    ("customs_value", [{"customs_value": 12.5}, {"customs_value": 0.0}, {}], [12.5, 0, NAN]),
    ("net_mass_kg", [{"net_mass_kg": 3.0}, {}], [3, NAN]),
    ("gross_mass_kg", [{"gross_mass_kg": 4.0}, {}], [4, NAN]),
    (
        "unit_value",
        [
            {"customs_value": 12.0, "net_mass_kg": 4.0},
            {"customs_value": 12.0, "net_mass_kg": 0.0},
            {"customs_value": 0.0, "net_mass_kg": 4.0},
            {"customs_value": 12.0},
            {"net_mass_kg": 4.0},
        ],
        [3, NAN, 0, NAN, NAN],
    ),
    (
        "value_per_package",
        [
            {"customs_value": 12.0, "package_count": 4},
            {"customs_value": 12.0, "package_count": 0},
            {"customs_value": 12.0},
        ],
        [3, NAN, NAN],
    ),
    (
        "kg_per_package",
        [
            {"gross_mass_kg": 10.0, "package_count": 4},
            {"gross_mass_kg": 10.0, "package_count": 0},
            {"package_count": 4},
        ],
        [2.5, NAN, NAN],
    ),
    ("package_count", [{"package_count": 7}, {}], [7, NAN]),
    (
        "net_to_gross",
        [
            {"net_mass_kg": 9.0, "gross_mass_kg": 12.0},
            {"net_mass_kg": 9.0, "gross_mass_kg": 0.0},
            {"net_mass_kg": 9.0},
        ],
        [0.75, NAN, NAN],
    ),
    (
        "net_above_gross",
        [
            {"net_mass_kg": 9.0, "gross_mass_kg": 8.0},
            {"net_mass_kg": 8.0, "gross_mass_kg": 8.0},
            {"net_mass_kg": 9.0},
        ],
        [1, 0, NAN],
    ),
    (
        "freight_share",
        [
            {"freight_cost": 5.0, "customs_value": 20.0},
            {"freight_cost": 5.0, "customs_value": 0.0},
            {"customs_value": 20.0},
        ],
        [0.25, NAN, NAN],
    ),
    (
        "freight_per_kg",
        [
            {"freight_cost": 5.0, "gross_mass_kg": 20.0},
            {"freight_cost": 5.0, "gross_mass_kg": 0.0},
            {},
        ],
        [0.25, NAN, NAN],
    ),
    ("duty_rate_pct", [{"duty_rate_pct": 15.0}, {}], [15, NAN]),
    (
        "duty",
        [
            {"customs_value": 200.0, "duty_rate_pct": 15.0},
            {"customs_value": 200.0},
            {"customs_value": 1e308, "duty_rate_pct": 1e9},
        ],
        [30, NAN, NAN],
    ),
    (
        "value_zeros",
        [{"customs_value": value} for value in (12000.0, 12345.0, 1e9, 0.0, 999.6, None)],
        [3, 0, 6, NAN, 3, NAN],
    ),
    ("mass_zeros", [{"gross_mass_kg": 500.0}, {"gross_mass_kg": 0.0}, {}], [2, NAN, NAN]),
    (
        "hs_number",
        [{"hs_code": code} for code in ("0805100000", "080510", "0805", "08051")],
        [80510, 80510, 80500, 80510],
    ),
    ("hs_digits", [{"hs_code": code} for code in ("0805100000", "0805")], [10, 4]),
    (
        "description_length",
        [{"goods_description": "fresh kiwi"}, {"goods_description": ""}, {}],
        [10, 0, NAN],
    ),
    (
        "description_words",
        [{"goods_description": "2 t of fresh kiwi"}, {"goods_description": "-"}, {}],
        [2, 0, NAN],
    ),
    ("amendment_count", [{"amendment_count": 2}, {}], [2, NAN]),
    (
        "dispatch_differs",
        [
            {"origin_country": "CN", "dispatch_country": "TR"},
            {"origin_country": "CN", "dispatch_country": "CN"},
            {"origin_country": "CN"},
            {"dispatch_country": "CN"},
        ],
        [1, 0, NAN, NAN],
    ),
    (
        "transshipped",
        [
            {"loading_port": "CNNGB", "transshipment_port": "GEPTI"},
            {"loading_port": "CNNGB"},
            {},
        ],
        [1, 0, NAN],
    ),
    (
        "bad_check_digit",
        [
            {"container_id": "CSQU3054383"},
            {"container_id": "CSQU3054384"},
            {"container_id": "TRUCK 12"},
            {},
        ],
        [0, 1, NAN, NAN],
    ),
    (
        "full_without_seal",
        [
            {"container_load": "FCL"},
            {"container_load": "FCL", "seal_id": "S1"},
            {"container_load": "LCL"},
            {},
        ],
        [1, 0, NAN, NAN],
    ),
    (
        "empty_with_mass",
        [
            {"container_load": "empty", "net_mass_kg": 3.0},
            {"container_load": "empty", "net_mass_kg": 0.0},
            {"container_load": "empty"},
            {"container_load": "FCL", "net_mass_kg": 3.0},
        ],
        [1, 0, 0, NAN],
    ),
    (
        "notice_hours",
        [
            lodged(arrival_at=datetime(2024, 3, 3, 9, 30, tzinfo=UTC)),
            lodged(arrival_at=datetime(2024, 3, 1, 20, 0, tzinfo=UTC)),
            lodged(),
        ],
        [36, -1.5, NAN],
    ),
    ("lodged_hour", [lodged()], [1]),
    ("lodged_weekday", [lodged()], [5]),
]


def test_every_declared_feature_has_its_case():
    assert [name for name, _, _ in CASES] == [one.feature.name for one in DECLARED_FEATURES]


@pytest.fixture(scope="module")
def computed(make_tables: MakeTables) -> dict[str, np.ndarray]:
    """The column of each case, over the lines of that case only."""
    lines = [{"lodged_at": LODGED} | line for _, lines, _ in CASES for line in lines]
    tables = make_tables(lines)
    spec = learn_spec(tables, PLAIN)
    matrix = build(tables, spec, Wanted(), until=date(2030, 1, 1)).matrix
    columns, start = {}, 0
    for name, own, _ in CASES:
        columns[name] = matrix[start : start + len(own), spec.names.index(name)]
        start += len(own)
    return columns


@pytest.mark.parametrize(("name", "expected"), [(name, wanted) for name, _, wanted in CASES])
def test_a_feature_says_what_the_line_says(
    name: str, expected: list[float], computed: dict[str, np.ndarray]
):
    np.testing.assert_allclose(computed[name], np.array(expected, dtype=np.float32), rtol=1e-6)


def test_a_ratio_of_extremes_is_missing_or_finite_never_warned_of():
    above = np.array([1e308, 1e308, 0.0, math.inf, NAN, -1.0])
    below = np.array([1e-308, 0.0, -1.0, 1.0, 1.0, NAN])
    assert np.isnan(ratio(above, below)[[1, 2, 4, 5]]).all()
