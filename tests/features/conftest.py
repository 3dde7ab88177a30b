"""A small port with every awkward row in it, for the contract of the build."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from targeting.config import FeatureSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from targeting.tables.folder import MemoryTables

START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def port_settings() -> FeatureSettings:
    return FeatureSettings.model_validate(
        {
            "time_zone": "Asia/Baku",
            "keys": [["consignee_id"], ["hs6"], ["hs6", "origin_country"], ["consignee_id", "hs4"]],
            "categories": ["flow", "origin_country"],
        }
    )


@pytest.fixture(scope="session")
def port(make_tables: Callable[..., MemoryTables]) -> MemoryTables:
    """Sixty days, 240 lines with gaps and ties, 90 results up to thirty days late."""
    draw = np.random.default_rng(7)

    def pick(*values: object) -> object:
        return values[draw.integers(len(values))]

    lines = [
        {
            "lodged_at": START + timedelta(hours=int(draw.integers(60 * 24))),
            "flow": pick("import", "transit"),
            "consignee_id": pick("C1", "C2", "C3", "C4", None),
            "hs_code": pick("0805100000", "080510", "0805", "240220"),
            "origin_country": pick("TR", "IR", "CN", None),
            "customs_value": pick(None, 0.0, 120.5, 9000.0, 1e9),
            "net_mass_kg": pick(None, 0.0, 7.25, 1200.0),
        }
        for _ in range(240)
    ]
    results = []
    for _ in range(90):
        at = int(draw.integers(240))
        # A few results carry a moment before the line was lodged: clocks slip.
        known = lines[at]["lodged_at"] + timedelta(hours=float(draw.integers(-40, 24 * 30)))
        hit = pick("hit", "clear", "clear")
        revenue = pick(None, 50.0, 7000.0) if hit == "hit" else None
        results.append(
            {
                "declaration_id": f"D{at:04}",
                "inspected_at": known,
                "result_known_at": known,
                "result": hit,
                "revenue_recovered": revenue,
            }
        )
    return make_tables(lines, results)
