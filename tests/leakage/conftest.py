"""The simulated port, and the settings whose features the suite checks, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from tests.leakage.suite import Check

from targeting.config import FeatureSettings
from targeting.simulate import preset, simulate
from targeting.tables.folder import MemoryTables, TablesFolder
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> TablesFolder:
    folder = tmp_path_factory.mktemp("leakage") / "tables"
    simulate(preset("small"), folder)
    return TablesFolder.open(folder)


@pytest.fixture(scope="session")
def small(small_folder: TablesFolder) -> MemoryTables:
    import pyarrow.parquet as pq

    return MemoryTables(
        *(
            pa.concat_tables([pq.read_table(file) for file in small_folder.files(table)])
            for table in (DECLARATIONS, INSPECTIONS)
        )
    )


@pytest.fixture(scope="session")
def full_check() -> Check:
    """Checks every feature of the default configuration, in a port that is not on UTC."""
    return Check(FeatureSettings(time_zone="Asia/Baku"))


@pytest.fixture(scope="session")
def quick_check() -> Check:
    """Checks a feature of each kind: of keys, links, keys crossed, words and categories."""
    return Check(
        FeatureSettings.model_validate(
            {
                "time_zone": "Asia/Baku",
                "keys": [
                    ["consignee_id"], ["container_id"], ["hs6"], ["origin_country"],
                    ["hs6", "origin_country"], ["consignee_id", "hs2"], ["goods_words"],
                    ["goods_words", "hs4"],
                    {"columns": ["hs6"], "measure": "mass_per_package"},
                ],
                "links": [
                    {"of": "consignee_id", "through": "container_id"},
                    {"of": "container_id", "through": "consignee_id"},
                ],
                "categories": ["origin_country"],
            }
        )
    )  # fmt: skip


@pytest.fixture(scope="session")
def check_of() -> Callable[..., Check]:
    """Make a check of the default settings, or of odd ones, in a time zone."""

    def check(time_zone: str, *, odd: bool = False) -> Check:
        chosen = ODD if odd else {}
        return Check(FeatureSettings.model_validate({"time_zone": time_zone} | chosen))

    return check


ODD = {
    "keys": [
        "goods_words", "container_owner", "tax_regime", ["loading_site", "discharge_site"],
        ["consignee_id", "hs2"], ["consignee_id", "hs2", "goods_words"], ["hs4", "sealing_party"],
        "consignee_id",
        {"columns": ["hs6"], "statistics": ["price_z", "pace", "revenue"]},
        {"columns": ["container_owner"], "measure": "lead_hours"},
    ],
    "links": [
        {"of": ["consignee_id", "hs2"], "through": ["loading_site", "discharge_site"]},
        {"of": ["hs4", "office_id"], "through": "goods_words"},
        {"of": "consignee_id", "through": "consignee_id"},
    ],
    "half_lives_days": [0.5, 7, 10_000],
    "prior_examinations": 0.25,
    "categories": ["hs4", "incoterm", "loading_port"],
    "numbers": ["axle_count"],
    "max_categories": 2,
}  # fmt: skip
"""Derived and extra columns as keys, keys of three, links of several columns and of a key through
itself, three half-lives of which one is gone within days, few levels, an extra number."""
