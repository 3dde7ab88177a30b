"""What is read from a tables folder, and on which local day it falls."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.errors import InputError
from targeting.features.engine import (
    DAY,
    HIT,
    REVENUE,
    WANTED,
    Reader,
    Wanted,
    day_number,
    day_start,
    local_date,
)
from targeting.tables.folder import MemoryTables, TablesFolder

if TYPE_CHECKING:
    from pathlib import Path

MakeTables = Callable[..., MemoryTables]
BAKU = "Asia/Baku"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days_of(table: pa.Table) -> list[date]:
    return [date(1970, 1, 1) + timedelta(days=day) for day in table[DAY].to_pylist()]


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2024-03-01T19:59:59.999999", BAKU, date(2024, 3, 1)),
        ("2024-03-01T20:00:00", BAKU, date(2024, 3, 2)),  # midnight in Baku
        ("2024-03-01T20:00:00", "UTC", date(2024, 3, 1)),
        ("2024-03-10T04:59:59", "America/New_York", date(2024, 3, 9)),  # an hour before the change
        ("2024-03-11T04:00:00", "America/New_York", date(2024, 3, 11)),  # the day after it
        ("1969-12-31T23:00:00", BAKU, date(1970, 1, 1)),
        ("2024-02-29T23:59:59", "UTC", date(2024, 2, 29)),
    ],
)
def test_a_moment_falls_on_its_local_day(
    moment: str, zone: str, day: date, make_tables: MakeTables
):
    tables = make_tables(
        [{"lodged_at": at("1960-01-01")}, {"lodged_at": at(moment)}],
        [{"declaration_id": "D0000", "result_known_at": at(moment)}],
    )
    history = Reader(tables, zone, ()).history(Wanted())
    assert days_of(history.declarations)[1] == day
    assert days_of(history.results) == [day]
    assert local_date(at(moment), zone) == day
    assert day_start(day, zone) <= at(moment) < day_start(day + timedelta(days=1), zone)
    assert day_number(day) == history.declarations[DAY].to_pylist()[1]


@pytest.mark.parametrize(
    "kind",
    [
        pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"),
        pa.timestamp("ms", "UTC"), pa.timestamp("us", "UTC"), pa.timestamp("ns", "UTC"),
        pa.timestamp("us", BAKU),
    ],
    ids=str,
)  # fmt: skip
def test_any_timestamp_is_read_as_the_same_moment(
    kind: pa.DataType, make_tables: MakeTables, tmp_path: Path
):
    tables = make_tables(
        [{"lodged_at": at("2024-03-01T20:00:00")}],
        [{"declaration_id": "D0000", "result_known_at": at("2024-03-04T19:59:59")}],
    )
    for name, table in (("declarations", tables.declarations), ("inspections", tables.inspections)):
        moments = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
        for column in moments:
            utc = table[column].cast(pa.timestamp("us"))
            cast = (
                utc.cast(pa.timestamp(kind.unit)) if kind.tz is None else table[column].cast(kind)
            )
            table = table.set_column(table.column_names.index(column), column, cast)  # noqa: PLW2901
        pq.write_table(table, tmp_path / f"{name}.parquet")
    history = Reader(TablesFolder.open(tmp_path), BAKU, ()).history(Wanted())
    assert days_of(history.declarations) == [date(2024, 3, 2)]
    assert days_of(history.results) == [date(2024, 3, 4)]
    assert history.rows["lodged_at"].to_pylist() == [at("2024-03-01T20:00:00")]


def test_absent_nullable_columns_are_read_as_missing(tmp_path: Path):
    declared = pa.table(
        {
            "declaration_id": ["D1"],
            "lodged_at": [at("2024-03-01")],
            "flow": ["import"],
            "transport_mode": ["sea"],
            "office_id": ["A"],
            "hs_code": ["080510"],
        }
    )
    inspected = pa.table(
        {
            "inspection_id": ["I1"],
            "declaration_id": ["D1"],
            "selected_by": ["random"],
            "inspected_at": [at("2024-03-02")],
            "result_known_at": [at("2024-03-02")],
            "result": ["hit"],
        }
    )
    pq.write_table(declared, tmp_path / "declarations.parquet")
    pq.write_table(inspected, tmp_path / "inspections.parquet")
    history = Reader(TablesFolder.open(tmp_path), "UTC", ("consignee_id",)).history(Wanted())
    assert history.declarations["consignee_id"].to_pylist() == [None]
    assert history.results.select(["consignee_id", HIT, REVENUE]).to_pylist() == [
        {"consignee_id": None, HIT: 1.0, REVENUE: 0.0}
    ]
    assert history.rows["net_mass_kg"].to_pylist() == [None]


def test_a_partitioned_folder_reads_as_one_file(port: MemoryTables, tmp_path: Path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for name, table in (("declarations", port.declarations), ("inspections", port.inspections)):
        whole.mkdir(exist_ok=True)
        pq.write_table(table, whole / f"{name}.parquet")
        for number in range(3):
            file = parts / f"{name}.parquet" / f"part={number}" / "rows.parquet"
            file.parent.mkdir(parents=True)
            pq.write_table(table.slice(number * 100, 100), file)
    one, many = (
        Reader(TablesFolder.open(path), BAKU, ("consignee_id", "hs6")).history(Wanted())
        for path in (whole, parts)
    )
    assert one.declarations.equals(many.declarations)
    assert one.results.equals(many.results)
    assert one.rows.equals(many.rows)


def test_a_result_is_read_though_its_declaration_was_lodged_before_since(make_tables: MakeTables):
    tables = make_tables(
        [{"lodged_at": at(f"2024-03-0{day}"), "consignee_id": f"C{day}"} for day in (1, 5)],
        [
            {"declaration_id": "D0000", "result_known_at": at("2024-03-06"), "result": "hit"},
            {"declaration_id": "D0000", "result_known_at": at("2024-03-02")},
        ],
    )
    reader = Reader(tables, "UTC", ("consignee_id",))
    history = reader.history(Wanted(), since=date(2024, 3, 5), until=date(2024, 3, 7))
    assert history.declarations["consignee_id"].to_pylist() == ["C5"]
    assert history.results["consignee_id"].to_pylist() == ["C1"]
    assert history.results[HIT].to_pylist() == [1.0]


def test_until_ends_declarations_and_results_alike(make_tables: MakeTables):
    tables = make_tables(
        [{"lodged_at": at(f"2024-03-0{day}")} for day in (1, 5)],
        [
            {"declaration_id": "D0000", "result_known_at": at("2024-03-05T00:00:00")},
            {"declaration_id": "D0000", "result_known_at": at("2024-03-04T23:59:59")},
            {"declaration_id": "D0001", "result_known_at": at("2024-03-01")},
        ],
    )
    history = Reader(tables, "UTC", ()).history(Wanted(), until=date(2024, 3, 5))
    assert days_of(history.declarations) == [date(2024, 3, 1)]
    assert days_of(history.results) == [date(2024, 3, 4)]


def test_a_result_known_before_its_line_was_lodged_counts_from_that_day(make_tables: MakeTables):
    tables = make_tables(
        [{"lodged_at": at("2024-03-05")}],
        [{"declaration_id": "D0000", "result_known_at": at("2024-03-01"), "result": "hit"}],
    )
    reader = Reader(tables, "UTC", ())
    assert days_of(reader.history(Wanted()).results) == [date(2024, 3, 5)]
    assert days_of(reader.history(Wanted(), since=date(2024, 3, 4)).results) == [date(2024, 3, 5)]
    assert reader.history(Wanted(), until=date(2024, 3, 4)).results.num_rows == 0


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ["D0000", "D0001", "D0002", "D0003"]),
        (Wanted(start=date(2024, 1, 2)), ["D0001", "D0002", "D0003"]),
        (Wanted(stop=date(2024, 1, 2)), ["D0000"]),
        (Wanted(start=date(2024, 1, 2), stop=date(2024, 1, 3)), ["D0001"]),
        (Wanted(ids=pa.array(["D0003", "D0001", "D0003", "unknown"])), ["D0001", "D0003"]),
        (Wanted(stop=date(2024, 1, 3), ids=pa.array(["D0003", "D0001"])), ["D0001"]),
        (Wanted(ids=pa.array([], pa.string())), []),
    ],
)
def test_wanted_rows_by_window_and_by_id(
    wanted: Wanted, expected: list[str], make_tables: MakeTables
):
    history = Reader(make_tables([{}] * 4), "UTC", ()).history(wanted)
    assert history.rows["declaration_id"].to_pylist() == expected
    assert history.declarations.num_rows == 4
    assert sum(history.declarations[WANTED].to_pylist()) == len(expected)


def test_events_come_in_the_order_of_day_moment_and_id(port: MemoryTables):
    history = Reader(port, BAKU, ()).history(Wanted())
    rows = history.rows.to_pylist()
    keys = [(row["lodged_at"], row["declaration_id"]) for row in rows]
    assert keys == sorted(keys)
    assert (np.diff(history.declarations[DAY].to_numpy()) >= 0).all()
    assert (np.diff(history.results[DAY].to_numpy()) >= 0).all()


def test_digits_of_the_goods_code_are_keys_and_too_short_ones_are_missing(
    make_tables: MakeTables,
):
    codes = ["0805100000", "080510", "08051", "0805"]
    tables = make_tables([{"hs_code": code, "hs6": "an extract's own"} for code in codes])
    history = Reader(tables, "UTC", ("hs2", "hs4", "hs6")).history(Wanted())
    assert history.declarations["hs2"].to_pylist() == ["08"] * 4
    assert history.declarations["hs4"].to_pylist() == ["0805"] * 4
    assert history.declarations["hs6"].to_pylist() == ["080510", "080510", None, None]


def test_levels_are_counted_before_the_day_most_frequent_first(make_tables: MakeTables):
    countries: list[dict[str, Any]] = [
        {"origin_country": name} for name in ("TR", "CN", "IR", "CN", None, "AZ", "AZ", "AZ")
    ]
    reader = Reader(make_tables(countries), "UTC", ())
    assert reader.categories("origin_country", until=date(2024, 1, 6)) == [
        ("CN", 2), ("IR", 1), ("TR", 1),
    ]  # fmt: skip
    assert reader.categories("origin_country", until=None)[0] == ("AZ", 3)


def test_the_span_is_told_in_local_days(make_tables: MakeTables):
    tables = make_tables(
        [{"lodged_at": at("2024-01-01T20:00:00")}, {"lodged_at": at("2024-01-05")}]
    )
    assert Reader(tables, BAKU, ()).span() == (date(2024, 1, 2), date(2024, 1, 5))


def test_an_empty_table_has_no_span(make_tables: MakeTables):
    with pytest.raises(InputError, match="nothing to learn from"):
        Reader(make_tables([]), BAKU, ()).span()


def test_a_key_the_tables_do_not_have_is_refused(make_tables: MakeTables):
    reader = Reader(make_tables([{}]), "UTC", ("consigne_id",))
    with pytest.raises(InputError, match=r"consigne_id\. Did you mean consignee_id"):
        reader.history(Wanted())


NAIVE = """
import sys
from datetime import date, datetime
import pyarrow as pa
from targeting.features.engine import Reader, Wanted
from targeting.tables.folder import TablesFolder
history = Reader(TablesFolder.open(sys.argv[1]), "Asia/Baku", ("hs6",)).history(
    Wanted(), since=date(2024, 1, 2), until=date(2024, 1, 3)
)
print(history.ids.to_pylist(), history.declarations["hs6"].to_pylist())
"""


def test_moments_without_a_zone_are_utc_for_every_column(
    make_tables: Callable[..., MemoryTables], tmp_path: Path
):
    """Key columns are read on ways of their own, which must not follow the machine's zone."""
    tables = make_tables(
        [
            {
                "declaration_id": f"d{day}{hour:02}",
                "lodged_at": datetime(2024, 1, day, hour, tzinfo=UTC),
                "hs_code": f"{day:02}{hour:02}00",
            }
            for day in (1, 2, 3)
            for hour in (1, 10, 22)
        ]
    )
    lines = tables.declarations
    naive = lines["lodged_at"].cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    lines = lines.set_column(lines.column_names.index("lodged_at"), "lodged_at", naive)
    pq.write_table(lines, tmp_path / "declarations.parquet")
    pq.write_table(tables.inspections, tmp_path / "inspections.parquet")
    told = {
        subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", NAIVE, str(tmp_path)],
            env=os.environ | {"TZ": zone}, check=True, capture_output=True, text=True,
        ).stdout
        for zone in ("UTC", "Asia/Baku", "America/Lima")
    }  # fmt: skip
    assert told == {"['d122', 'd201', 'd210'] ['012200', '020100', '021000']\n"}


def test_a_key_column_may_bear_a_word_of_the_engine(make_tables: Callable[..., MemoryTables]):
    words = ("order", "current_user")
    tables = make_tables([dict.fromkeys(words, f"{at}") for at in range(3)])
    history = Reader(tables, "UTC", words).history(Wanted())
    for word in words:
        assert sorted(history.declarations[word].to_pylist()) == ["0", "1", "2"]
