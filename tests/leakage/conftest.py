"""The simulated port, and the suite's own check: what a disturbance of the tables changed.

The check is itself checked: `test_planted_leaks.py` builds features that look at the same day or at
tomorrow, and the suite is only worth something if it catches them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from targeting.config import FeatureSettings
from targeting.features.build import build
from targeting.features.engine import Wanted, day_start
from targeting.features.spec import FeatureSpec, learn_spec
from targeting.simulate import preset, simulate
from targeting.tables.folder import MemoryTables, TablesFolder
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from datetime import date

Leaks = dict[str, set[str]]
END = datetime(2035, 1, 1, tzinfo=UTC).date()


def later(column: pa.ChunkedArray, shift: timedelta) -> pa.ChunkedArray:
    return pc.add(column, pa.scalar(shift, pa.duration("us")))


def replaced(table: pa.Table, **columns: Any) -> pa.Table:
    for name, values in columns.items():
        at = table.column_names.index(name)
        table = table.set_column(at, table.schema.field(name), values)
    return table


def twins(tables: MemoryTables, moment: datetime) -> pa.Table:
    """Every declaration once more under another id, all lodged at one moment, same parties."""
    table = tables.declarations
    ids = pa.array([f"twin-{one}" for one in table["declaration_id"].to_pylist()])
    moments = pa.array([moment] * table.num_rows, pa.timestamp("us", tz="UTC"))
    return replaced(table, declaration_id=ids, lodged_at=moments)


def results(tables: MemoryTables, moment: datetime) -> pa.Table:
    """A hit with revenue for every declaration, known at one moment."""
    ids = tables.declarations["declaration_id"]
    rows = len(ids)
    columns: dict[str, Any] = {
        "inspection_id": pa.array([f"planted-{moment:%Y%m%d}-{at}" for at in range(rows)]),
        "declaration_id": ids,
        "selected_by": pa.array(["random"] * rows),
        "inspected_at": pa.array([moment] * rows, pa.timestamp("us", tz="UTC")),
        "result_known_at": pa.array([moment] * rows, pa.timestamp("us", tz="UTC")),
        "result": pa.array(["hit"] * rows),
        "revenue_recovered": pa.array([1e6] * rows),
    }
    schema = INSPECTIONS.arrow_schema()
    empty = {field.name: pa.nulls(rows, field.type) for field in schema if field.nullable}
    return pa.table({name: (empty | columns)[name] for name in schema.names}).cast(
        pa.schema([field.with_nullable(True) for field in schema])
    )


def appended(
    tables: MemoryTables, declarations: pa.Table | None = None, inspections: pa.Table | None = None
) -> MemoryTables:
    parts = []
    for table, more in (
        (tables.declarations, declarations),
        (tables.inspections, inspections),
    ):
        parts.append(table if more is None else pa.concat_tables([table, _like(more, table)]))
    return MemoryTables(*parts)


def _like(more: pa.Table, table: pa.Table) -> pa.Table:
    """Give rows the columns of a table; extra ones they lack are null."""
    columns = {
        field.name: more[field.name] if field.name in more.column_names
        else pa.nulls(len(more), field.type)
        for field in table.schema
    }  # fmt: skip
    return pa.table(columns).cast(table.schema)


@dataclass(frozen=True)
class Check:
    """What the suite asks of any disturbance: which features of the past did it change?"""

    settings: FeatureSettings

    def start(self, day: date) -> datetime:
        return day_start(day, self.settings.time_zone)

    def disturbances(self, tables: MemoryTables, day: date) -> dict[str, MemoryTables]:
        """Tables that differ only in what nobody could know when a line of the day was lodged."""
        morning, evening = (self.start(day) + timedelta(hours=hours) for hours in (0, 23))
        tomorrow, next_year = (self.start(day) + timedelta(days=days) for days in (1, 400))
        return {
            "same-day declarations": appended(tables, twins(tables, morning)),
            "same-day results": appended(tables, inspections=results(tables, evening)),
            "later declarations": appended(tables, twins(tables, tomorrow)),
            "later results": appended(tables, twins(tables, next_year), results(tables, tomorrow)),
            "no future at all": self.cut(tables, day),
        }

    def at_once(self, tables: MemoryTables, day: date) -> dict[str, MemoryTables]:
        """The same in fewer tables: quicker, but a leak is not named as closely."""
        morning, tomorrow = (self.start(day) + timedelta(days=days) for days in (0, 1))
        same_day = appended(tables, twins(tables, morning), results(tables, morning))
        return {
            "same day and later": appended(same_day, inspections=results(tables, tomorrow)),
            "no future at all": self.cut(tables, day),
        }

    def cut(self, tables: MemoryTables, day: date) -> MemoryTables:
        """Tables as they were at the close of a day."""
        close = self.start(day + timedelta(days=1))
        declared = tables.declarations
        known = tables.inspections
        return MemoryTables(
            declared.filter(pc.less(declared["lodged_at"], pa.scalar(close))),
            known.filter(pc.less(known["result_known_at"], pa.scalar(close))),
        )

    def features(self, tables: MemoryTables, spec: FeatureSpec, day: date) -> dict[str, bytes]:
        """Bits of each feature of the lines lodged up to and on a day, in order of their ids.

        `until` lies far ahead, so that the replay itself has to keep the future out.
        """
        built = build(tables, spec, Wanted(stop=day + timedelta(days=1)), until=END)
        ids = built.rows["declaration_id"].to_numpy(dtype=object)
        own = np.array([not one.startswith("twin-") for one in ids], dtype=bool)
        order = np.argsort(ids[own].astype(str), kind="stable")
        assert own.any(), "a check of no rows proves nothing"
        matrix = built.matrix[own][order]
        return {name: matrix[:, at].tobytes() for at, name in enumerate(spec.names)}

    def leaks(self, tables: MemoryTables, day: date, *, at_once: bool = False) -> Leaks:
        """Name, per disturbance, the features of the past that it changed; none of them if none."""
        spec = learn_spec(tables, self.settings, until=day)
        before = self.features(tables, spec, day)
        disturbed = (self.at_once if at_once else self.disturbances)(tables, day)
        return {
            name: changed
            for name, other in disturbed.items()
            if (changed := _changed(before, self.features(other, spec, day)))
        }


def _changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name, bits in after.items() if bits != before[name]}


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
def quick_check(full_check: Check) -> Check:
    """Checks a few keys, for many small worlds."""
    settings = FeatureSettings.model_validate(
        {
            "time_zone": "Asia/Baku",
            "keys": [["consignee_id"], ["hs6", "origin_country"]],
            "categories": ["origin_country"],
        }
    )
    return replace(full_check, settings=settings)
