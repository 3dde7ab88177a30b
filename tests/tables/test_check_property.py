"""Generated tables keep the contract; planted defects are counted exactly, and found in order."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.tables.check import check
from targeting.tables.folder import TablesFolder, write_tables
from targeting.tables.schema import DECLARATIONS, INSPECTIONS, Column

TIMES = st.datetimes(
    datetime(2015, 1, 1), datetime(2025, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001
)  # fmt: skip
DEFECTS: dict[str, tuple[Any, str]] = {
    "flow": ("sideways", "value not one of import, export, transit, transshipment"),
    "hs_code": ("no code", "value not of the form [0-9]{4,10}"),
    "office_id": (None, "value missing"),
    "customs_value": (-1.0, "value below 0"),
    "gross_mass_kg": (float("nan"), "value not a finite number"),
}


def values_of(column: Column) -> st.SearchStrategy[Any]:
    if column.choices:
        some: st.SearchStrategy[Any] = st.sampled_from(column.choices)
    elif column.pattern:
        some = st.from_regex(column.pattern, fullmatch=True)
    elif column.kind == "timestamp":
        some = TIMES
    elif column.kind == "int":
        some = st.integers(0, 10**6)
    elif column.kind == "float":
        low = 0.001 if column.above_minimum else 0
        some = st.floats(low, column.maximum or 1e12, allow_nan=False, allow_infinity=False)
    else:
        some = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
    return some | st.none() if column.null else some


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    size = draw(st.integers(1, 8))
    declared = {
        one.name: draw(st.lists(values_of(one), min_size=size, max_size=size))
        for one in DECLARATIONS.columns
    }
    declared["declaration_id"] = [f"D{number}" for number in range(size)]
    chosen = draw(st.lists(st.integers(0, size - 1), max_size=4))
    inspected = {
        one.name: draw(st.lists(values_of(one), min_size=len(chosen), max_size=len(chosen)))
        for one in INSPECTIONS.columns
    }
    inspected["inspection_id"] = [f"I{number}" for number in range(len(chosen))]
    inspected["declaration_id"] = [f"D{number}" for number in chosen]
    after = [declared["lodged_at"][number] + timedelta(hours=1) for number in chosen]
    inspected["inspected_at"], inspected["result_known_at"] = after, after
    return declared, inspected


def arrow(table: Any, values: dict[str, list[Any]]) -> pa.Table:
    return pa.table({name: pa.array(column, table[name].arrow) for name, column in values.items()})


@settings(max_examples=6, deadline=None)
@given(tables=tables(), data=st.data())
def test_valid_tables_pass_and_planted_defects_are_counted_exactly(tables, data):
    declared, inspected = tables
    size = len(declared["flow"])
    planted = {name: data.draw(st.sets(st.integers(0, size - 1)), label=name) for name in DEFECTS}
    for name, rows in planted.items():
        for row in rows:
            declared[name][row] = DEFECTS[name][0]
    expected = {
        (name, DEFECTS[name][1], tuple(sorted(rows))) for name, rows in planted.items() if rows
    }
    with tempfile.TemporaryDirectory() as path:
        write_tables(Path(path), arrow(DECLARATIONS, declared), arrow(INSPECTIONS, inspected))
        report = check(TablesFolder.open(path), first_rows=99)
    found = {
        (one.column, one.rule, tuple(row.number for row in one.rows)) for one in report.breaches
    }
    assert found == expected
    assert all(one.count == len(one.rows) for one in report.breaches)
    assert report.ok == (not expected)
