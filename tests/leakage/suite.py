"""The suite's own check: which features does a disturbance of the tables change?

It names them, one by one: a leak that is only known to be somewhere among 451 features is half
found. `test_planted_leaks.py` checks the check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from targeting.features.build import build
from targeting.features.engine import Wanted, day_start
from targeting.features.spec import FeatureSpec, learn_spec
from targeting.tables.folder import MemoryTables, TablesFolder, conform
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from pathlib import Path

    from targeting.config import FeatureSettings
    from targeting.tables.folder import Tables

Leaks = dict[str, set[str]]
Bits = dict[str, bytes]
END = datetime(2035, 1, 1, tzinfo=UTC).date()
MOMENT = pa.timestamp("us", tz="UTC")
NEW, STRANGE = "twin-", "stranger-"

AT_ONCE = "another same day and another future"

TOLD_OF_WHEN = re.compile(r"_hit_rate_\d+(p\d+)?d$|_days_since_last_hit$|_via_")
"""Features that tell when a result became known: what fades, how long ago, and what a link's
earlier lines had behind them by then. No other may change when a result is known later, yet in
time."""


def replaced(table: pa.Table, **columns: Any) -> pa.Table:
    for name, values in columns.items():
        at = table.column_names.index(name)
        table = table.set_column(at, table.schema.field(name), values)
    return table


def _renamed(table: pa.Table, prefix: str, moment: datetime) -> pa.Table:
    ids = [f"{prefix}{moment:%Y%m%d%H}-{one}" for one in table["declaration_id"].to_pylist()]
    moments = pa.array([moment] * table.num_rows, MOMENT)
    return replaced(table, declaration_id=pa.array(ids, pa.string()), lodged_at=moments)


def twins(tables: MemoryTables, moment: datetime) -> pa.Table:
    """Every declaration once more under another id, all lodged at one moment, same parties."""
    return _renamed(tables.declarations, NEW, moment)


def strangers(tables: MemoryTables, moment: datetime) -> pa.Table:
    """The same parties with goods, words, places and amounts nobody has seen."""
    table = tables.declarations
    strange: dict[str, Any] = {
        "goods_description": "extraordinarily newfangled pomegranates",
        "hs_code": "999999",
        "origin_country": "QQ",
        "office_id": "ZZNEW",
        "customs_value": 1e12,
        "net_mass_kg": 1e-3,
    }
    columns = {
        name: pa.array([value] * table.num_rows, table.schema.field(name).type)
        for name, value in strange.items()
    }
    return _renamed(replaced(table, **columns), STRANGE, moment)


def results(
    tables: MemoryTables, moment: datetime, *, examined: datetime | None = None
) -> pa.Table:
    """A hit with revenue for every declaration, known at one moment, however early examined."""
    ids = tables.declarations["declaration_id"]
    rows, at = len(ids), examined or moment
    columns: dict[str, Any] = {
        "inspection_id": pa.array(
            [f"planted-{moment:%Y%m%d}-{at:%y%m%d}-{n}" for n in range(rows)]
        ),
        "declaration_id": ids,
        "selected_by": pa.array(["random"] * rows),
        "inspected_at": pa.array([at] * rows, MOMENT),
        "result_known_at": pa.array([moment] * rows, MOMENT),
        "result": pa.array(["hit"] * rows),
        "revenue_recovered": pa.array([1e6] * rows),
    }
    return conform(pa.table(columns), INSPECTIONS)


def appended(
    tables: MemoryTables, declarations: list[pa.Table], inspections: list[pa.Table]
) -> MemoryTables:
    """Tables with rows added at their ends; columns the rows lack are null."""
    return MemoryTables(
        pa.concat_tables([tables.declarations, *declarations], promote_options="default"),
        pa.concat_tables(
            [tables.inspections, *(one.cast(_nullable(one.schema)) for one in inspections)],
            promote_options="default",
        ),
    )


def _nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in schema])


def told(leaks: Leaks) -> str:
    """Say what changed what, every feature by its name."""
    return "\n".join(
        f"{disturbance}: changes {len(names)} features that cannot know of it: "
        + ", ".join(sorted(names))
        for disturbance, names in leaks.items()
    )


@dataclass(frozen=True)
class Check:
    """What the suite asks of any disturbance: which features of the past did it change?"""

    settings: FeatureSettings

    def start(self, day: date) -> datetime:
        return day_start(day, self.settings.time_zone)

    def disturbances(self, tables: MemoryTables, day: date) -> dict[str, MemoryTables]:
        """Tables that differ only in what nobody could know when a line of the day was lodged."""
        morning = self.start(day)
        tomorrow, next_year = (self.start(day + timedelta(days=days)) for days in (1, 400))
        evening = tomorrow - timedelta(microseconds=1)
        long_ago = morning - timedelta(days=300)
        same_day = [twins(tables, morning), strangers(tables, evening)]
        later = [twins(tables, tomorrow), strangers(tables, next_year)]
        return {
            "same-day declarations": appended(tables, same_day, []),
            "same-day results": appended(tables, [], [results(tables, morning)]),
            "examined long ago, known the same day": appended(
                tables, [], [results(tables, evening, examined=long_ago)]
            ),
            "later declarations": appended(tables, later, []),
            "later results": appended(
                tables, later[:1], [results(tables, tomorrow, examined=long_ago)]
            ),
            "results not yet known told otherwise": self.told_otherwise(tables, day),
            "no future at all": self.cut(tables, day),
        }

    def at_once(self, tables: MemoryTables, day: date) -> dict[str, MemoryTables]:
        """The same in one table: quicker, but what a leak saw is not told apart."""
        morning, tomorrow = (self.start(day + timedelta(days=days)) for days in (0, 1))
        evening, long_ago = tomorrow - timedelta(microseconds=1), morning - timedelta(days=300)
        lines = [
            twins(tables, morning), strangers(tables, evening),
            twins(tables, tomorrow), strangers(tables, tomorrow + timedelta(days=400)),
        ]  # fmt: skip
        found = [
            results(tables, moment, examined=examined)
            for moment, examined in ((morning, None), (evening, long_ago), (tomorrow, long_ago))
        ]
        return {AT_ONCE: appended(self.cut(tables, day), lines, found)}

    def cut(self, tables: MemoryTables, day: date) -> MemoryTables:
        """Tables as they were at the close of a day."""
        close = pa.scalar(self.start(day + timedelta(days=1)))
        declared, known = tables.declarations, tables.inspections
        return MemoryTables(
            declared.filter(pc.less(declared["lodged_at"], close)),
            known.filter(pc.less(known["result_known_at"], close)),
        )

    def without_history(self, tables: MemoryTables, day: date) -> MemoryTables:
        """Tables of which nothing happened before a day, and nothing was found."""
        declared = tables.declarations
        own = pc.greater_equal(declared["lodged_at"], pa.scalar(self.start(day)))
        return MemoryTables(declared.filter(own), tables.inspections.slice(0, 0))

    def with_history(self, tables: MemoryTables, eve: datetime) -> MemoryTables:
        """Give every line twins at a moment and two days before, and a hit known in between."""
        before = twins(tables, eve - timedelta(days=2))
        return appended(
            tables,
            [before, twins(tables, eve)],
            [results(MemoryTables(before, tables.inspections), eve - timedelta(days=1))],
        )

    def told_otherwise(self, tables: MemoryTables, day: date) -> MemoryTables:
        """Turn every result known on a day or later into its contrary, dearer and later still."""
        known = tables.inspections
        late = pc.greater_equal(known["result_known_at"], pa.scalar(self.start(day)))
        contrary = pc.if_else(pc.equal(known["result"], "hit"), "clear", "hit")
        later = pc.add(known["result_known_at"], pa.scalar(timedelta(days=9), pa.duration("us")))
        told_otherwise = replaced(
            known,
            result=pc.if_else(late, contrary, known["result"]),
            revenue_recovered=pc.if_else(late, pa.scalar(1e9), known["revenue_recovered"]),
            result_known_at=pc.if_else(late, later, known["result_known_at"]),
        )
        return MemoryTables(tables.declarations, told_otherwise)

    def in_time_but_later(self, tables: MemoryTables, day: date) -> MemoryTables:
        """Let every result known before a day be known in its last moment before that day."""
        known = tables.inspections
        start = self.start(day)
        early = pc.less(known["result_known_at"], pa.scalar(start))
        eve = pa.scalar(start - timedelta(microseconds=1), MOMENT)
        moved = pc.if_else(early, eve, known["result_known_at"])
        return MemoryTables(tables.declarations, replaced(known, result_known_at=moved))

    def features(
        self, tables: Tables, spec: FeatureSpec, day: date, *, of_day_only: bool = False
    ) -> Bits:
        """Bits of each feature of the lines lodged up to and on a day, in order of their ids.

        Every line of the tables is asked for and `until` lies far ahead, so that the replay itself
        has to keep the future out, and so has what is made of the rows asked for.
        """
        built = build(tables, spec, Wanted(), until=END)
        ids = built.rows["declaration_id"].to_numpy(dtype=object).astype(str)
        lodged = built.rows["lodged_at"]
        own = np.array(lodged < self.start(day + timedelta(days=1)))
        own &= ~np.char.startswith(ids, NEW) & ~np.char.startswith(ids, STRANGE)
        if of_day_only:
            own &= (lodged >= self.start(day)).to_numpy()
        assert own.any(), "a check of no rows proves nothing"
        order = np.argsort(ids[own], kind="stable")
        matrix = built.matrix[own][order]
        return {name: matrix[:, at].tobytes() for at, name in enumerate(spec.names)}

    def learnt(self, tables: Tables, day: date) -> FeatureSpec:
        return learn_spec(tables, self.settings, until=day)

    def leaks(
        self,
        tables: MemoryTables,
        day: date,
        *,
        at_once: bool = False,
        only: Collection[str] | None = None,
    ) -> Leaks:
        """Name, per disturbance, the features of the past that it changed; none of them if none.

        Category levels are learnt anew from the disturbed tables, as training would.
        """
        before = self.features(tables, self.learnt(tables, day), day)
        disturbed = (self.at_once if at_once else self.disturbances)(tables, day)
        disturbed = {name: disturbed[name] for name in disturbed if only is None or name in only}
        return found(
            {
                name: changed(before, self.features(other, self.learnt(other, day), day))
                for name, other in disturbed.items()
            }
        )

    def assert_blind(self, tables: MemoryTables, day: date) -> None:
        """Fail, naming every feature and what it saw, unless none sees the same day or later."""
        if not self.leaks(tables, day, at_once=True):
            return
        apart = self.leaks(tables, day)
        raise AssertionError(told(apart or self.leaks(tables, day, at_once=True)))

    def moved_by_later_results(self, tables: MemoryTables, day: date) -> set[str]:
        """Name the features of a day's lines that change when results are known later in time."""
        spec = self.learnt(tables, day)
        moved = self.in_time_but_later(tables, day)
        before, after = (self.features(one, spec, day, of_day_only=True) for one in (tables, moved))
        return changed(before, after)

    def differences(self, tables: Tables, others: dict[str, Tables]) -> Leaks:
        """Name, per arrangement of the same rows, the features that come out another way."""
        before = self.whole(tables)
        return found({name: changed(before, self.whole(other)) for name, other in others.items()})

    def whole(self, tables: Tables) -> Bits:
        """Bits of each feature of every line, and the order of the lines."""
        spec = learn_spec(tables, self.settings)
        built = build(tables, spec, Wanted(), until=END)
        ids = "\n".join(built.rows["declaration_id"]).encode()
        columns = {name: built.matrix[:, at].tobytes() for at, name in enumerate(spec.names)}
        return columns | {"(order of the lines)": ids}

    def infinite(self, tables: Tables) -> set[str]:
        """Name the features that are infinite somewhere."""
        spec = learn_spec(tables, self.settings)
        matrix = build(tables, spec, Wanted(), until=END).matrix
        return {spec.names[at] for at in np.flatnonzero(np.isinf(matrix).any(axis=0))}


def changed(before: Bits, after: Bits) -> set[str]:
    return {name for name, bits in after.items() if bits != before[name]}


def found(leaks: Leaks) -> Leaks:
    return {name: names for name, names in leaks.items() if names}


def shuffled(tables: MemoryTables, seed: int) -> MemoryTables:
    draw = np.random.default_rng(seed)
    both = (tables.declarations, tables.inspections)
    return MemoryTables(*(table.take(draw.permutation(table.num_rows)) for table in both))


def columns_reversed(tables: MemoryTables) -> MemoryTables:
    both = (tables.declarations, tables.inspections)
    return MemoryTables(*(table.select(table.column_names[::-1]) for table in both))


def in_files(tables: MemoryTables, path: Path, *, files: int) -> TablesFolder:
    """Write both tables as files whose names say nothing of their order.

    Row groups are of three rows, and every other file has its columns the other way round.
    """
    for table, rows in ((DECLARATIONS, tables.declarations), (INSPECTIONS, tables.inspections)):
        folder = path / f"{table.name}.parquet"
        folder.mkdir(parents=True)
        edges = np.linspace(0, rows.num_rows, files + 1).astype(int)
        for at, (start, stop) in enumerate(pairwise(edges)):
            names = rows.column_names[:: 1 if at % 2 else -1]
            part = rows.slice(start, stop - start).select(names)
            pq.write_table(part, folder / f"{(files - at) * 7 % 10}-{at}.parquet", row_group_size=3)
    return TablesFolder.open(path)


def arrangements(tables: MemoryTables, path: Path, seed: int) -> dict[str, Tables]:
    """The same rows in other orders, columns in other orders, and cut into files."""
    return {
        "rows shuffled": shuffled(tables, seed),
        "columns reversed": columns_reversed(tables),
        "one file": in_files(tables, path / "one", files=1),
        "several files": in_files(tables, path / "several", files=3),
        "several files, rows shuffled": in_files(
            shuffled(tables, seed), path / "shuffled", files=4
        ),
    }
