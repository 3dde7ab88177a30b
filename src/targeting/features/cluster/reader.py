"""Reading tables for features with Spark: what `engine.Reader` does with DuckDB."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from targeting.errors import ContractError
from targeting.features.cluster.partition import (
    AT,
    ID,
    NOT_WANTED,
    ONE,
    ROW,
    SOURCE,
    TWO,
    DaySums,
    Derive,
    Reach,
    Replay,
)
from targeting.features.cluster.plan import in_words, key_place, mapped
from targeting.features.cluster.replays import SparkReplays
from targeting.features.derived import DERIVED, HS_LEVELS
from targeting.features.engine import DAY, WANTED, day_number
from targeting.features.replays import caught_in
from targeting.features.spec import key_columns
from targeting.tables.folder import MemoryTables, TablesFolder
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from pathlib import Path

    import numpy.typing as npt
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType, StructType

    from targeting.config import FeatureSettings
    from targeting.features.engine import Wanted
    from targeting.features.snapshot import KeyProfiles
    from targeting.tables.folder import Tables
    from targeting.tables.schema import Kind, Table

    Floats = npt.NDArray[np.float64]
    Matrix = npt.NDArray[np.float32]
    Told = Replay | DaySums | Reach

_BROADCAST_ROWS = 1_000_000  # wanted declarations sent to every task rather than shuffled


@dataclass(frozen=True, slots=True)
class Source:
    """Reads histories of a tables folder with Spark, as `engine.Reader` does with DuckDB.

    Parameters
    ----------
    session
        An open session.
    tables
        The folder, or tables in memory.
    settings
        Time zone and keys.
    """

    session: SparkSession
    tables: Tables
    settings: FeatureSettings

    @contextmanager
    def replays(
        self,
        wanted: Wanted,
        *,
        since: date | None = None,
        until: date | None = None,
        before: Mapping[str, KeyProfiles] | None = None,
    ) -> Iterator[SparkReplays]:
        """Make the events of [since, until) ready on the cluster for the time of the block.

        Parameters
        ----------
        wanted
            The declarations features are asked for.
        since, until
            As for `Reader.history`.
        before
            Profiles as of `since`, by name; None starts from nothing.
        """
        declared = self._declared()
        counted = _between(declared, since, until)
        rows = self._rows(counted, wanted)
        lodged = self._lodged(counted, rows).persist()
        known = self._known(_between(declared, None, until))
        known = _between(known, since, until).persist()
        before = before or {}
        try:
            yield SparkReplays(
                self.session, self.settings, rows, (lodged, known), before,
                caught_in(before, self.settings),
            )  # fmt: skip
        finally:
            lodged.unpersist()
            known.unpersist()

    def _declared(self) -> DataFrame:
        """Read all declarations with the schema's types and their local day."""
        return _with_day(self._read(DECLARATIONS), "lodged_at", self.settings.time_zone)

    def _rows(self, counted: DataFrame, wanted: Wanted) -> pa.Table:
        """Collect every column of the wanted declarations, in time."""
        from pyspark.sql import functions as sql

        rows = _between(counted, wanted.start, wanted.stop)
        if wanted.ids is not None:
            asked = pa.table({"declaration_id": wanted.ids.unique().cast(pa.string())})
            rows = rows.join(self._small(asked), "declaration_id", "left_semi")
        own = [name for name in rows.columns if name.lower() not in {*HS_LEVELS, DAY}]
        table = rows.select(*(sql.col(_quoted(name)) for name in own), DAY).toArrow()
        by = [(name, "ascending") for name in (DAY, "lodged_at", "declaration_id")]
        table = table.take(pc.call_function("sort_indices", [table], pc.SortOptions(by)))
        self._require_once(table["declaration_id"])
        codes = table["hs_code"].dictionary_encode().unify_dictionaries().combine_chunks()
        for level in HS_LEVELS:
            column = pa.array([], pa.string())
            if table.num_rows:
                column = DERIVED[level].of(codes).cast(pa.string())
            table = table.append_column(level, column)
        return table.append_column(WANTED, pa.array(np.ones(table.num_rows, dtype=bool)))

    def _require_once(self, ids: pa.ChunkedArray) -> None:
        twice = len(ids) - len(ids.unique())
        if twice:
            raise ContractError(
                "a declaration must stand in the tables once",
                where=f"{self.tables.name}: declarations",
                found=f"{twice:,} wanted rows repeat a declaration_id",
                do="Run `targeting check` to see which, and ingest again without them.",
            )

    def _small(self, table: pa.Table) -> DataFrame:
        """Hand a table of the driver's to the cluster, whole to every task where it is small."""
        from pyspark.sql import functions as sql

        frame = self.session.createDataFrame(table)
        return sql.broadcast(frame) if table.num_rows <= _BROADCAST_ROWS else frame

    def _lodged(self, counted: DataFrame, rows: pa.Table) -> DataFrame:
        """Make events of declarations: keys, when, which, the row where wanted, value and mass."""
        from pyspark.sql import functions as sql

        measures = set(self.settings.measures.values()) - {"price"}
        task = self._derive((ID, AT, DAY, ROW, ONE, TWO), tuple(sorted(measures)))
        places = pa.array(np.arange(rows.num_rows, dtype=np.int64))
        numbered = self._small(pa.table({ID: rows["declaration_id"], ROW: places}))
        events = counted.select(
            *_from(task), DAY,
            sql.unix_micros("lodged_at").alias(AT),
            sql.col("customs_value").alias(ONE), sql.col("net_mass_kg").alias(TWO),
            sql.col("declaration_id").alias(ID),
        ).join(numbered, ID, "left")  # fmt: skip
        return mapped(events.na.fill(NOT_WANTED, [ROW]), task, _made_in_words(task))

    def _known(self, declared: DataFrame) -> DataFrame:
        """Make events of results: the keys of what was examined, when, which, hit and revenue."""
        from pyspark.sql import functions as sql

        task = self._derive((ID, AT, DAY, ROW, ONE, TWO), ())
        inspected = _with_day(self._read(INSPECTIONS), "result_known_at", self.settings.time_zone)
        results = inspected.select(
            "declaration_id",
            sql.col(DAY).alias("_known"),
            sql.col("inspection_id").alias(ID),
            (sql.col("result") == "hit").cast("double").alias(ONE),
            sql.coalesce(sql.col("revenue_recovered"), sql.lit(0.0)).alias(TWO),
        )
        lodged = sql.col(DAY).alias("_lodged")
        examined = declared.select(*_from(task), "declaration_id", lodged)
        # A result cannot be known before the line exists; a slip of the clock must not leak.
        events = results.join(examined, "declaration_id").select(
            "*",
            sql.greatest("_known", "_lodged").alias(DAY),
            sql.lit(0).cast("bigint").alias(AT),
            sql.lit(NOT_WANTED).cast("bigint").alias(ROW),
        )
        return mapped(events, task, _made_in_words(task))

    def _derive(self, kept: tuple[str, ...], measures: tuple[str, ...]) -> Derive:
        keys = {key_place(at): name for at, name in enumerate(key_columns(self.settings))}
        return Derive(keys, kept, measures)

    def _read(self, table: Table) -> DataFrame:
        """Read a table with the schema's types, whatever near relation of them a file holds."""
        parts = [_conformed(frame, table, types) for frame, types in self._parts(table)]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.unionByName(part, allowMissingColumns=True)
        return whole

    def _parts(self, table: Table) -> Iterator[tuple[DataFrame, pa.Schema]]:
        """Open the files of a table, those of one schema together."""
        if isinstance(self.tables, MemoryTables):
            rows = self.tables.declarations
            rows = self.tables.inspections if table is INSPECTIONS else rows
            readable = [one.name for one in rows.schema if _spark_type(one.type) is not None]
            rows = rows.select(readable)
            yield self.session.createDataFrame(rows), rows.schema
            return
        if not isinstance(self.tables, TablesFolder):
            raise TypeError(f"Spark cannot read {type(self.tables).__name__}")
        for schema, files in _by_schema(self.tables, table).items():
            paths = [file.resolve().as_uri() for file in files]
            yield self.session.read.schema(_spark_schema(schema)).parquet(*paths), schema


def _from(task: Derive) -> list[Column]:
    """Name the columns keys and measures are made of, by names no column of the tables has."""
    from pyspark.sql import functions as sql

    return [sql.col(_quoted(name)).alias(SOURCE + name) for name in task.sources]


def _made_in_words(task: Derive) -> str:
    """Write what the task hands on and makes in Spark's words."""
    kept = {ID: pa.string(), AT: pa.int64(), DAY: pa.int32(), ROW: pa.int64()}
    fields = {name: kept.get(name, pa.float64()) for name in task.kept} | task.made
    return in_words(pa.schema(list(fields.items())))


def _by_schema(tables: TablesFolder, table: Table) -> dict[pa.Schema, list[Path]]:
    import pyarrow.parquet as pq

    found: dict[pa.Schema, list[Path]] = {}
    for file in tables.files(table):
        found.setdefault(pq.read_schema(file).remove_metadata(), []).append(file)
    return found


def _spark_schema(schema: pa.Schema) -> StructType:
    from pyspark.sql.types import StructField, StructType

    types = {field.name: _spark_type(field.type) for field in schema}
    return StructType([StructField(name, kind) for name, kind in types.items() if kind])


def _spark_type(kind: pa.DataType) -> DataType | None:
    """Return the type Spark reads a column with; None where it cannot."""
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import from_arrow_type
    from pyspark.sql.types import LongType

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return None
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return LongType()
    try:
        return from_arrow_type(kind)
    except PySparkException:
        return None


_SQL_TYPES: dict[Kind, str] = {
    "string": "string",
    "timestamp": "timestamp",
    "int": "bigint",
    "float": "double",
}


def _conformed(rows: DataFrame, table: Table, types: pa.Schema) -> DataFrame:
    """Do what `tables.typed.conformed` does with DuckDB."""
    from pyspark.sql import functions as sql

    there = set(rows.columns)
    typed = []
    for one in table.columns:
        value = _moment(one.name, types) if one.name in there else sql.lit(None)
        if (
            one.kind == "int"
            and one.name in there
            and pa.types.is_floating(types.field(one.name).type)
        ):
            value = sql.rint(value)  # as DuckDB rounds; Spark would cut
        typed.append(value.cast(_SQL_TYPES[one.kind]).alias(one.name))
    extra = [_moment(name, types).alias(name) for name in rows.columns if name not in table.names]
    return rows.select(*typed, *extra)


def _is_float(name: str, types: pa.Schema) -> bool:
    return pa.types.is_floating(types.field(name).type)


def _moment(name: str, types: pa.Schema) -> Column:
    """Return a column; nanoseconds, which Spark was told to read as numbers, as moments."""
    from pyspark.sql import functions as sql

    column = sql.col(_quoted(name))
    kind = types.field(name).type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return sql.timestamp_micros(sql.floor(column / 1000))
    return column


def _with_day(rows: DataFrame, moment: str, time_zone: str) -> DataFrame:
    """Add the local day a moment falls on, as days from 1970-01-01."""
    from pyspark.sql import functions as sql

    local = sql.from_utc_timestamp(sql.col(moment), time_zone)
    return rows.withColumn(DAY, sql.unix_date(sql.to_date(local)))


def _between(rows: DataFrame, start: date | None, stop: date | None) -> DataFrame:
    if start is not None:
        rows = rows.where(rows[DAY] >= day_number(start))
    if stop is not None:
        rows = rows.where(rows[DAY] < day_number(stop))
    return rows


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
