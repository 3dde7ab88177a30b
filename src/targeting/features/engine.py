"""Reading tables for features: DuckDB filters, derives and orders; memory holds what is needed.

The one place in this room that speaks to an engine. What leaves here is Arrow, ordered by
`lodged_at` and `declaration_id`, so that the same tables give the same bytes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

from targeting.errors import InputError, near_matches
from targeting.features.derived import DERIVED, HS_LEVELS, source_of
from targeting.features.lines import Lines, as_coded
from targeting.features.measures import MEASURES
from targeting.tables.engine import beside, connect
from targeting.tables.schema import DECLARATIONS, INSPECTIONS
from targeting.tables.typed import conformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from targeting.tables.engine import Connection, Relation
    from targeting.tables.folder import Tables

EPOCH = date(1970, 1, 1)
_AT_ONCE = 2  # columns read side by side: each is held as text while it is coded

DAY, WANTED, VALUE, MASS, HIT, REVENUE = (
    "_day", "_wanted", "_value", "_mass", "_hit", "_revenue",
)  # fmt: skip
"""Columns of a history beside the key's; an extract may well have a column named `day`."""


def day_number(day: date) -> int:
    """Days from 1970-01-01 to a day.

    Parameters
    ----------
    day
        A day in the administration's time zone.

    Examples
    --------
    >>> day_number(date(1970, 1, 11))
    10
    """
    return (day - EPOCH).days


def day_start(day: date, time_zone: str) -> datetime:
    """Return the moment a local day begins, in UTC.

    Parameters
    ----------
    day
        A day in the administration's time zone.
    time_zone
        IANA name.

    Examples
    --------
    >>> day_start(date(2024, 1, 1), "Asia/Baku").isoformat()
    '2023-12-31T20:00:00+00:00'
    """
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)


def local_date(moment: datetime, time_zone: str) -> date:
    """Return the local day a moment falls on.

    Parameters
    ----------
    moment
        A moment with its zone.
    time_zone
        IANA name of the administration's time zone.
    """
    return moment.astimezone(ZoneInfo(time_zone)).date()


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a column's values as text, the same way wherever levels are learnt or looked up.

    Parameters
    ----------
    column
        Values of any type that Arrow writes as text.

    Examples
    --------
    >>> as_text(pa.chunked_array([[True, None]])).to_pylist()
    ['true', None]
    """
    return column.cast(pa.string())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which declarations features are asked for; both conditions hold together.

    Parameters
    ----------
    start, stop
        Local days; lodged in [start, stop). None leaves that side open.
    ids
        Declaration ids; None means all.
    """

    start: date | None = None
    stop: date | None = None
    ids: pa.Array | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Events read for a replay.

    Parameters
    ----------
    declarations
        Ordered by day, `lodged_at`, `declaration_id`: key columns as dictionaries of their text,
        `DAY` (int32), `VALUE`, `MASS` (float), `WANTED` (bool), and the two columns of each
        measure, of `measured_as`.
    results
        Ordered by day, `inspection_id`: key columns of the examined declaration, as text or
        dictionaries of it, `DAY` (the day the result became known), `HIT`, `REVENUE`.
    ids
        Identifiers of the wanted declarations, in the order they have in `declarations`.
    read_rows
        Reads the wanted declarations.
    """

    declarations: pa.Table
    results: pa.Table
    ids: pa.ChunkedArray
    read_rows: Callable[[], pa.Table]

    @property
    def rows(self) -> pa.Table:
        """Read every column of the wanted declarations, in the order they have in `declarations`.

        Read when asked for, not before: it costs as much as the keys do.
        """
        return self.read_rows()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads histories from a tables folder.

    Parameters
    ----------
    tables
        The folder.
    time_zone
        Where days close at midnight.
    key_columns
        Columns profile keys are made of, derived ones included.
    measures
        Ratios besides the price that keys follow, of `MEASURES`.
    """

    tables: Tables
    time_zone: str
    key_columns: tuple[str, ...]
    measures: tuple[str, ...] = ()

    def span(self) -> tuple[date, date]:
        """Return the local days of the first and the last declaration.

        Raises
        ------
        InputError
            If there is no declaration.
        """
        with connect() as connection:
            days = self._declared(connection).aggregate("min(_day), max(_day)").fetchall()[0]
        if days[0] is None:
            raise InputError(
                "there is nothing to learn from",
                where=f"{self.tables.name}: declarations",
                found="an empty table",
                do="Ingest declarations first.",
            )
        first, last = (EPOCH + timedelta(days=day) for day in days)
        return first, last

    def events_before(self, day: date) -> tuple[int, int]:
        """Count the declarations lodged, and their results known, before a local day.

        Parameters
        ----------
        day
            A day in the reader's time zone; nothing of it is counted.
        """
        with connect() as connection:
            declared = self._lodged_between(connection, None, day)
            results = self._results(connection, since=None, until=day)
            counts = [rows.aggregate("count(*)").fetchall()[0][0] for rows in (declared, results)]
        return counts[0], counts[1]

    def lodged(self, start: date, stop: date) -> tuple[int, int]:
        """Count the declarations lodged on the local days of [start, stop), and their ids.

        Parameters
        ----------
        start, stop
            Days in the reader's time zone; `stop` is exclusive.

        Returns
        -------
        tuple of int
            Declarations, and distinct `declaration_id` among them.
        """
        with connect() as connection:
            rows = self._lodged_between(connection, start, stop)
            counts = rows.aggregate("count(*), count(distinct declaration_id)").fetchall()[0]
        return counts[0], counts[1]

    def last_known_day(self) -> date | None:
        """Return the local day the last result became known; None when there is none."""
        with connect() as connection:
            inspections = conformed(self.tables.read(connection, INSPECTIONS), INSPECTIONS)
            known = inspections.select(_local_day("result_known_at", self.time_zone).alias(DAY))
            last = known.aggregate("max(_day)").fetchall()[0][0]
        return None if last is None else EPOCH + timedelta(days=last)

    def history(
        self, wanted: Wanted, *, since: date | None = None, until: date | None = None
    ) -> History:
        """Read the events of [since, until) and the wanted rows among them.

        Parameters
        ----------
        wanted
            The declarations features are asked for.
        since
            First local day of the events; None reads from the beginning. Results known from that
            day on are read even when their declaration was lodged before it.
        until
            Local day before which events count; None reads to the end.
        """
        with connect() as connection, ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            coded = {
                name: pool.submit(self._coded, connection, name, (since, until))
                for name in self._sources()
            }
            clock = _clock(self._lodged_between(connection, since, until), self.measures)
            order = _time_order(connection, clock)
            asked = _asked(clock, wanted)
            keys = self._keys({name: column.result() for name, column in coded.items()})
            if since is None:
                results = self._results_by_place(connection, clock, keys, until)
            else:
                results = self._results_since(connection, since, until)
        events = _taken(_events(keys, clock, asked, self.measures), order)
        ids = _taken(clock.select(["declaration_id"]), order)["declaration_id"]
        return History(
            declarations=events,
            results=results,
            ids=ids.filter(events[WANTED]),
            read_rows=lambda: self._rows(wanted, since, until),
        )

    def _coded(
        self, connection: Connection, name: str, days: tuple[date | None, date | None]
    ) -> pa.DictionaryArray:
        """Read a column keys are made of, as codes and text."""
        with beside(connection) as own:
            declared = self._lodged_between(own, *days).select(ColumnExpression(name))
            return as_coded(declared.to_arrow_table().column(0))

    def _rows(self, wanted: Wanted, since: date | None, until: date | None) -> pa.Table:
        with connect() as connection:
            declared = self._lodged_between(connection, since, until)
            rows = _mark(connection, declared, wanted).filter(ColumnExpression(WANTED))
            return rows.order(_IN_TIME).to_arrow_table()

    def categories(self, column: str, *, until: date | None) -> list[tuple[str, int]]:
        """Count the values of a column before a day, most frequent first, ties by value.

        Parameters
        ----------
        column
            A column of the declarations.
        until
            Local day; nothing lodged on it or later is counted, None counts everything.
        """
        with connect() as connection:
            declared = self._lodged_between(connection, None, until)
            level = ColumnExpression(column).alias("level")
            counts = (
                declared.select(level)
                .filter("level is not null")
                .aggregate("level, count(*) as lines")
                .to_arrow_table()
            )
        levels = as_text(counts["level"]).to_pylist()
        counted = zip(levels, counts["lines"].to_pylist(), strict=True)
        return sorted(counted, key=lambda one: (-one[1], one[0]))

    def _declared(self, connection: Connection) -> Relation:
        """All declarations with the schema's types, their local day and the derived columns."""
        rows = conformed(self.tables.read(connection, DECLARATIONS), DECLARATIONS)
        self._require(rows.columns)
        derived = [
            _local_day("lodged_at", self.time_zone).alias(DAY),
            *(_hs_level(name, digits) for name, digits in HS_LEVELS.items()),
        ]
        own = [name for name in rows.columns if name.lower() in HS_LEVELS]
        return rows.select(duckdb.StarExpression(exclude=own), *derived)

    def _lodged_between(
        self, connection: Connection, since: date | None, until: date | None
    ) -> Relation:
        """Return the declarations lodged on the local days of [since, until).

        The moment is asked about as well as the day worked out from it: only the moment lets the
        files of other months be passed over. A day's margin leaves the last word to the day.
        """
        declared, lodged = self._declared(connection), ColumnExpression("lodged_at")
        margin = timedelta(days=1)
        if since is not None and since.year > date.min.year:
            start = day_start(since, self.time_zone) - margin
            declared = declared.filter(lodged >= ConstantExpression(start))
        if until is not None and until.year < date.max.year:
            stop = day_start(until, self.time_zone) + margin
            declared = declared.filter(lodged < ConstantExpression(stop))
        return _between(declared, DAY, since, until)

    def _inspected(
        self, connection: Connection, *, since: date | None = None, until: date | None = None
    ) -> Relation:
        """Results known on the local days of [since, until), and the local day of each."""
        rows = conformed(self.tables.read(connection, INSPECTIONS), INSPECTIONS)
        moment, margin = ColumnExpression("result_known_at"), timedelta(days=1)
        if since is not None and since.year > date.min.year:
            start = day_start(since, self.time_zone) - margin
            rows = rows.filter(moment >= ConstantExpression(start))
        return _between(self._found(rows), "_known", since, until)

    def _found(self, inspections: Relation) -> Relation:
        return inspections.select(
            ColumnExpression("inspection_id").alias("_inspection_id"),
            "declaration_id",
            _local_day("result_known_at", self.time_zone).alias("_known"),
            (ColumnExpression("result") == ConstantExpression("hit"))
            .cast(duckdb.sqltype("DOUBLE"))
            .alias(HIT),
            duckdb.CoalesceOperator(
                ColumnExpression("revenue_recovered"), ConstantExpression(0.0)
            ).alias(REVENUE),
        )

    def _results(
        self, connection: Connection, *, since: date | None, until: date | None
    ) -> Relation:
        """Results known in [since, until), with the sources of the keys of what was examined."""
        found = self._examined(
            self._inspected(connection, since=since, until=until),
            self._lodged_between(connection, None, until),
        )
        if since is not None:
            # A result cannot be known before the line exists: it then counts from the line's day.
            slips = self._examined(
                self._inspected(connection, until=since),
                self._lodged_between(connection, since, until),
            )
            found = found.union(slips)
        return found.order("_day, _inspection_id")

    def _examined(self, known: Relation, declared: Relation) -> Relation:
        """Join results to the lines examined; each counts from the later of both days."""
        sources = [ColumnExpression(name) for name in self._sources()]
        lodged = ColumnExpression(DAY).alias("_lodged")
        joined = known.join(declared.select("declaration_id", lodged, *sources), "declaration_id")
        day = FunctionExpression(
            "greatest", ColumnExpression("_known"), ColumnExpression("_lodged")
        )
        return joined.select(
            *sources,
            day.cast(duckdb.sqltype("INTEGER")).alias(DAY),
            HIT,
            REVENUE,
            "_inspection_id",
        )

    def _results_since(self, connection: Connection, since: date, until: date | None) -> pa.Table:
        results = self._results(connection, since=since, until=until).to_arrow_table()
        keys = self._keys({name: as_coded(results[name]) for name in self._sources()})
        own = {name: results[name] for name in (DAY, HIT, REVENUE)}
        return pa.table({name: keys[name] for name in keys.column_names} | own)

    def _sources(self) -> list[str]:
        """Columns to read: what is derived is cut from one of them, not read again."""
        return list(dict.fromkeys(source_of(name) for name in self.key_columns))

    def _keys(self, coded: Mapping[str, pa.DictionaryArray]) -> pa.Table:
        """Make the key columns, the derived ones included, from their sources."""
        return pa.table(
            {
                name: DERIVED[name].of(coded[source_of(name)]) if name in DERIVED else coded[name]
                for name in self.key_columns
            }
        )

    def _results_by_place(
        self, connection: Connection, clock: pa.Table, keys: pa.Table, until: date | None
    ) -> pa.Table:
        """Results known before a day, found by the place of what was examined."""
        inspected = self._inspected(connection).to_arrow_table()
        ids = inspected["declaration_id"].unique()
        which = _place_in(clock["declaration_id"], ids)
        there = np.flatnonzero(which >= 0)
        place_of = np.full(len(ids), -1, dtype=np.int64)
        place_of[which[there]] = there
        place = place_of[_place_in(inspected["declaration_id"], ids)]
        known, place = inspected.filter(pa.array(place >= 0)), place[place >= 0]
        # A result cannot be known before the line exists; a slip of the clock must not leak.
        day = np.maximum(known["_known"].to_numpy(), clock[DAY].to_numpy()[place])
        if until is not None:
            early = day < day_number(until)
            known, place, day = known.filter(pa.array(early)), place[early], day[early]
        own = {DAY: pa.array(day), HIT: known[HIT], REVENUE: known[REVENUE]}
        examined = {name: keys[name].take(pa.array(place)) for name in keys.column_names}
        results = pa.table(examined | own)
        queue = pa.table({DAY: pa.array(day), "id": known["_inspection_id"]})
        return results.take(pc.call_function("sort_indices", [queue], _BY_DAY_AND_ID))

    def _require(self, columns: Iterable[str]) -> None:
        known = {*columns, *DERIVED}
        unknown = sorted(set(self._sources()) - known)
        if unknown:
            raise InputError(
                "profile keys name columns the tables do not have",
                where=f"{self.tables.name}: declarations",
                found=", ".join(unknown),
                do=f"{near_matches(unknown[0], known)} Mend `keys` in configs/features.yaml.",
            )


def _local_day(column: str, time_zone: str) -> duckdb.Expression:
    moment = ColumnExpression(column)
    local = FunctionExpression("timezone", ConstantExpression(time_zone), moment)
    days = FunctionExpression(
        "date_diff",
        ConstantExpression("day"),
        ConstantExpression(EPOCH),
        local.cast(duckdb.sqltype("DATE")),
    )
    return days.cast(duckdb.sqltype("INTEGER"))


def _hs_level(name: str, digits: int) -> duckdb.Expression:
    code = ColumnExpression("hs_code")
    long_enough = FunctionExpression("length", code) >= ConstantExpression(digits)
    head = FunctionExpression("left", code, ConstantExpression(digits))
    return (
        duckdb.CaseExpression(long_enough, head)
        .otherwise(ConstantExpression(None).cast(duckdb.sqltype("VARCHAR")))
        .alias(name)
    )


def _between(rows: Relation, column: str, start: date | None, stop: date | None) -> Relation:
    if start is not None:
        rows = rows.filter(ColumnExpression(column) >= ConstantExpression(day_number(start)))
    if stop is not None:
        rows = rows.filter(ColumnExpression(column) < ConstantExpression(day_number(stop)))
    return rows


_IN_TIME = "_day, lodged_at, declaration_id"
_BY_DAY_AND_ID = pc.SortOptions([(DAY, "ascending"), ("id", "ascending")])


def _clock(declared: Relation, measures: Iterable[str]) -> pa.Table:
    """Read when each declaration was lodged, which it is, and its value and mass, in file order.

    DuckDB keeps the order of the files in queries that only filter and choose columns, so columns
    read one by one lie beside each other.
    """
    used = dict.fromkeys(name for one in measures for name in MEASURES[one].columns)
    return declared.select(
        DAY,
        "lodged_at",
        "declaration_id",
        *(name for name in used if name != "lodged_at"),
        ColumnExpression("customs_value").alias(VALUE),
        ColumnExpression("net_mass_kg").alias(MASS),
    ).to_arrow_table()


def _time_order(connection: Connection, clock: pa.Table) -> pa.Array | None:
    """Order declarations in time; None where the files already are."""
    if clock.num_rows < 2 or _is_in_order(clock):
        return None
    row = pa.array(np.arange(clock.num_rows, dtype=np.int64))
    narrow = clock.select([DAY, "lodged_at", "declaration_id"]).append_column("_row", row)
    ordered = connection.from_arrow(narrow).order(_IN_TIME).select("_row").to_arrow_table()
    return ordered["_row"].combine_chunks()


def _is_in_order(clock: pa.Table) -> bool:
    day = clock[DAY].to_numpy()
    lodged = clock["lodged_at"].cast(pa.int64()).to_numpy()
    tied = (day[1:] == day[:-1]) & (lodged[1:] == lodged[:-1])
    if not ((day[1:] > day[:-1]) | ((day[1:] == day[:-1]) & (lodged[1:] >= lodged[:-1]))).all():
        return False
    ids = clock["declaration_id"].combine_chunks()
    later = np.flatnonzero(tied) + 1
    pairs = [ids.take(pa.array(later)), ids.take(pa.array(later - 1))]
    return not len(later) or bool(
        pc.call_function("all", [pc.call_function("greater", pairs)]).as_py()
    )


def _events(
    keys: pa.Table, clock: pa.Table, asked: np.ndarray, measures: Iterable[str]
) -> pa.Table:
    columns = {name: keys[name] for name in keys.column_names}
    own, lines = {name: clock[name] for name in (DAY, VALUE, MASS)}, Lines.of_table(clock, "UTC")
    parts = {
        name: pa.array(part)
        for one in measures
        for name, part in zip(measured_as(one), MEASURES[one].of(lines), strict=True)
    }
    return pa.table(columns | own | parts | {WANTED: pa.array(asked)})


def measured_as(measure: str) -> tuple[str, str]:
    """Name the columns of a history that hold what stands above and below a measure's line.

    Parameters
    ----------
    measure
        One of `MEASURES`, or `price`.

    Examples
    --------
    >>> measured_as("lead_hours")
    ('_above_lead_hours', '_below_lead_hours')
    """
    if measure == "price":
        return VALUE, MASS
    return f"_above_{measure}", f"_below_{measure}"


def _taken(table: pa.Table, order: pa.Array | None) -> pa.Table:
    return table if order is None else table.take(order)


def _asked(clock: pa.Table, wanted: Wanted) -> np.ndarray:
    """Tell which declarations features are asked for."""
    day = clock[DAY].to_numpy()
    asked = np.ones(len(day), dtype=bool)
    if wanted.start is not None:
        asked &= day >= day_number(wanted.start)
    if wanted.stop is not None:
        asked &= day < day_number(wanted.stop)
    if wanted.ids is not None:
        asked &= _place_in(clock["declaration_id"], wanted.ids.unique()) >= 0
    return asked


def _place_in(values: pa.ChunkedArray, among: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Look up the place of each value among others; -1 where it is not there."""
    found = pc.call_function("index_in", [values], pc.SetLookupOptions(among))
    return found.fill_null(-1).to_numpy()


def _mark(connection: Connection, declared: Relation, wanted: Wanted) -> Relation:
    """Add the column `wanted`."""
    inside = ConstantExpression(value=True)
    day = ColumnExpression(DAY)
    if wanted.start is not None:
        inside = inside & (day >= ConstantExpression(day_number(wanted.start)))
    if wanted.stop is not None:
        inside = inside & (day < ConstantExpression(day_number(wanted.stop)))
    if wanted.ids is None:
        return declared.select("*", inside.alias(WANTED))
    asked = pa.table(
        {"declaration_id": wanted.ids.unique(), "_asked": [True] * len(wanted.ids.unique())}
    )
    joined = declared.join(connection.from_arrow(asked), "declaration_id", how="left")
    found = duckdb.CoalesceOperator(ColumnExpression("_asked"), ConstantExpression(value=False))
    return joined.select(duckdb.StarExpression(exclude=["_asked"]), (inside & found).alias(WANTED))
