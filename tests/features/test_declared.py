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
    ("lodged_at_night", [lodged()], [1]),
    (
        "precursor",
        [{"hs_code": "2915240000"}, {"hs_code": "291521"}, {"hs_code": "2915"}],
        [1, 0, 0],
    ),
    ("strategic_goods", [{"hs_code": "854231"}, {"hs_code": "080510"}], [1, 0]),
    (
        "risk_origin",
        [
            {"hs_code": "081050", "origin_country": "IR"},
            {"hs_code": "390120", "origin_country": "IR"},
            {"hs_code": "390120", "origin_country": "AF"},
            {"hs_code": "081050", "origin_country": "TR"},
            {"hs_code": "081050"},
        ],
        [1, 0, 1, 0, NAN],
    ),
    (
        "returned_goods",
        [
            {"flow": "import", "origin_country": "KZ", "destination_country": "KZ"},
            {"flow": "import", "origin_country": "CN", "destination_country": "KZ"},
            {"flow": "export", "origin_country": "KZ", "destination_country": "KZ"},
            {"flow": "import", "origin_country": "KZ"},
        ],
        [1, 0, NAN, NAN],
    ),
    (
        "preference_elsewhere",
        [
            {"tax_regime": "Preference", "origin_country": "CN", "dispatch_country": "TR"},
            {"tax_regime": "PREF 4", "origin_country": "CN", "dispatch_country": "CN"},
            {"tax_regime": "GENERAL", "origin_country": "CN", "dispatch_country": "TR"},
            {"tax_regime": "PREFERENCE", "origin_country": "CN"},
            {"origin_country": "CN", "dispatch_country": "TR"},
        ],
        [1, 0, 0, NAN, NAN],
    ),
    (
        "freight_not_counted",
        [
            {"freight_cost": 0.0},
            {"freight_cost": 5.0, "customs_value": 7.0, "incoterm": "FCA"},
            {"customs_value": 7.0, "incoterm": "FCA Alat"},
            {"customs_value": 7.0, "incoterm": "CIF"},
            {"customs_value": 7.0},
            {"incoterm": "EXW"},
        ],
        [1, 0, 1, NAN, NAN, NAN],
    ),
    (
        "terms_unfit_mode",
        [
            {"incoterm": "fob", "transport_mode": "road"},
            {"incoterm": "FOB", "transport_mode": "sea"},
            {"incoterm": "DAP", "transport_mode": "road"},
            {"incoterm": "XXX", "transport_mode": "road"},
            {},
        ],
        [1, 0, 0, NAN, NAN],
    ),
    (
        "seller_pays_freight",
        [{"incoterm": "CPT"}, {"incoterm": "EXW"}, {"incoterm": "XXX"}, {}],
        [1, 0, NAN, NAN],
    ),
    (
        "manifest_mass_gap",
        [
            {"manifest_gross_mass_kg": 20.0, "gross_mass_kg": 10.0},
            {"manifest_gross_mass_kg": 10.0, "gross_mass_kg": 10.0},
            {"manifest_gross_mass_kg": 10.0, "gross_mass_kg": 0.0},
            {"manifest_gross_mass_kg": math.inf, "gross_mass_kg": 1.0},
            {"gross_mass_kg": 10.0},
        ],
        [math.log(2), 0, NAN, NAN, NAN],
    ),
    (
        "manifest_package_gap",
        [
            {"manifest_package_count": 5.0, "package_count": 10},
            {"manifest_package_count": 5.0},
            {"manifest_package_count": 0.0, "package_count": 10},
        ],
        [-math.log(2), NAN, NAN],
    ),
    (
        "stop_words_only",
        [
            {"goods_description": text}
            for text in ("Spare parts", "SPARE PARTS for tyres", "запасные части", "", "12", None)
        ],
        [1, 0, 1, 0, 0, NAN],
    ),
    (
        "stop_words",
        [
            {"goods_description": text}
            for text in ("parts, samples", "parts of pumps", "kiwi", None)
        ],
        [2, 1, 0, NAN],
    ),
    (
        "informative_words",
        [{"goods_description": text} for text in ("pump pump valves", "parts", "to of", None)],
        [2, 0, 0, NAN],
    ),
    (
        "notify_is_consignee",
        [
            {"notify_party_id": "A", "consignee_id": "A"},
            {"notify_party_id": "B", "consignee_id": "A"},
            {"consignee_id": "A"},
        ],
        [1, 0, NAN],
    ),
    (
        "consignee_is_agent",
        [
            {"consignee_id": "A", "declarant_id": "A"},
            {"consignee_id": "A", "carrier_id": "A", "declarant_id": "B"},
            {"consignee_id": "A", "carrier_id": "B"},
            {"consignee_id": "A"},
            {"carrier_id": "A"},
        ],
        [1, 1, 0, NAN, NAN],
    ),
    (
        "loaded_elsewhere",
        [
            {"loading_port": "GEPTI", "dispatch_country": "TR"},
            {"loading_port": "GEPTI", "dispatch_country": "GE"},
            {"loading_port": "POST 7", "dispatch_country": "GE"},
            {"loading_port": "GEPTI"},
        ],
        [1, 0, NAN, NAN],
    ),
    (
        "direct_km",
        [
            {"loading_port": "AZALA", "discharge_port": "AZALA"},
            {"loading_port": "AZALA", "discharge_port": "POST 7"},
            {"loading_port": "AZALA"},
        ],
        [0, NAN, NAN],
    ),
    (
        "detour_km",
        [
            {"loading_port": "GEPTI", "discharge_port": "AZALA"},
            {"loading_port": "GEPTI", "discharge_port": "AZALA", "transshipment_port": "GEPTI"},
            {"loading_port": "GEPTI", "discharge_port": "AZALA", "transshipment_port": "POST 7"},
            {"transshipment_port": "GEPTI"},
        ],
        [0, 0, NAN, NAN],
    ),
    (
        "detour_ratio",
        [
            {"loading_port": "GEPTI", "discharge_port": "AZALA"},
            {"loading_port": "AZALA", "discharge_port": "AZALA", "transshipment_port": "GEPTI"},
            {},
        ],
        [1, NAN, NAN],
    ),
    (
        "hubs_on_route",
        [
            {"loading_port": "AEJEA", "transshipment_port": "IRBND"},
            {"loading_port": "AEJEA"},
            {"loading_port": "GEBUS"},
            {"transshipment_port": "IRBND"},
        ],
        [2, 1, 0, NAN],
    ),
    (
        "payload_share",
        [
            {"container_type": "22G1", "gross_mass_kg": 14250.0},
            {"container_type": "45R1", "gross_mass_kg": 30000.0},
            {"container_type": "40HC", "gross_mass_kg": 14250.0},
            {"container_type": "22G1"},
            {"gross_mass_kg": 1.0},
        ],
        [0.5, 1, NAN, NAN, NAN],
    ),
    (
        "overloaded",
        [
            {"container_type": "22G1", "gross_mass_kg": 28501.0},
            {"container_type": "22G1", "gross_mass_kg": 28500.0},
            {"gross_mass_kg": 28501.0},
        ],
        [1, 0, NAN],
    ),
    (
        "nearly_empty",
        [
            {"container_load": "FCL", "container_type": "22G1", "gross_mass_kg": 100.0},
            {"container_load": "FCL", "container_type": "22G1", "gross_mass_kg": 9000.0},
            {"container_load": "LCL", "container_type": "22G1", "gross_mass_kg": 100.0},
            {"container_load": "FCL", "container_type": "22G1"},
        ],
        [1, 0, NAN, NAN],
    ),
    (
        "unfit_unit",
        [
            {"container_type": "45R1", "hs_code": "870322"},
            {"container_type": "45R1", "hs_code": "080510"},
            {"container_type": "22G1", "hs_code": "870322"},
            {"container_type": "22T1", "hs_code": "610910"},
            {"container_type": "22U1", "hs_code": "330300"},
            {"container_type": "40HC", "hs_code": "870322"},
            {"hs_code": "870322"},
        ],
        [1, 0, 0, 1, 1, NAN, NAN],
    ),
    (
        "odd_owner_code",
        [
            {"container_id": "CSQU3054383"},
            {"container_id": "CSQX3054383"},
            {"container_id": "TRUCK 12"},
            {},
        ],
        [0, 1, NAN, NAN],
    ),
    (
        "sealed_by_shipper",
        [{"sealing_party": one} for one in ("shipper", "Carrier", "unknown", None)],
        [1, 0, 1, NAN],
    ),
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
