"""What others would write for the same features: pandas, DuckDB and Polars, each by its own means.

Run one alone: python -m benchmarks.features_peers pandas --tables T --wanted FILE --output FILE.
`features.py` runs them all beside ours and compares both the time and the numbers.

The task is the same for each: for every wanted declaration and every key, eleven sums over the
key's earlier days, all-time and with one half-life, and the days since it was first and last seen
and last caught. Earlier means on days before; a result counts from the day it became known.
Each goes key by key, so that memory holds one key at a time, leaves out the lines of keys no wanted
line has, adds up a key's lines by day first, and reads no column it does not need. What was tried
beside it and found slower stands with each.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    import polars as pl

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

ZONE = "Asia/Almaty"
HALF_LIFE = 30.0  # days
KEYS: dict[str, tuple[str, ...]] = {
    "consignee": ("consignee_id",),
    "consignor": ("consignor_id",),
    "declarant": ("declarant_id",),
    "notify_party": ("notify_party_id",),
    "carrier": ("carrier_id",),
    "conveyance": ("conveyance_id",),
    "container": ("container_id",),
    "hs6": ("hs6",),
    "origin": ("origin_country",),
    "loading_port_x_discharge_port": ("loading_port", "discharge_port"),
    "hs6_x_origin": ("hs6", "origin_country"),
    "consignee_x_hs6": ("consignee_id", "hs6"),
    "declarant_x_hs6": ("declarant_id", "hs6"),
    "consignee_x_consignor": ("consignee_id", "consignor_id"),
    "office_x_carrier": ("office_id", "carrier_id"),
    "consignee_x_consignor_x_hs2": ("consignee_id", "consignor_id", "hs2"),
}
"""Sixteen of the default keys: heavy and light ones, of one to three columns."""

LODGED = (
    "declarations", "valued", "value", "weighed", "mass", "priced", "log_price",
    "log_price_squared",
)  # fmt: skip
FOUND = ("examinations", "hits", "revenue")
DAYS = ("days_since_first", "days_since_last", "days_since_last_hit")
FADED = f"_{HALF_LIFE:g}d"
"""Ending of a sum that fades by half in `HALF_LIFE`."""

STATISTICS = (*LODGED, *FOUND, *(name + FADED for name in (*LODGED, *FOUND)), *DAYS)
"""The 25 statistics of each key, in the order of the matrix."""

_HEADS = {"hs2": 2, "hs6": 6}


@dataclass(frozen=True, slots=True)
class Task:
    """What to compute.

    Parameters
    ----------
    tables
        The tables folder.
    wanted
        Parquet file with the `declaration_id` of the wanted lines.
    output
        Parquet file to write: `declaration_id`, and `STATISTICS` of each key as float32.
    keys
        Names of the keys, of `KEYS`.
    """

    tables: Path
    wanted: Path
    output: Path
    keys: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """Distinct columns of the keys."""
        return list(dict.fromkeys(column for key in self.keys for column in KEYS[key]))

    @property
    def sources(self) -> list[str]:
        """Columns of the declarations the keys are made of."""
        return list(dict.fromkeys("hs_code" if c in _HEADS else c for c in self.columns))

    def files(self, table: str) -> str:
        """Where the Parquet files of a table are: one, or a folder of them."""
        path = self.tables / f"{table}.parquet"
        return str(path if path.is_file() else path / "**" / "*.parquet")


@dataclass(slots=True)
class Watch:
    """Seconds of each phase, one after the other."""

    seconds: dict[str, float] = field(default_factory=dict)
    since: float = field(default_factory=time.perf_counter)

    def lap(self, phase: str) -> None:
        """Book the time since the last call on a phase."""
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self.since
        self.since = now


# pandas ------------------------------------------------------------------------------------------
# Tried and not kept: running sums over all lines less their same-day sums, which takes as long and
# a quarter more memory. Key columns are read as categories: grouping by text takes several times
# as long.


def pandas_matrix(task: Task, watch: Watch) -> None:
    """Group by key and day, running sums, `merge` for what was lodged, `merge_asof` for results."""
    lines = _pandas_lines(task)
    results = _pandas_results(task, lines)
    wanted = pd.read_parquet(task.wanted)["declaration_id"]
    rows = np.flatnonzero(lines["declaration_id"].isin(wanted))
    out: dict[str, object] = {"declaration_id": lines["declaration_id"].array.take(rows)}
    lines = lines.drop(columns="declaration_id")
    watch.lap("reading")
    for key in task.keys:
        code = _pandas_code(lines, KEYS[key])
        asked = pd.DataFrame({"code": code[rows], "day": lines["day"].to_numpy()[rows]})
        start = lines["day"].min()
        needed = np.isin(code, code[rows][code[rows] >= 0])
        lodged = _pandas_lodged(lines[needed].assign(code=code[needed]), start)
        known = _pandas_known(results.assign(code=code[results["at"]]), start)
        for name, values in _pandas_features(asked, lodged, known, start).items():
            out[f"{key}_{name}"] = values.astype(np.float32)
        watch.lap("keys")
    pd.DataFrame(out, copy=False).to_parquet(task.output, index=False)
    watch.lap("writing")


def _pandas_lines(task: Task) -> pd.DataFrame:
    columns = ["declaration_id", "lodged_at", "customs_value", "net_mass_kg", *task.sources]
    lines = pd.read_parquet(
        task.tables / "declarations.parquet", columns=columns, read_dictionary=task.sources
    )
    lines["day"] = _pandas_day(lines.pop("lodged_at"))
    for name in set(task.columns) & set(_HEADS):
        lines[name] = _pandas_head(lines["hs_code"], _HEADS[name])
    value, mass = lines.pop("customs_value"), lines.pop("net_mass_kg")
    price = (value / mass).where((value > 0) & (mass > 0)).replace([np.inf, 0.0], np.nan)
    log_price: pd.Series = price.transform("log")
    stated = {"value": value, "mass": mass, "log_price": log_price}
    counts = {"valued": value, "weighed": mass, "priced": log_price}
    return lines.assign(
        declarations=1.0,
        **{name: column.notna().astype(float) for name, column in counts.items()},
        **{name: column.fillna(0.0) for name, column in stated.items()},
        log_price_squared=(log_price**2).fillna(0.0),
    )


def _pandas_day(moment: pd.Series) -> pd.Series:
    local = moment.dt.tz_convert(ZONE).dt.tz_localize(None)
    return (local.dt.floor("D") - pd.Timestamp(0)).dt.days.astype("int64")


def _pandas_head(code: pd.Series, digits: int) -> pd.Categorical:
    """Cut the categories, of which there are hundreds, not the lines."""
    heads = [text[:digits] if len(text) >= digits else None for text in code.cat.categories]
    cut = pd.Categorical(heads)
    return cut.take(code.cat.codes.to_numpy(), allow_fill=True)


def _pandas_results(task: Task, lines: pd.DataFrame) -> pd.DataFrame:
    columns = ["declaration_id", "result_known_at", "result", "revenue_recovered"]
    results = pd.read_parquet(task.tables / "inspections.parquet", columns=columns)
    place = pd.Series(np.arange(len(lines)), index=lines["declaration_id"])
    results = results.assign(at=place.reindex(results["declaration_id"]).to_numpy())
    results = results.dropna(subset="at").astype({"at": "int64"})
    lodged = lines["day"].to_numpy()[results["at"]]
    return pd.DataFrame(
        {
            "at": results["at"],
            "day": np.maximum(_pandas_day(results["result_known_at"]), lodged),
            "examinations": 1.0,
            "hits": (results["result"] == "hit").astype(float),
            "revenue": results["revenue_recovered"].fillna(0.0),
        }
    )


def _pandas_code(lines: pd.DataFrame, columns: tuple[str, ...]) -> Ints:
    """Return each line's key as a number, -1 where a part is missing."""
    if len(columns) == 1:
        return lines[columns[0]].cat.codes.to_numpy().astype(np.int64)
    groups = lines.groupby(list(columns), sort=False, observed=True).ngroup()
    return groups.fillna(-1).to_numpy().astype(np.int64)


def _left(days: Floats | Ints) -> Floats:
    """Share of a sum that is left after some days."""
    return np.exp2(-days / HALF_LIFE)


def _pandas_daily(events: pd.DataFrame, names: tuple[str, ...], start: int) -> pd.DataFrame:
    """Add up by key and day; the fading sums grow backwards, so that one running sum serves."""
    known = events[events["code"] >= 0]
    daily = known.groupby(["code", "day"], sort=True)[list(names)].sum().reset_index()
    grown = daily[list(names)].div(_left(daily["day"].to_numpy() - start), axis=0)
    return pd.concat([daily, grown.add_suffix(FADED)], axis=1)


def _pandas_lodged(lines: pd.DataFrame, start: int) -> pd.DataFrame:
    """Per key and day, what the days before it tell."""
    daily = _pandas_daily(lines, LODGED, start)
    names = [*LODGED, *(name + FADED for name in LODGED)]
    before = daily.groupby("code", sort=False)[names].cumsum().shift(1)
    begins = daily["code"].ne(daily["code"].shift())
    before[begins] = 0.0
    first = daily.groupby("code", sort=False)["day"].transform("first")
    return before.assign(
        code=daily["code"], day=daily["day"],
        first=first.where(~begins), last=daily["day"].shift().where(~begins),
    )  # fmt: skip


def _pandas_known(results: pd.DataFrame, start: int) -> pd.DataFrame:
    """Per key and day on which a result became known, what is known from then on."""
    daily = _pandas_daily(results, FOUND, start)
    names = [*FOUND, *(name + FADED for name in FOUND)]
    hit_on = daily["day"].where(daily["hits"] > 0)
    return daily.groupby("code", sort=False)[names].cumsum().assign(
        code=daily["code"], day=daily["day"], last_hit=hit_on.groupby(daily["code"]).ffill()
    )  # fmt: skip


def _pandas_features(
    asked: pd.DataFrame, lodged: pd.DataFrame, known: pd.DataFrame, start: int
) -> dict[str, Floats]:
    order = np.argsort(asked["day"].to_numpy(), kind="stable")
    found = pd.merge_asof(
        asked.iloc[order], known.sort_values("day"), on="day", by="code", allow_exact_matches=False
    )
    found = found.iloc[np.argsort(order)]
    joined = asked.merge(lodged, on=["code", "day"], how="left")
    missing, day = asked["code"].to_numpy() < 0, asked["day"].to_numpy()
    out: dict[str, Floats] = {}
    for ending, left in (("", 1.0), (FADED, _left(day - start))):
        for name in (n + ending for n in LODGED):
            out[name] = joined[name].to_numpy() * left
        for name in (n + ending for n in FOUND):
            out[name] = np.where(missing, np.nan, found[name].fillna(0.0).to_numpy() * left)
    out["days_since_first"] = day - joined["first"].to_numpy()
    out["days_since_last"] = day - joined["last"].to_numpy()
    out["days_since_last_hit"] = np.where(missing, np.nan, day - found["last_hit"].to_numpy())
    return out


# DuckDB ------------------------------------------------------------------------------------------
# Tried and not kept: the text of the keys as ENUM types (a quarter more processor time in all, as
# making the types costs more than grouping by them saves); reading each key's columns from Parquet
# again (a fifth slower); a RANGE frame over all lines instead of sums by day first (up to four
# times as long for heavy keys).


def duckdb_matrix(task: Task, watch: Watch) -> None:
    """Group by key and day, window functions over the days before, ASOF join for results."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = false")
        _duckdb_tables(connection, task)
        watch.lap("reading")
        ids = connection.sql("select declaration_id from wanted order by row").to_arrow_table()
        out = {"declaration_id": ids["declaration_id"]}
        for key in task.keys:
            table = connection.sql(_duckdb_query(KEYS[key])).to_arrow_table()
            out |= {f"{key}_{name}": table[name] for name in STATISTICS}
            watch.lap("keys")
        pq.write_table(pa.table(out), task.output)
        watch.lap("writing")


def _duckdb_tables(connection: duckdb.DuckDBPyConnection, task: Task) -> None:
    """Read once; each key then reads columns in memory."""
    connection.execute(
        f"""
        create table lodged as
        select declaration_id, {_duckdb_day("lodged_at")} as day,
            customs_value as value, net_mass_kg as mass,
            case when customs_value > 0 and net_mass_kg > 0 then value / mass end as price,
            case when price > 0 and not isinf(price) then ln(price) end as log_price,
            {", ".join(_duckdb_column(name) for name in task.columns)}
        from read_parquet('{task.files("declarations")}')
        """  # noqa: S608 - names of this file, and a path
    )
    columns = ", ".join(task.columns)
    connection.execute(
        f"""
        create table wanted as
        select row_number() over () as row, declaration_id, day, {columns}
        from lodged semi join read_parquet('{task.wanted}') using (declaration_id)
        """  # noqa: S608
    )
    connection.execute(
        f"""
        create table results as
        select greatest({_duckdb_day("result_known_at")}, day) as day,
            (result = 'hit')::double as hit, coalesce(revenue_recovered, 0.0) as revenue, {columns}
        from read_parquet('{task.files("inspections")}') join lodged using (declaration_id)
        """  # noqa: S608
    )
    connection.execute("set variable start = (select min(day) from lodged)")


def _duckdb_day(moment: str) -> str:
    return f"(timezone('{ZONE}', {moment})::date - date '1970-01-01')::integer"


def _duckdb_column(name: str) -> str:
    if name not in _HEADS:
        return name
    digits = _HEADS[name]
    return f"case when length(hs_code) >= {digits} then left(hs_code, {digits}) end as {name}"


def _duckdb_query(columns: tuple[str, ...]) -> str:
    key = ", ".join(columns)
    there = " and ".join(f"{name} is not null" for name in columns)
    same = " and ".join(f"{{0}}.{name} = wanted.{name}" for name in columns)
    grown = f"power(2.0, (day - getvariable('start')) / {HALF_LIFE})"
    return f"""
        with daily as (
            select {key}, day, count(*)::double as declarations,
                count(value)::double as valued, coalesce(sum(value), 0) as value,
                count(mass)::double as weighed, coalesce(sum(mass), 0) as mass,
                count(log_price)::double as priced, coalesce(sum(log_price), 0) as log_price,
                coalesce(sum(log_price * log_price), 0) as log_price_squared
            from lodged semi join wanted using ({key}) group by all
        ), before as (
            select {key}, day, min(day) over past as first, max(day) over past as last,
                {_duckdb_running(LODGED, grown, "past")}
            from daily window past as (
                partition by {key} order by day
                rows between unbounded preceding and 1 preceding
            )
        ), found as (
            select {key}, day, count(*)::double as examinations, sum(hit) as hits,
                sum(revenue) as revenue
            from results where {there} group by all
        ), known as (
            select {key}, day, max(case when hits > 0 then day end) over past as last_hit,
                {_duckdb_running(FOUND, grown, "past")}
            from found window past as (partition by {key} order by day rows unbounded preceding)
        )
        select {_duckdb_columns(columns)}
        from wanted
        left join before on {same.format("before")} and before.day = wanted.day
        asof left join known on {same.format("known")} and wanted.day > known.day
        order by row
        """  # noqa: S608


def _duckdb_running(names: tuple[str, ...], grown: str, window: str) -> str:
    return ", ".join(
        f"coalesce(sum({name}) over {window}, 0) as {name}, "
        f"coalesce(sum({name} * {grown}) over {window}, 0) as {name}{FADED}"
        for name in names
    )


def _duckdb_columns(columns: tuple[str, ...]) -> str:
    there = " and ".join(f"wanted.{name} is not null" for name in columns)
    faded = f"power(2.0, (getvariable('start') - wanted.day) / {HALF_LIFE})"
    told = {name: f"before.{name}" for name in LODGED}
    told |= {name: f"case when {there} then coalesce(known.{name}, 0) end" for name in FOUND}
    told |= {n + FADED: f"before.{n}{FADED} * {faded}" for n in LODGED}
    told |= {
        n + FADED: f"case when {there} then coalesce(known.{n}{FADED}, 0) * {faded} end"
        for n in FOUND
    }
    told |= {
        "days_since_first": "wanted.day - before.first",
        "days_since_last": "wanted.day - before.last",
        "days_since_last_hit": "wanted.day - known.last_hit",
    }
    return ", ".join(f"({told[name]})::float as {name}" for name in STATISTICS)


# Polars ------------------------------------------------------------------------------------------
# Twice: as most would write it, running sums over each key of all lines; and as its best users
# would, windows of the days before, of the keys that wanted lines have. Tried and not kept: a
# `group_by` with lists (as slow as the first); keys as text instead of the codes of categories
# (read faster, grouped slower: an eighth more processor time).


def polars_plain_matrix(task: Task, watch: Watch) -> None:
    """Group by key and day, `cum_sum` over each key, `join_asof` for results."""
    _polars_matrix(task, watch, plain=True)


def polars_matrix(task: Task, watch: Watch) -> None:
    """Group by key and day, `rolling` over the days before, `join_asof` for results."""
    _polars_matrix(task, watch, plain=False)


def _polars_matrix(task: Task, watch: Watch, *, plain: bool) -> None:
    import polars as pl

    lines = _polars_lines(task).collect()
    wanted = pl.read_parquet(task.wanted)["declaration_id"]
    asked = lines.filter(pl.col("declaration_id").is_in(wanted.implode()))
    asked = asked.select("declaration_id", "day", *task.columns)
    results = _polars_results(task, lines).collect()
    lines = lines.drop("declaration_id")
    start = int(lines.select(pl.col("day").min()).item())
    watch.lap("reading")
    parts = [asked.select("declaration_id")]
    for key in task.keys:
        columns = KEYS[key]
        needed = asked.lazy().select(*columns).drop_nulls().unique()
        if plain:
            lodged = _polars_running(_polars_daily(lines.lazy(), columns, start), columns)
        else:
            some = lines.lazy().join(needed, on=list(columns), how="semi")
            lodged = _polars_window(_polars_daily(some, columns, start), columns)
        known = _polars_known(results.lazy(), columns, start)
        part = _polars_features(asked.lazy(), lodged, known, columns, start).collect()
        parts.append(part.rename(lambda name, key=key: f"{key}_{name}"))
        watch.lap("keys")
    pl.concat(parts, how="horizontal").write_parquet(task.output)
    watch.lap("writing")


def _polars_lines(task: Task) -> pl.LazyFrame:
    import polars as pl

    value, mass = pl.col("customs_value"), pl.col("net_mass_kg")
    price = pl.when((value > 0) & (mass > 0)).then(value / mass)
    price = pl.when((price > 0) & price.is_finite()).then(price)
    codes = [
        _polars_column(name).cast(pl.Categorical).to_physical().alias(name) for name in task.columns
    ]
    return pl.scan_parquet(task.files("declarations")).select(
        "declaration_id", _polars_day("lodged_at").alias("day"),
        value.alias("value"), mass.alias("mass"), price.log().alias("log_price"), *codes,
    )  # fmt: skip


def _polars_day(moment: str) -> pl.Expr:
    import polars as pl

    return pl.col(moment).dt.convert_time_zone(ZONE).dt.date().to_physical()


def _polars_column(name: str) -> pl.Expr:
    import polars as pl

    if name not in _HEADS:
        return pl.col(name)
    code, digits = pl.col("hs_code"), _HEADS[name]
    return pl.when(code.str.len_chars() >= digits).then(code.str.head(digits))


def _polars_results(task: Task, lines: pl.DataFrame) -> pl.LazyFrame:
    import polars as pl

    known = pl.scan_parquet(task.files("inspections")).select(
        "declaration_id", _polars_day("result_known_at").alias("known"),
        (pl.col("result") == "hit").cast(pl.Float64).alias("hits"),
        pl.col("revenue_recovered").fill_null(0.0).alias("revenue"),
    )  # fmt: skip
    examined = lines.lazy().select("declaration_id", "day", *task.columns)
    joined = known.join(examined, on="declaration_id")
    return joined.with_columns(pl.max_horizontal("known", "day").alias("day"))


def _polars_faded(names: tuple[str, ...], start: int) -> list[pl.Expr]:
    """Weigh the sums so that one running sum serves every later day."""
    import polars as pl

    grown = ((pl.col("day") - start) * (np.log(2) / HALF_LIFE)).exp()
    return [(pl.col(name) * grown).alias(name + FADED) for name in names]


def _polars_daily(lines: pl.LazyFrame, key: tuple[str, ...], start: int) -> pl.LazyFrame:
    import polars as pl

    log_price = pl.col("log_price")
    daily = lines.group_by(*key, "day").agg(
        pl.len().cast(pl.Float64).alias("declarations"),
        pl.col("value").count().cast(pl.Float64).alias("valued"), pl.col("value").sum(),
        pl.col("mass").count().cast(pl.Float64).alias("weighed"), pl.col("mass").sum(),
        log_price.count().cast(pl.Float64).alias("priced"), log_price.sum(),
        (log_price**2).sum().alias("log_price_squared"),
    )  # fmt: skip
    return daily.sort(*key, "day").with_columns(_polars_faded(LODGED, start))


def _polars_running(faded: pl.LazyFrame, key: tuple[str, ...]) -> pl.LazyFrame:
    import polars as pl

    names = (*LODGED, *(name + FADED for name in LODGED))
    known = pl.all_horizontal(pl.col(*key).is_not_null())
    earlier = [(pl.col(name).cum_sum() - pl.col(name)).over(key) for name in names]
    last = pl.col("day").shift().over(key)
    first = pl.when(last.is_not_null()).then(pl.col("day").first().over(key))
    return faded.filter(known).with_columns(*earlier, first.alias("first"), last.alias("last"))


def _polars_window(faded: pl.LazyFrame, key: tuple[str, ...]) -> pl.LazyFrame:
    import polars as pl

    # A window that is open to the right ends the day before.
    earlier = faded.rolling("day", period=_EVER, closed="left", group_by=list(key))
    return earlier.agg(
        pl.col(*LODGED, *(name + FADED for name in LODGED)).sum(),
        pl.col("day").first().alias("first"),
        pl.col("day").last().alias("last"),
    )


_EVER = "100000i"  # days


def _polars_known(results: pl.LazyFrame, key: tuple[str, ...], start: int) -> pl.LazyFrame:
    import polars as pl

    known = pl.all_horizontal(pl.col(*key).is_not_null())
    daily = results.filter(known).group_by(*key, "day").agg(
        pl.len().cast(pl.Float64).alias("examinations"), pl.col("hits", "revenue").sum()
    )  # fmt: skip
    hit_on = pl.when(pl.col("hits") > 0).then(pl.col("day")).alias("last_hit")
    faded = daily.sort(*key, "day").with_columns(*_polars_faded(FOUND, start), hit_on)
    names = (*FOUND, *(name + FADED for name in FOUND))
    running = [pl.col(*names).cum_sum().over(key), pl.col("last_hit").forward_fill().over(key)]
    return faded.with_columns(*running).sort("day")


def _polars_features(
    asked: pl.LazyFrame,
    lodged: pl.LazyFrame,
    known: pl.LazyFrame,
    key: tuple[str, ...],
    start: int,
) -> pl.LazyFrame:
    import polars as pl

    joined = (
        asked.select("day", *key)
        .with_row_index("row")
        .join(lodged, on=[*key, "day"], how="left")
        .sort("day")
        .join_asof(known, on="day", by=list(key), allow_exact_matches=False, check_sortedness=False)
        .sort("row")
    )
    left = ((start - pl.col("day")) * (np.log(2) / HALF_LIFE)).exp()
    there = pl.all_horizontal(pl.col(*key).is_not_null())
    told = [
        *(pl.col(name) for name in LODGED),
        *(pl.when(there).then(pl.col(name).fill_null(0.0)).alias(name) for name in FOUND),
        *(pl.col(name + FADED) * left for name in LODGED),
        *(
            (pl.when(there).then(pl.col(name + FADED).fill_null(0.0)) * left).alias(name + FADED)
            for name in FOUND
        ),
        (pl.col("day") - pl.col("first")).alias("days_since_first"),
        (pl.col("day") - pl.col("last")).alias("days_since_last"),
        (pl.col("day") - pl.col("last_hit")).alias("days_since_last_hit"),
    ]
    return joined.select(column.cast(pl.Float32) for column in told)


PEERS: dict[str, Callable[[Task, Watch], None]] = {
    "pandas": pandas_matrix,
    "duckdb": duckdb_matrix,
    "polars": polars_matrix,
    "polars, plain": polars_plain_matrix,
}


@dataclass(frozen=True, slots=True)
class Run:
    """One engine, measured in a process of its own.

    Parameters
    ----------
    engine
        Its name.
    seconds
        Wall-clock time from opening the tables to the written file; imports are not counted.
    processor_seconds
        Time of all cores together; where other programs share them, the steadier figure.
    peak_gb
        Peak of resident memory of the process, in GB of 10^9 bytes.
    written_mb
        Size of the file.
    split
        Seconds of each phase.
    versions
        Of the libraries the engine uses.
    """

    engine: str
    seconds: float
    processor_seconds: float
    peak_gb: float
    written_mb: float
    split: dict[str, float]
    versions: dict[str, str]


LIBRARIES = {
    "pandas": ("pandas", "pyarrow"),
    "duckdb": ("duckdb", "pyarrow"),
    "polars": ("polars",),
    "polars, plain": ("polars",),
}


def measured(
    engine: str, work: Callable[[Task, Watch], None], task: Task, libraries: Sequence[str]
) -> Run:
    """Run one engine in this process and measure it."""
    begun, processor = time.perf_counter(), time.process_time()
    watch = Watch()
    work(task, watch)
    return Run(
        engine,
        time.perf_counter() - begun,
        time.process_time() - processor,
        _peak_gb(),
        _size(task.output) / 1e6,
        watch.seconds,
        {name: version(name) for name in libraries},
    )


def _size(output: Path) -> int:
    files = output.iterdir() if output.is_dir() else [output]
    return sum(file.stat().st_size for file in files)


def _peak_gb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kilobytes, macOS in bytes.
    return peak / (1e9 if sys.platform == "darwin" else 1e9 / 1024)


def task_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that make a `Task`."""
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--wanted", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--keys", nargs="+", choices=KEYS, default=list(KEYS))


def task_of(given: argparse.Namespace) -> Task:
    """Make a `Task` of parsed options."""
    return Task(given.tables, given.wanted, given.output, tuple(given.keys))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one peer and print its measures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=PEERS)
    task_options(parser)
    given = parser.parse_args(arguments)
    run = measured(given.engine, PEERS[given.engine], task_of(given), LIBRARIES[given.engine])
    print(json.dumps(asdict(run)))


if __name__ == "__main__":
    main()
