"""A request's rows are judged as ingest judges a file of JSON lines: same breaches, same values."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.ingest import SourceSettings
from targeting.ingest.chunk import from_objects
from targeting.ingest.convert import convert
from targeting.ingest.plan import make_plan
from targeting.ingest.readers import Header
from targeting.ingest.rows import RowReader, kind_of
from targeting.tables.schema import DECLARATIONS, INSPECTIONS, TABLES, Column, Table

SOURCE = SourceSettings.model_validate(
    {
        "name": "json",
        "time_zone": "UTC",
        "format": {"kind": "jsonl"},
        "declarations": {
            "columns": {name: {"from": name, "optional": True} for name in DECLARATIONS.names}
        },
        "inspections": {
            "extract": {
                "files": "inspections*",
                "columns": {name: {"from": name, "optional": True} for name in INSPECTIONS.names},
            }
        },
    }
)
GOOD = {
    "declarations": {
        "declaration_id": "D-1", "lodged_at": "2024-03-15T08:00:00Z", "flow": "import",
        "transport_mode": "sea", "office_id": "AZALA", "hs_code": "080510",
    },
    "inspections": {
        "inspection_id": "I-1", "declaration_id": "D-1", "selected_by": "random",
        "inspected_at": "2024-03-15T08:00:00Z", "result_known_at": "2024-03-15T09:00:00Z",
        "result": "hit",
    },
}  # fmt: skip

TEXTS = ["", " ", "NULL", "NaN", "N/A", "NA", "x", " padded ", "\u00a0x\u2003", "Ünïcode", "07"]
NUMBERS = [
    0, 1, -1, 5.0, 1.5, -0.5, -0.0, 1e-300, 1e300, 2**53, 2**53 + 1, 10**18 - 1, 10**18, 1e22, 0.3,
    1.0000000000000002,
]  # fmt: skip
MOMENTS = [
    "2024-03-15T08:00:00Z", "2024-03-15 08:00Z", "2024-03-15T08:00:00.123456789+04:00",
    "2024-03-15T23:59:59.9-0330", " 2024-02-29T00:00:00Z ", "2023-02-29T00:00:00Z",
    "2024-13-01T00:00:00Z", "2024-03-15T24:30:00Z", "2024-03-15T08:00:60Z", "today", "", "NULL",
    "1709884800", "15.03.2024",
]  # fmt: skip


def values_of(column: Column) -> st.SearchStrategy[Any]:
    """Draw values of the JSON type a column has: most are wrong in some way."""
    if column.kind == "timestamp":
        return st.sampled_from([None, *MOMENTS])
    if column.kind != "string":
        return st.sampled_from([None, *NUMBERS]) | st.floats(allow_nan=False, allow_infinity=False)
    codes = ["0805", "08051", "0805101234", "08051012345", "080", "AZ", "az", "AZE", "Я1"]
    return st.sampled_from([None, *TEXTS, *codes, *column.choices]) | st.text(max_size=5).filter(
        lambda text: "\0" not in text
    )


def rows_of(table: Table) -> st.SearchStrategy[dict[str, Any]]:
    """Draw rows: a good one with some columns drawn anew."""
    drawn = st.fixed_dictionaries({}, optional={one.name: values_of(one) for one in table.columns})
    return drawn.map(lambda row: GOOD[table.name] | row)


def by_ingest(table: Table, row: dict[str, Any]) -> tuple[set[str], dict[str, Any]]:
    """Return the reasons ingest gives for a row, or the row as it writes it."""
    names = list(row)
    plan = make_plan(SOURCE, table.name, [Header(tuple(names))])
    done = convert(from_objects(names, [1], [[row[name] for name in names]]), plan, file=0)
    reasons = {reason for one in done.refused for reason in one.reasons}
    kept = done.rows.to_pylist()
    return reasons, {name: kept[0][name] for name in table.names} if kept else {}


def by_request(table: Table, row: dict[str, Any]) -> tuple[set[str], dict[str, Any]]:
    read = RowReader(table).read([row])
    return {f"{one.column}: {one.what}" for one in read.faults}, dict(read.rows[0])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_row_has_the_breaches_and_the_values_ingest_gives_it(table: Table) -> None:
    seen = {"good": 0, "bad": 0}

    @settings(max_examples=120, deadline=None)
    @given(row=rows_of(table))
    def same(row: dict[str, Any]) -> None:
        reasons, kept = by_ingest(table, row)
        found, read = by_request(table, row)
        assert found == reasons
        if not reasons:
            assert read == kept
            assert [repr(read[name]) for name in ("customs_value", "revenue_recovered") if name in
                    read] == [repr(kept[name]) for name in ("customs_value", "revenue_recovered")
                              if name in kept]  # fmt: skip
        seen["bad" if reasons else "good"] += 1

    same()
    assert min(seen.values()) >= 10, seen


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("hs_code", 80510, "not text"),
        ("flow", True, "not text"),
        ("customs_value", "12.5", "not a number"),
        ("customs_value", True, "not a number"),
        ("package_count", False, "not a number"),
        ("lodged_at", "2024-03-15T08:00:00", "not a time in the stated formats and zone"),
        ("lodged_at", 1710489600, "not a time in the stated formats and zone"),
        ("lodged_at", "0001-01-01T00:00:00Z", "not a time in the stated formats and zone"),
        ("goods_description", "a\0b", "holds a NUL character"),
        ("goods_description", "x" * 2_001, "longer than a value may be"),
    ],
)
def test_where_json_has_types_a_request_is_stricter(column: str, value: Any, what: str) -> None:
    read = RowReader(DECLARATIONS).read([GOOD["declarations"] | {column: value}])

    assert [(one.column, one.what) for one in read.faults] == [(column, what)]


def test_extra_columns_are_kept_as_they_came() -> None:
    extra = {"incoterm": " CIF ", "tare_kg": 2.5, "urgent": True, "note": None, "blank": ""}

    read = RowReader(DECLARATIONS).read([GOOD["declarations"] | extra])

    assert read.faults == ()
    kept = {name: read.rows[0][name] for name in extra}
    assert kept == {"incoterm": "CIF", "tare_kg": 2.5, "urgent": True, "note": None, "blank": None}


def test_moments_are_in_utc() -> None:
    read = RowReader(DECLARATIONS).read(
        [GOOD["declarations"] | {"lodged_at": "2024-03-15T08:00:00+04:00"}]
    )

    assert read.rows[0]["lodged_at"] == datetime(2024, 3, 15, 4, tzinfo=UTC)


@given(value=st.recursive(st.text() | st.floats() | st.booleans() | st.none(), st.lists))
def test_a_breach_tells_the_kind_of_a_value_and_its_size_only(value: Any) -> None:
    kinds = "text of [0-9,]+ characters?|a number|true or false|nothing|a list"

    assert re.fullmatch(kinds, kind_of(value))


def test_breaches_stand_in_the_order_of_the_rows() -> None:
    rows = [GOOD["declarations"], {}, GOOD["declarations"] | {"flow": "out"}]

    read = RowReader(DECLARATIONS).read(rows)

    assert [one.row for one in read.faults] == [1] * 6 + [2, 2]
    assert {one.what for one in read.faults if one.row == 1} == {"missing"}
    assert [one.column for one in read.faults if one.row == 2] == ["flow", "declaration_id"]
