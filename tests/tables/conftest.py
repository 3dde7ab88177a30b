"""Literal tables that keep the contract, to be broken one value at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.tables.folder import TablesFolder, conform
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from pathlib import Path

Values = dict[str, list[Any]]
Writer = Callable[..., TablesFolder]


def _day(number: int) -> datetime:
    return datetime(2024, 1, number, 8, tzinfo=UTC)


@pytest.fixture
def declarations() -> Values:
    return {
        "declaration_id": ["D1", "D2", "D3", "D4"],
        "lodged_at": [_day(1), _day(2), _day(3), _day(4)],
        "arrival_at": [_day(5), _day(6), None, _day(8)],
        "flow": ["import", "export", "transit", "import"],
        "transport_mode": ["sea", "rail", "road", "air"],
        "office_id": ["AZALA", "AZALA", "KZAAU", "KZALA"],
        "consignee_id": ["TRADER-SECRET-1", "TRADER-SECRET-2", None, "TRADER-SECRET-1"],
        "consignee_name": ["Secret Trading LLC", None, None, None],
        "hs_code": ["0805100000", "240220", "8703", "980100"],
        "origin_country": ["TR", "IR", None, "CN"],
        "loading_port": ["TRMER", "ALTYNKOL", None, "CNSGH"],
        "container_id": ["CSQU3054383", "MSCU9981402", None, None],
        "seal_id": ["S1", "S2", None, "S1"],
        "package_count": [10, 0, None, 3],
        "gross_mass_kg": [1000.0, 500.5, 80.0, None],
        "net_mass_kg": [900.0, 500.5, None, 4.0],
        "customs_value": [12000.0, 0.0, 55.0, 1.0],
    }


@pytest.fixture
def inspections() -> Values:
    return {
        "inspection_id": ["I1", "I2"],
        "declaration_id": ["D1", "D2"],
        "selected_by": ["random", "officer"],
        "selection_probability": [0.05, None],
        "inspected_at": [_day(6), _day(7)],
        "result_known_at": [_day(6), _day(20)],
        "result": ["clear", "hit"],
        "offence": [None, "tobacco"],
    }


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write values as they are, without the types the schema would give them when `as_is`."""

    def writer(declared: Values, inspected: Values, *, as_is: bool = False) -> TablesFolder:
        for table, values in ((DECLARATIONS, declared), (INSPECTIONS, inspected)):
            rows = pa.table(values)
            pq.write_table(
                rows if as_is else conform(rows, table), tmp_path / f"{table.name}.parquet"
            )
        return TablesFolder.open(tmp_path)

    return writer
