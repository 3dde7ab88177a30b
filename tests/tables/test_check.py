"""Every rule of `targeting check`, each on a table of four rows with one defect."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from targeting.errors import ContractError, InputError
from targeting.tables.check import check, require
from targeting.tables.contract import require_columns
from targeting.tables.folder import TablesFolder
from targeting.tables.report import Row

Defect = tuple[str, int, Any, str]

NAN, INF = float("nan"), float("inf")


def found(folder: TablesFolder, severity: str) -> list[tuple[str, str, int, list[int]]]:
    return [
        (one.place, one.rule, one.count, [row.number for row in one.rows])
        for one in check(folder).findings
        if one.severity == severity
    ]


def test_tables_that_keep_the_contract_have_no_finding(write, declarations, inspections):
    report = check(write(declarations, inspections))
    assert report.findings == ()
    assert report.ok
    assert [table.rows for table in report.tables] == [4, 2]
    assert report.lines()[-1] == "The tables keep the contract; 0 notices."


BREACHES = [
    ("flow", 1, "imports", "value not one of import, export, transit, transshipment"),
    ("flow", 2, None, "value missing"),
    ("flow", 2, "", "value blank"),
    ("office_id", 0, "", "value blank"),
    ("declaration_id", 3, None, "value missing"),
    ("declaration_id", 3, "D1", "key that an earlier row already has"),
    ("lodged_at", 3, None, "value missing"),
    ("hs_code", 1, "240", "value not of the form [0-9]{4,10}"),
    ("hs_code", 1, "24022000000", "value not of the form [0-9]{4,10}"),
    ("hs_code", 1, " 2402", "value not of the form [0-9]{4,10}"),
    ("origin_country", 3, "CHN", "value not of the form [A-Z]{2}"),
    ("origin_country", 3, "cn", "value not of the form [A-Z]{2}"),
    ("package_count", 2, -1, "value below 0"),
    ("gross_mass_kg", 3, -0.5, "value below 0"),
    ("gross_mass_kg", 3, NAN, "value not a finite number"),
    ("customs_value", 3, INF, "value not a finite number"),
    ("customs_value", 3, -INF, "value not a finite number"),
]


@pytest.mark.parametrize("defect", BREACHES)
def test_one_wrong_declaration_is_one_breach(write, declarations, inspections, defect: Defect):
    column, row, value, rule = defect
    declarations[column][row] = value
    expected = [(f"declarations.{column}", rule, 1, [row])]
    assert found(write(declarations, inspections), "breach") == expected


WAYS = "model, rule, intelligence, officer, mandatory, random"
EARLY_LODGED, EARLY_KNOWN = datetime(2024, 1, 2, 7, tzinfo=UTC), datetime(2024, 1, 7, 7, tzinfo=UTC)
INSPECTION_BREACHES = [
    ("selected_by", 0, "chance", f"value not one of {WAYS}"),
    ("selection_probability", 0, 0.0, "value not above 0"),
    ("selection_probability", 0, 1.5, "value above 1"),
    ("result", 1, "positive", "value not one of hit, clear"),
    ("inspection_id", 1, "I1", "key that an earlier row already has"),
    ("declaration_id", 1, "D9", "examination of a declaration that is not there"),
    ("inspected_at", 1, EARLY_LODGED, "examined before the declaration was lodged"),
    ("result_known_at", 1, EARLY_KNOWN, "result known before the examination"),
    ("revenue_recovered", 1, -1.0, "value below 0"),
]


@pytest.mark.parametrize("defect", INSPECTION_BREACHES)
def test_one_wrong_examination_is_one_breach(write, declarations, inspections, defect: Defect):
    column, row, value, rule = defect
    inspections.setdefault(column, [None, None])[row] = value
    expected = [(f"inspections.{column}", rule, 1, [row])]
    assert found(write(declarations, inspections), "breach") == expected


NOTICES = [
    ("origin_country", 3, "ZZ", "country code not in ISO 3166"),
    ("hs_code", 1, "7701", "heading not in HS 2022"),
    ("hs_code", 1, "0199", "heading not in HS 2022"),
    ("loading_port", 0, "XXNON", "port or site code not in the reference table of the region"),
    ("container_id", 0, "CMCU1223808", "container number with a wrong check digit"),
    ("net_mass_kg", 0, 1000.5, "net mass above gross mass"),
    ("arrival_at", 0, datetime(2023, 12, 31, tzinfo=UTC), "arrival before lodging"),
    ("consignee_id", 0, "", "blank text instead of a missing value"),
]  # fmt: skip


@pytest.mark.parametrize("defect", NOTICES)
def test_one_unusual_declaration_is_one_notice(write, declarations, inspections, defect: Defect):
    column, row, value, rule = defect
    declarations[column][row] = value
    report = check(write(declarations, inspections))
    assert report.ok
    assert [(one.column, one.rule, one.count) for one in report.notices] == [(column, rule, 1)]
    assert [place.number for place in report.notices[0].rows] == [row]


def test_examination_notices(write, declarations, inspections):
    inspections["selection_probability"] = [None, None]
    inspections["offence"] = [None, None]
    assert found(write(declarations, inspections), "notice") == [
        (
            "inspections.selection_probability",
            "examination drawn at random without its probability",
            1,
            [0],
        ),
        ("inspections.offence", "hit without an offence", 1, [1]),
    ]


def test_a_seal_on_two_units_the_same_day_is_a_notice(write, declarations, inspections):
    declarations["lodged_at"][1] = declarations["lodged_at"][0] + timedelta(hours=3)
    declarations["seal_id"] = ["S1", "S1", "S1", "S1"]
    declarations["container_id"][3] = "CSQU3054383"
    expected = "seals declared on two or more units on the same day: 1"
    assert found(write(declarations, inspections), "notice") == [
        ("declarations.seal_id", expected, 1, [])
    ]


def test_every_repetition_of_a_key_counts_and_the_first_stands(write, declarations, inspections):
    declarations["declaration_id"] = ["D1", "D1", "D2", "D1"]
    (one,) = check(write(declarations, inspections)).breaches
    assert (one.count, [row.number for row in one.rows]) == (2, [1, 3])


def test_first_rows_limits_the_row_numbers_not_the_count(write, declarations, inspections):
    declarations["flow"] = ["in"] * 4
    folder = write(declarations, inspections)
    for wanted in (0, 2, 9):
        (one,) = check(folder, first_rows=wanted).breaches
        assert one.count == 4
        assert [row.number for row in one.rows] == list(range(min(wanted, 4)))


def test_a_missing_required_column_names_its_near_match(write, declarations, inspections):
    declarations["hscode"] = declarations.pop("hs_code")
    folder = write(declarations, inspections, as_is=True)
    one = next(one for one in check(folder).breaches if one.column == "hs_code")
    assert one.rule == "required column missing"
    assert one.advice == "Map a column of the extract to hs_code. Did you mean hscode?"
    with pytest.raises(ContractError, match=r"declarations\.hs_code: required column missing"):
        require_columns(folder)


@pytest.mark.parametrize(
    "defect",
    [
        ("hs_code", [805100000, 240220, 8703, 980100], "int64", "string"),
        ("lodged_at", ["2024-01-01"] * 4, "string", "timestamp[us, tz=UTC]"),
        ("lodged_at", [date(2024, 1, 1)] * 4, "date32[day]", "timestamp[us, tz=UTC]"),
        ("gross_mass_kg", ["12,5"] * 4, "string", "double"),
        ("office_id", [None] * 4, "null", "string"),
    ],
)
def test_a_wrong_type_states_found_and_expected(
    write, declarations, inspections, defect: tuple[str, list[Any], str, str]
):
    column, values, stored, expected = defect
    declarations[column] = values
    folder = write(declarations, inspections, as_is=True)
    rule = f"wrong type: found {stored}, expected {expected}"
    assert (f"declarations.{column}", rule, 1, []) in found(folder, "breach")
    with pytest.raises(ContractError, match=f"found {stored}".replace("[", r"\[")):
        require_columns(folder)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("package_count", pa.array([10.0, 0.0, None, 3.0])),
        ("package_count", pa.array([10, 0, None, 3], pa.int16())),
        ("customs_value", pa.array([12000, 0, 55, 1], pa.int32())),
        ("customs_value", pa.array([12000, 0, 55, 1]).cast(pa.decimal128(21, 2))),
        ("flow", pa.array(["import", "export", "transit", "import"]).dictionary_encode()),
        ("flow", pa.array(["import", "export", "transit", "import"], pa.large_string())),
        ("carrier_id", pa.nulls(4)),
    ],
)
def test_types_that_convert_without_loss_are_taken(
    write, declarations, inspections, column: str, values: pa.Array
):
    declarations[column] = values
    folder = write(declarations, inspections, as_is=True)
    assert found(folder, "breach") == []
    require_columns(folder)


def test_a_fraction_in_a_whole_number_is_a_breach(write, declarations, inspections):
    declarations["package_count"] = [10.0, 0.5, None, 3.0]
    folder = write(declarations, inspections, as_is=True)
    expected = [("declarations.package_count", "value not a whole number", 1, [1])]
    assert found(folder, "breach") == expected


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_without_a_zone_are_read_as_utc_with_a_notice(
    write, declarations, inspections, unit: str
):
    naive = [moment.replace(tzinfo=None) for moment in declarations["lodged_at"]]
    declarations["lodged_at"] = pa.array(naive, pa.timestamp(unit))
    report = check(write(declarations, inspections, as_is=True))
    assert report.ok
    assert ("lodged_at", "times without a time zone, read as UTC") in [
        (one.column, one.rule) for one in report.notices
    ]
    assert report.tables[0].first == datetime(2024, 1, 1, 8, tzinfo=UTC)


def test_times_of_another_zone_are_the_same_instants(write, declarations, inspections):
    baku = pa.array(declarations["lodged_at"], pa.timestamp("ns", tz="Asia/Baku"))
    declarations["lodged_at"] = baku
    report = check(write(declarations, inspections, as_is=True))
    assert report.ok
    assert report.tables[0].first == datetime(2024, 1, 1, 8, tzinfo=UTC)


def test_no_declaration_is_a_breach_and_no_examination_a_notice(write, declarations, inspections):
    nothing = {name: [] for name in inspections}
    folder = write(declarations, nothing)
    report = check(folder)
    assert report.ok
    assert [(one.table, one.rule) for one in report.notices] == [
        ("inspections", "the table has no rows")
    ]
    assert report.examined == 0
    require_columns(folder)
    folder = write({name: [] for name in declarations}, nothing)
    assert [(one.table, one.rule) for one in check(folder).breaches] == [
        ("declarations", "the table has no rows")
    ]
    with pytest.raises(ContractError, match="declarations: the table has no rows"):
        require_columns(folder)


def test_leaking_and_extra_columns_are_named(write, declarations, inspections):
    declarations |= {"Lane": ["red"] * 4, "x.y z": [1.0] * 4, "file_row_number ": [7] * 4}
    notices = found(write(declarations, inspections), "notice")
    assert notices == [
        ("declarations", "columns known only after the examination: Lane", 1, []),
        ("declarations", "extra columns: x.y z, file_row_number ", 2, []),
    ]


def test_shares_rates_and_dates_of_the_report(write, declarations, inspections):
    report = check(write(declarations, inspections))
    assert report.examined == 2
    assert report.examined_share == 0.5
    assert [(one.selected_by, one.examinations, one.hits) for one in report.selections] == [
        ("officer", 1, 1),
        ("random", 1, 0),
    ]
    shares = dict(report.tables[0].null_shares)
    assert (shares["origin_country"], shares["flow"], shares["carrier_id"]) == (0.25, 0.0, 1.0)
    assert report.tables[1].last == datetime(2024, 1, 7, 8, tzinfo=UTC)
    assert report.lines()[:5] == [
        "declarations: 4 rows in 1 file, 2024-01-01 to 2024-01-04",
        "inspections: 2 rows in 1 file, 2024-01-06 to 2024-01-07",
        "examined: 50.00% of declarations",
        "  officer: 1 examination, 1 hit (100.0%)",
        "  random: 1 examination, 0 hits (0.0%)",
    ]


def test_the_report_is_plain_json(write, declarations, inspections):
    declarations["flow"][0] = "in"
    whole = json.loads(json.dumps(check(write(declarations, inspections)).to_dict()))
    assert whole["ok"] is False
    assert whole["findings"][0]["rows"] == [{"file": "declarations.parquet", "number": 0}]
    assert whole["tables"][0]["first"] == "2024-01-01T08:00:00+00:00"
    assert whole["tables"][0]["null_shares"]["origin_country"] == 0.25
    assert whole["selections"][1]["hit_rate"] == 0.0


def test_all_breaches_are_told_in_one_error(write, declarations, inspections):
    declarations["flow"][0] = "in"
    inspections["declaration_id"][0] = "D9"
    folder = write(declarations, inspections)
    with pytest.raises(
        ContractError, match=r"declarations\.flow: value not one of.*; inspections\.declaration_id:"
    ) as caught:
        require(folder)
    assert "\n" not in str(caught.value)


def test_no_trader_is_named_anywhere(write, declarations, inspections):
    traders = [code for code in declarations["consignee_id"] if code]
    declarations["declaration_id"] = traders + traders[:1]
    declarations["flow"] = list(traders + traders[:1])
    declarations["hs_code"] = list(traders + traders[:1])
    declarations["origin_country"] = ["Secret Trading LLC"] * 4
    inspections["selected_by"] = [traders[0]] * 2
    declarations = {name: values[:3] for name, values in declarations.items()}
    report = check(write(declarations, inspections))
    told = json.dumps(report.to_dict()) + "\n".join(report.lines())
    assert len(report.breaches) >= 5
    assert "SECRET" not in told.upper()
    with pytest.raises(ContractError, match="the tables break the contract") as caught:
        report.raise_on_breach()
    assert "SECRET" not in str(caught.value).upper()


def test_rows_of_a_partitioned_folder_are_named_by_file(tmp_path, write, declarations, inspections):
    declarations["flow"] = ["import", "in", "out", "import"]
    write(declarations, inspections)
    whole = pq.read_table(tmp_path / "declarations.parquet")
    (tmp_path / "declarations.parquet").unlink()
    for month, part in (("2024-02", whole.slice(2)), ("2024-01", whole.slice(0, 2))):
        folder = tmp_path / "declarations.parquet" / f"month={month}"
        folder.mkdir(parents=True)
        pq.write_table(part, folder / "part.parquet")
    report = check(TablesFolder.open(tmp_path))
    (one,) = report.breaches
    assert report.tables[0].files == 2
    assert one.rows == (
        Row("declarations.parquet/month=2024-01/part.parquet", 1),
        Row("declarations.parquet/month=2024-02/part.parquet", 0),
    )


def test_a_column_missing_from_one_file_of_a_folder_is_a_breach(
    tmp_path, write, declarations, inspections
):
    write(declarations, inspections)
    whole = pq.read_table(tmp_path / "declarations.parquet")
    (tmp_path / "declarations.parquet").unlink()
    (tmp_path / "declarations.parquet").mkdir()
    pq.write_table(whole, tmp_path / "declarations.parquet" / "a.parquet")
    pq.write_table(whole.drop_columns(["office_id"]), tmp_path / "declarations.parquet/b.parquet")
    folder = TablesFolder.open(tmp_path)
    with pytest.raises(ContractError, match="required column missing from 1 of 2 files"):
        require_columns(folder)
    rules = [(one.column, one.count) for one in check(folder).breaches]
    assert rules == [("declaration_id", 4), ("office_id", 1), ("office_id", 4)]


def test_a_damaged_parquet_file_is_an_input_error(tmp_path, write, declarations, inspections):
    folder = write(declarations, inspections)
    file = tmp_path / "declarations.parquet"
    whole = bytearray(file.read_bytes())
    whole[4:400] = bytes(396)
    file.write_bytes(bytes(whole))
    with pytest.raises(InputError, match="cannot be read to their end"):
        check(folder)
    file.write_bytes(bytes(whole[:100]))
    with pytest.raises(InputError, match="not readable Parquet"):
        require_columns(folder)


def test_progress_tells_each_step(write, declarations, inspections):
    steps: list[str] = []
    check(write(declarations, inspections), progress=steps.append)
    assert steps == [
        "linking examinations to declarations",
        "checking declarations, 4 rows",
        "checking inspections, 2 rows",
        "looking for shared seals",
    ]
