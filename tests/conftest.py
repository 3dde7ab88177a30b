"""What every room's tests share: a steady hypothesis profile, and tables from literal rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings

from targeting.tables.folder import MemoryTables, conform
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

# The same examples on every run, as a pull request must not fail by chance; `pytest
# --hypothesis-profile explore` looks further.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", derandomize=True, database=None, **_COMMON)
settings.register_profile("explore", max_examples=500, **_COMMON)
settings.load_profile("steady")

Rows = Sequence[Mapping[str, Any]]
MakeTables = Callable[..., MemoryTables]

FIRST = datetime(2024, 1, 1, 8, tzinfo=UTC)


def _declaration(at: int) -> dict[str, Any]:
    return {
        "declaration_id": f"D{at:04}",
        "lodged_at": FIRST + timedelta(days=at),
        "flow": "import",
        "transport_mode": "sea",
        "office_id": "AZALA",
        "hs_code": "080510",
    }


def _inspection(at: int) -> dict[str, Any]:
    return {
        "inspection_id": f"I{at:04}",
        "selected_by": "officer",
        "result": "clear",
    }


def _table(rows: Rows, names: Sequence[str]) -> pa.Table:
    extra = [name for row in rows for name in row if name not in names]
    columns = dict.fromkeys([*names, *extra])
    return pa.table({name: [row.get(name) for row in rows] for name in columns})


def tables_from(declared: Rows, inspected: Rows = ()) -> MemoryTables:
    """Fill in the required columns; a result is known when it says, inspected then if unsaid."""
    declarations = [_declaration(at) | dict(row) for at, row in enumerate(declared)]
    inspections = [
        _inspection(at) | {"inspected_at": row["result_known_at"]} | dict(row)
        for at, row in enumerate(inspected)
    ]
    return MemoryTables(
        conform(_table(declarations, DECLARATIONS.names), DECLARATIONS),
        conform(_table(inspections, INSPECTIONS.names), INSPECTIONS),
    )


@pytest.fixture(scope="session")
def make_tables() -> MakeTables:
    return tables_from
