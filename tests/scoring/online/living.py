"""A small port for the living profiles: a few parties, every awkward event, a database per test."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.conftest import tables_from

from targeting.config import FeatureSettings
from targeting.features.build import profiles_between
from targeting.features.snapshot import Snapshot
from targeting.features.store.check import Difference, difference_of
from targeting.scoring.online import ProfileDatabase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import pyarrow as pa

    from targeting.features.snapshot import KeyProfiles
    from targeting.tables.folder import MemoryTables

Row = dict[str, Any]
BEGIN = date(2024, 1, 10)
SETTINGS = FeatureSettings.model_validate(
    {
        "time_zone": "Asia/Baku",
        "keys": [
            ["consignee_id"], ["container_id"], ["hs6"], ["consignee_id", "hs4"],
            {"columns": ["hs6"], "measure": "mass_per_package"},
        ],
        "links": [
            {"of": "consignee_id", "through": "container_id"},
            {"of": "container_id", "through": "consignee_id"},
        ],
        "half_lives_days": [5, 30],
        "categories": [],
    }
)  # fmt: skip


def lodged(at: int, day: int, **columns: Any) -> Row:
    """A line of a day, numbered from `BEGIN`; days below nought lie before the database."""
    moment = datetime(2024, 1, 10, 4, tzinfo=UTC) + timedelta(days=day, minutes=at)
    return {
        "declaration_id": f"D{at:04}", "lodged_at": moment, "flow": "import",
        "transport_mode": "sea", "office_id": "AZALA", "hs_code": "080510",
    } | columns  # fmt: skip


def known(at: int, line: int, day: int, **columns: Any) -> Row:
    """A result that became known on a day."""
    moment = datetime(2024, 1, 10, 6, tzinfo=UTC) + timedelta(days=day, minutes=at)
    return {
        "inspection_id": f"I{at:04}", "declaration_id": f"D{line:04}", "selected_by": "officer",
        "inspected_at": moment, "result_known_at": moment, "result": "clear",
    } | columns  # fmt: skip


def world(draw: np.random.Generator, *, lines: int = 60, results: int = 40) -> list[list[Row]]:
    """Lines of twelve days and results up to eight days late, some before their line."""

    def pick(*values: object) -> Any:
        return values[draw.integers(len(values))]

    declared = [
        lodged(
            at,
            int(draw.integers(-4, 8)),
            consignee_id=pick("C1", "C2", "C3", None),
            container_id=pick("B1", "B2", None),
            hs_code=pick("080510", "0805", "2402201000"),
            customs_value=pick(None, 0.0, 120.5, 9000.0, 33.3),
            net_mass_kg=pick(None, 7.25, 1200.0),
            gross_mass_kg=pick(None, 9.5),
            package_count=pick(None, 0, 4),
        )
        for at in range(lines)
    ]
    found = []
    for at in range(results):
        line = int(draw.integers(lines))
        day = (declared[line]["lodged_at"].date() - BEGIN).days + int(draw.integers(-1, 8))
        hit = pick("hit", "clear", "clear")
        found.append(
            known(at, line, min(day, 7), result=hit,
                  revenue_recovered=pick(None, 50.5) if hit == "hit" else None)
        )  # fmt: skip
    return [declared, found]


def tables_of(declared: Sequence[Row], found: Sequence[Row]) -> MemoryTables:
    return tables_from(declared, found)


def scratch(tables: MemoryTables, until: date) -> Snapshot:
    """The profiles a batch makes."""
    kept: dict[str, KeyProfiles] = {}
    profiles_between(tables, SETTINGS, (None, until), kept.__setitem__)
    return Snapshot(until, {name: kept[name] for name in SETTINGS.profile_columns})


class Living:
    """A database in a folder of its own, begun with what happened before `BEGIN`."""

    def __init__(self, tables: MemoryTables, url: str | None = None) -> None:
        start = scratch(tables, BEGIN)
        self.folder = None if url else TemporaryDirectory()
        url = url or f"sqlite:///{Path(self.folder.name) / 'profiles.db'}"  # type: ignore[union-attr]
        self.database = ProfileDatabase.create(url, start, SETTINGS, tables=tables)

    def __enter__(self) -> ProfileDatabase:
        return self.database

    def __exit__(self, *_: object) -> None:
        self.database.close()
        if self.folder is not None:
            self.folder.cleanup()


def differences(database: ProfileDatabase, expected: Snapshot) -> Iterable[Difference]:
    for name, profiles in expected.profiles.items():
        yield difference_of(
            name, SETTINGS.profile_columns[name], (database.key(name), profiles),
            half_lives_days=SETTINGS.half_lives_days,
        )  # fmt: skip


def same_bits(left: KeyProfiles, right: KeyProfiles) -> bool:
    """Whether two lots of profiles hold the same keys with the same bytes."""
    return _by_key(left) == _by_key(right)


def _by_key(profiles: KeyProfiles) -> dict[tuple[str, ...], tuple[bytes, bytes]]:
    parts: pa.Table = profiles.parts
    columns = [column.to_pylist() for column in parts.columns]
    names = list(zip(*columns, strict=True)) if columns else [()]
    rows = zip(profiles.state.sums, profiles.state.days, strict=True)
    return {
        name: (sums.tobytes(), days.tobytes())
        for name, (sums, days) in zip(names, rows, strict=True)
    }
