"""What each feature is said to read is what it reads."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from targeting.config import FeatureSettings
from targeting.features.build import matrix_of
from targeting.features.engine import Wanted
from targeting.features.reads import RESULT, columns_read
from targeting.features.spec import learn_spec, registry
from targeting.tables.folder import MemoryTables

SETTINGS = FeatureSettings()


@pytest.fixture(scope="module")
def read() -> dict[str, frozenset[str]]:
    return columns_read(SETTINGS)


def test_every_feature_reads_something_and_no_other_is_listed(read) -> None:
    assert set(read) == {feature.name for feature in registry(SETTINGS)}
    assert all(read.values())


@pytest.mark.parametrize(
    ("feature", "columns"),
    [
        ("unit_value", {"customs_value", "net_mass_kg"}),
        ("notice_hours", {"arrival_at", "lodged_at"}),
        ("lodged_at_night", {"lodged_at"}),
        ("terms_unfit_mode", {"incoterm", "transport_mode"}),
        ("hs6_price_z", {"hs_code", "customs_value", "net_mass_kg"}),
        ("hs6_hit_rate_30d", {"hs_code", RESULT}),
        ("consignee_days_since_last_hit", {"consignee_id", RESULT}),
        ("consignee_days_since_last", {"consignee_id"}),
        ("consignee_mass_ratio", {"consignee_id", "net_mass_kg"}),
        ("consignee_via_container_caught", {"consignee_id", "container_id", RESULT}),
        ("cash_for_new_pair", {"consignee_id", "consignor_id", "payment_method"}),
        ("office_id_level", {"office_id"}),
    ],
)
def test_columns_are_those_of_the_key_the_statistic_and_the_function(
    read, feature: str, columns: set[str]
) -> None:
    assert read[feature] == columns


CHANGES = {
    "customs_value": 9_000.0,
    "net_mass_kg": 700.0,
    "package_count": 3,
    "hs_code": "240220",
    "origin_country": "TR",
    "consignor_id": "R9",
    "seal_id": "S9",
    "transshipment_port": "AEJEA",
    "payment_method": "cash",
    "goods_description": "parts",
}


@pytest.fixture(scope="module")
def lines(make_tables) -> MemoryTables:
    """Twelve lines of one trader, the last one examined late, with every column stated."""
    stated = {
        "consignee_id": "C1", "consignor_id": "R1", "origin_country": "CN",
        "dispatch_country": "CN", "loading_port": "CNSHA", "discharge_port": "AZALA",
        "net_mass_kg": 1_000.0, "gross_mass_kg": 1_100.0, "package_count": 50,
        "customs_value": 5_000.0, "freight_cost": 200.0, "seal_id": "S1", "container_load": "FCL",
        "goods_description": "cotton shirts", "payment_method": "transfer", "hs_code": "610910",
    }  # fmt: skip
    known = datetime(2024, 1, 6, tzinfo=UTC)
    found = {"declaration_id": "D0001", "result": "hit", "result_known_at": known}
    return make_tables([stated] * 12, [found])


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_column_moves_only_features_that_read_it(lines, read, column: str) -> None:
    settings = FeatureSettings()
    spec = learn_spec(lines, settings)
    at = lines.declarations.schema.get_field_index(column)
    values = lines.declarations[column].to_pylist()
    changed = [*values[:-1], CHANGES[column]]
    field = lines.declarations.schema.field(at)
    other = MemoryTables(
        lines.declarations.set_column(at, field, pa.array(changed, field.type)), lines.inspections
    )
    wanted = Wanted(ids=pa.chunked_array([["D0011"]]))
    before, after = (
        matrix_of(tables, spec, wanted, until=date(2024, 1, 13))[1] for tables in (lines, other)
    )
    moved = ~((before == after) | (np.isnan(before) & np.isnan(after)))[0]
    names = {name for name, one in zip(spec.names, moved, strict=True) if one}
    assert names
    assert {name for name in names if column not in read[name]} == set()
