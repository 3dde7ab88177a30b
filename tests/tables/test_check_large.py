"""Tables larger than the engine's memory are checked all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.tables.folder import conform
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from pathlib import Path

ROWS, BATCH = 3_000_000, 250_000
CHECK = """
import json, sys
from targeting.tables.check import check
from targeting.tables.folder import TablesFolder
print(json.dumps(check(TablesFolder.open(sys.argv[1])).to_dict()))
"""


def declarations(start: int) -> pa.Table:
    """One batch; the ids repeat once at the end and one code in a million is wrong."""
    number = np.arange(start, start + BATCH)
    ids = np.char.add("DECLARATION-", np.where(number == ROWS - 1, 0, number).astype(str))
    hs_code = np.where(number % 1_000_000 == 7, "x", np.char.mod("%06d", 240_000 + number % 99))
    lodged = np.datetime64("2020-01-01", "us") + (number * 60_000_000).astype("timedelta64[us]")
    values = {
        "declaration_id": pa.array(ids),
        "lodged_at": pa.array(lodged, pa.timestamp("us", tz="UTC")),
        "hs_code": pa.array(hs_code),
        "consignee_id": pa.array(np.char.add("CONSIGNEE-", (number * 7919 % ROWS).astype(str))),
        "seal_id": pa.array(np.char.add("SEAL-", (number // 2).astype(str))),
        "container_id": pa.array(np.char.mod("MSCU%07d", number % 10_000_000)),
        "gross_mass_kg": pa.array(number / 7),
    }
    constants = {"flow": "import", "transport_mode": "sea", "office_id": "AZALA"}
    repeated = {name: pa.repeat(value, BATCH) for name, value in constants.items()}
    return conform(pa.table(values | repeated), DECLARATIONS)


def inspections() -> pa.Table:
    number = np.arange(0, ROWS, 20)
    moment = pa.scalar(datetime(2030, 1, 1, tzinfo=UTC), pa.timestamp("us", tz="UTC"))
    after = pa.repeat(moment, len(number))
    values = {
        "inspection_id": pa.array(number.astype(str)),
        "declaration_id": pa.array(np.char.add("DECLARATION-", number.astype(str))),
        "selected_by": pa.repeat("officer", len(number)),
        "inspected_at": after,
        "result_known_at": after,
        "result": pa.repeat("clear", len(number)),
    }
    return conform(pa.table(values), INSPECTIONS)


@pytest.mark.slow
def test_three_million_rows_in_little_memory(tmp_path: Path):
    first = declarations(0)
    with pq.ParquetWriter(tmp_path / "declarations.parquet", first.schema) as writer:
        for start in range(0, ROWS, BATCH):
            writer.write_table(declarations(start))
    pq.write_table(inspections(), tmp_path / "inspections.parquet")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", CHECK, str(tmp_path)],
        env=os.environ | {"TARGETING_MEMORY_LIMIT": "300MB"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    breaches = {
        one["column"]: (one["count"], [row["number"] for row in one["rows"]])
        for one in report["findings"]
        if one["severity"] == "breach"
    }
    assert breaches == {
        "declaration_id": (1, [ROWS - 1]),
        "hs_code": (3, [7, 1_000_007, 2_000_007]),
    }
    assert report["tables"][0]["rows"] == ROWS
    assert report["examined"] == ROWS // 20
